"""The chart of ``tco perform``: throughput against latency, batch by batch."""

from __future__ import annotations

import io
from pathlib import Path

from tco.errors import UsageError
from tco.files.sizing import Perform
from tco.report.perform import formats, ways, what


def draw(sized: Perform, path: Path) -> None:
    """Throughput against latency, batch by batch; raises UsageError for a suffix or path that cannot be written."""
    import matplotlib
    from matplotlib.figure import Figure

    from tco.report.chart import INK, METADATA, PIXELS, STYLE, SUFFIXES

    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"--chart: got {str(path)!r}; expected a file that ends in .png, .svg or .pdf")
    low, high = sized.bands["itl_ms"]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(PIXELS[0] / 100, PIXELS[1] / 100), facecolor="white")
        figure.text(0.02, 0.955, what(sized), fontsize=18, weight="bold", color=INK, va="center")
        figure.text(0.02, 0.905, f"{ways(sized)}, {formats(sized)}".lstrip(", "), fontsize=13, color=INK, va="center")
        axes = figure.add_axes((0.075, 0.1, 0.88, 0.75))
        itl_ms, rate = [at.itl_s * 1e3 for at in sized.curve], [at.output_tok_per_s for at in sized.curve]
        axes.fill_between(itl_ms, [g / high for g in rate], [g / low for g in rate], color="#0072B2", alpha=0.15)
        axes.plot(itl_ms, rate, "o-", color="#0072B2")
        for at in sized.curve[:: max(1, len(sized.curve) // 8)]:
            axes.annotate(f"{at.n_seqs:,.0f}", (at.itl_s * 1e3, at.output_tok_per_s), xytext=(6, -14),
                          textcoords="offset points", fontsize=11)  # fmt: skip
        axes.set_xlabel("inter-token latency, ms (labels: sequences at once; band: p10 to p90)")
        axes.set_ylabel("output tok/s of the replica")
        axes.grid(color="#E4E4E4")
        held = io.BytesIO()
        figure.savefig(held, format=suffix[1:], metadata=METADATA[suffix])
    try:
        path.write_bytes(held.getvalue())
    except OSError as error:
        raise UsageError(f"--chart: cannot write {str(path)!r}: {error.strerror or error}") from None
