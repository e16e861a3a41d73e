"""The chart of ``tco validate --chart``: predicted against measured, one panel a metric."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from tco.describe.measurement import METRICS
from tco.errors import UsageError
from tco.files.validation import Validation
from tco.report.chart import INK, METADATA, PALE, PIXELS, SPARE_COLOURS, STYLE, SUFFIXES
from tco.report.text import short

TITLES = {
    "itl_ms": "inter-token latency, ms", "output_tok_s_total": "throughput, tok/s",
    "decode_tok_s_single": "single-stream decode, tok/s", "prefill_tok_s": "prefill, tok/s",
    "joules_per_token": "energy, J/token", "ttft_ms": "first token, ms",
}  # fmt: skip


def draw(found: Validation, path: Path) -> None:
    """Write the chart; raises UsageError for another suffix or an unwritable path."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"--chart: got {str(path)!r}; expected a file that ends in .png, .svg or .pdf")
    with matplotlib.rc_context(STYLE):
        held = io.BytesIO()
        _figure(found).savefig(held, format=suffix[1:], metadata=METADATA[suffix])
    try:
        path.write_bytes(held.getvalue())
    except OSError as error:
        raise UsageError(f"--chart: cannot write {str(path)!r}: {error.strerror or error}") from None


def _figure(found: Validation) -> Figure:
    figure = Figure(figsize=(PIXELS[0] / 100, PIXELS[1] / 100), facecolor="white")
    figure.text(0.02, 0.955, "Predicted against measured", fontsize=23, weight="bold", color=INK, va="center")
    note = "Fitted rows are predicted by constants fitted without them. The band is ±20%."
    figure.text(0.02, 0.912, note, fontsize=13, color=PALE, va="center")
    for i, metric in enumerate(METRICS):
        _panel(figure.add_axes((0.055 + 0.325 * (i % 3), 0.53 - 0.45 * (i // 3), 0.26, 0.32)), found, metric)
    return figure


def _panel(axes: Axes, found: Validation, metric: str) -> None:
    axes.set_title(TITLES[metric], fontsize=13, color=INK, loc="left")
    shown = np.array([row.metric == metric for row in found.runs.rows]) & np.isfinite(found.error)
    if not np.any(shown):
        axes.text(0.5, 0.5, "no rows", ha="center", color=PALE, transform=axes.transAxes)
        return
    predicted, measured = found.predicted[shown], (found.predicted * np.exp(-found.error))[shown]
    families = np.array([row.family for row in found.runs.rows], dtype=object)[shown]
    ends = np.array([min(predicted.min(), measured.min()) / 1.3, max(predicted.max(), measured.max()) * 1.3])
    axes.fill_between(ends, ends * 0.8, ends * 1.2, color="#EEEEEE", linewidth=0)
    axes.plot(ends, ends, color=PALE, linewidth=1)
    for n, family in enumerate(sorted(set(families.tolist()))):
        own = families == family
        colour = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", *SPARE_COLOURS)[n % 9]
        axes.plot(
            measured[own], predicted[own], ".", markersize=4, alpha=0.6, color=colour, label=family or "not stated"
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("measured", fontsize=10)
    axes.set_ylabel("predicted", fontsize=10)
    axes.tick_params(labelsize=9)
    axes.legend(fontsize=8, frameon=False, loc="upper left", markerscale=2)
