"""``tco perform``: fit, batch by context, speed, latency, energy, layouts and constants, as tables, JSON or chart."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from rich.text import Text

from tco.errors import UsageError
from tco.files.sizing import Layout, Perform, Point
from tco.report import record
from tco.report.grid import Column, Row, grid
from tco.report.table import console, say
from tco.report.text import figures, milliseconds, plain, prose, section

SCHEMA = "tco.perform/1"


def show(sized: Perform, *, as_json: bool, chart: Path | None) -> None:
    """Print the tables or the JSON object; draw the chart where asked."""
    if chart is not None:
        draw(sized, chart)
    if as_json:
        print(record.dumps(as_record(sized)))
        return
    out = console()
    say(out, [Text(_title(sized), style="bold"), prose(_fit(sized), out.width, indent=0)])
    say(out, [section("Largest batch by context"), *_batches(sized, out.width)])
    if sized.at is not None:
        say(out, [section("Speed, with p10 to p90"), *_speeds(sized, sized.at, out.width)])
    say(out, [section("Layouts, each at its largest batch"), *_layouts(sized, out.width)])
    say(out, [section("Constants"), *_constants(sized, out.width)])
    say(out, [prose(note, out.width) for note in (*sized.held.deployment.notes, *_measured(sized))])


def _title(sized: Perform) -> str:
    machine = f"{sized.n_gpus} x {sized.hardware.name}"
    return f"{sized.model.name} on {machine}, {sized.dtype} weights, {sized.kv_dtype} cache, {sized.engine}"


def _fit(sized: Perform) -> str:
    memory = sized.held.deployment.memory_bytes / 1e9
    weights = f"{figures(sized.weights_gb)} GB of weights per GPU of {plain(float(memory))} GB"
    if sized.margin_gb < 0:
        return f"Does not fit: {weights}, {figures(-sized.margin_gb)} GB short."
    if not sized.fits:
        return f"No room for one request: {weights} leave {figures(sized.margin_gb)} GB for the cache."
    return f"Fits: {weights} leave {figures(sized.margin_gb)} GB for the cache, {sized.max_seqs:,.0f} sequences."


def _batches(sized: Perform, width: int) -> list[Text]:
    columns = [Column((f"{tok:,}", "tokens")) for tok, _ in sized.max_batch]
    return grid(columns, [Row("sequences", tuple(f"{n:,.0f}" for _, n in sized.max_batch))], width=width)


def ranges(sized: Perform, at: Point) -> dict[str, tuple[float | None, float | None, float | None]]:
    """Each speed with its p10 and p90."""
    low, high = sized.held.bands["itl_ms"]
    first, prompt, joules = (sized.held.bands[name] for name in ("ttft_ms", "prefill_tok_s", "joules_per_token"))
    return {
        "output_tok_per_s": (at.output_tok_per_s, at.output_tok_per_s / high, at.output_tok_per_s / low),
        "itl_s": (at.itl_s, at.itl_s * low, at.itl_s * high),
        "ttft_s": (at.ttft_s, at.ttft_s * first[0], at.ttft_s * first[1]),
        "prefill_tok_per_s": (
            at.prefill_tok_per_s, at.prefill_tok_per_s * prompt[0], at.prefill_tok_per_s * prompt[1],
        ),
        "power_w": (at.power_w, None, None),
        "joules_per_tok": (at.joules_per_tok, *_times(at.joules_per_tok, joules)),
    }  # fmt: skip


def _times(value: float | None, band: tuple[float, float]) -> tuple[float | None, float | None]:
    return (None, None) if value is None else (value * band[0], value * band[1])


def _speeds(sized: Perform, at: Point, width: int) -> list[Text]:
    names = {
        "output_tok_per_s": "decode, tok/s", "itl_s": "ITL, ms", "ttft_s": "TTFT, ms",
        "prefill_tok_per_s": "prefill, tok/s", "power_w": "GPUs, W", "joules_per_tok": "J/token",
    }  # fmt: skip
    columns = [
        Column(("one", "sequence")),
        Column((f"{at.n_seqs:,.0f}", "sequences")),
        Column(("p10",)),
        Column(("p90",)),
    ]
    alone, many = ranges(sized, sized.alone), ranges(sized, at)
    rows = []
    for name, label in names.items():
        factor = 1e3 if name in ("itl_s", "ttft_s") else 1.0
        cells = (alone[name][0], *many[name])
        rows.append(Row(label, tuple(figures(None if cell is None else cell * factor) for cell in cells)))
    return grid(columns, rows, width=width)


def _layouts(sized: Perform, width: int) -> list[Text]:
    headers = (("free, GB",), ("sequences",), ("tok/s",), ("tok/s", "per GPU"), ("ITL",))
    columns = [Column(header) for header in headers]
    rows = [Row(_layout_name(sized, each), _layout_cells(each)) for each in sized.layouts]
    return grid(columns, rows, width=width)


def _layout_name(sized: Perform, each: Layout) -> str:
    return f"{each.n_gpus} GPU{'s' * (each.n_gpus > 1)}" + (" (most per GPU)" if each.n_gpus == sized.best else "")


def _layout_cells(each: Layout) -> tuple[str, ...]:
    if each.at_limit is None:
        return (figures(each.margin_gb), "0", "–", "–", "–")
    rate = each.at_limit.output_tok_per_s
    return (
        figures(each.margin_gb), f"{each.max_seqs:,.0f}", figures(rate), figures(rate / each.n_gpus),
        milliseconds(each.at_limit.itl_s),
    )  # fmt: skip


def _constants(sized: Perform, width: int) -> list[Text]:
    rows = [
        Row(each.name, (f"x{each.multiplier:.2f}", ", ".join(dict.fromkeys(each.measured)) or "prior only"))
        for each in sized.held.constants
    ]
    return grid([Column(("on prior",)), Column(("measured for",), left=True, rank=1)], rows, width=width)


def _measured(sized: Perform) -> tuple[str, ...]:
    """Measured operating points of this very deployment, which win over the prediction."""
    return tuple(
        f"measured: {figures(row.output_tok_per_s)} tok/s at {row.concurrency} sequences, {row.input_tok:g} in and"
        f" {row.output_tok:g} out ({row.source})"
        for row in sized.measured[:5]
    )


def _point_record(at: Point | None) -> dict[str, Any] | None:
    if at is None:
        return None
    return {name: getattr(at, name) for name in Point.__slots__}


def as_record(sized: Perform) -> dict[str, Any]:
    """The JSON object of one sizing."""
    speeds: dict[str, Any] = {}
    if sized.at is not None:
        for name, (value, low, high) in ranges(sized, sized.at).items():
            speeds |= {name: value, f"{name}_p10": low, f"{name}_p90": high}
    return {
        "schema": SCHEMA,
        "model": sized.model.id, "hardware": sized.hardware.id, "n_gpus": sized.n_gpus, "dtype": sized.dtype,
        "kv_dtype": sized.kv_dtype, "engine": sized.engine, "assumes": sized.held.assumes,
        "fits": sized.fits, "weights_gb": sized.weights_gb, "margin_gb": sized.margin_gb,
        "reason": None if sized.fits else _fit(sized),
        "max_batch": sized.max_seqs,
        "max_batch_by_context": {str(tok): n for tok, n in sized.max_batch},
        "batch": sized.at.n_seqs if sized.at else None,
        **speeds,
        "one_sequence": _point_record(sized.alone),
        "curve": [_point_record(at) for at in sized.curve],
        "layouts": [
            {"n_gpus": each.n_gpus, "margin_gb": each.margin_gb, "max_batch": each.max_seqs,
             "at_max_batch": _point_record(each.at_limit)}
            for each in sized.layouts
        ],
        "best_n_gpus": sized.best,
        "unseen": list(sized.held.unseen),
        "constants": [
            {"name": each.name, "multiplier": each.multiplier, "measured": list(each.measured),
             "prior": list(each.prior)}
            for each in sized.held.constants
        ],
        "measured": [
            {"concurrency": row.concurrency, "output_tok_per_s": row.output_tok_per_s, "source": row.source}
            for row in sized.measured
        ],
        "notes": list(sized.held.deployment.notes),
    }  # fmt: skip


def draw(sized: Perform, path: Path) -> None:
    """Throughput against latency, batch by batch; raises UsageError for a suffix or path that cannot be written."""
    import matplotlib
    from matplotlib.figure import Figure

    from tco.report.chart import INK, METADATA, PIXELS, STYLE, SUFFIXES

    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"--chart: got {str(path)!r}; expected a file that ends in .png, .svg or .pdf")
    low, high = sized.held.bands["itl_ms"]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(PIXELS[0] / 100, PIXELS[1] / 100), facecolor="white")
        figure.text(0.02, 0.955, _title(sized), fontsize=18, weight="bold", color=INK, va="center")
        axes = figure.add_axes((0.075, 0.1, 0.88, 0.78))
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
