"""``tco perform``: fit, batch by context, speed, latency, energy, layouts and constants, as tables, JSON or chart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.text import Text

from tco.describe.serving import Split
from tco.files.sizing import Layout, Perform, Point
from tco.perform.disaggregate import bound, gpu_ratio
from tco.perform.groups import LOCAL_ENGINES
from tco.report import record
from tco.report.grid import Column, Row, grid
from tco.report.table import console, say
from tco.report.text import DASH, figures, hanging, milliseconds, plural, prose, section

SCHEMA = "tco.perform/1"


def show(sized: Perform, *, as_json: bool, chart: Path | None) -> None:
    """Print the tables or the JSON object; draw the chart where asked."""
    if chart is not None:
        from tco.report import perform_chart

        perform_chart.draw(sized, chart)
    if as_json:
        print(record.dumps(as_record(sized)))
        return
    out = console()
    title = Text(hanging(_title(sized), out.width, indent=0), style="bold")
    say(out, [title, prose(_fit(sized), out.width, indent=0)])
    say(out, [section("Largest batch by context"), *_batches(sized, out.width)])
    if sized.at is not None:
        speed = "Speed of one instance that does both" if sized.pooled is not None else "Speed"
        say(out, [section(f"{speed}, with p10 to p90"), *_speeds(sized, sized.at, out.width)])
    if not sized.is_one_machine:
        say(out, [section("Layouts, each at its largest batch"), *_layouts(sized, out.width)])
    if len(sized.splits) > 1:
        say(out, [section(f"Ways to split over {sized.n_gpus} GPUs"), *_splits(sized, out.width)])
    if sized.pooled is not None:
        say(out, [section("Prefill and decode apart, below 80% of saturation"), *_pools(sized, out.width)])
    say(out, [section("Constants"), *_constants(sized, out.width)])
    say(out, [prose(note, out.width) for note in (*sized.held.deployment.notes, *_measured(sized))])


def _title(sized: Perform) -> str:
    return f"{what(sized)}{ways(sized)}, {formats(sized)}"


def what(sized: Perform) -> str:
    """The model, and how many of which machine."""
    return f"{sized.model.name} on {sized.n_gpus} x {sized.hardware.name}"


def formats(sized: Perform) -> str:
    """Number formats and engine."""
    return f"{sized.dtype} weights, {sized.kv_dtype} cache, {sized.engine}"


def ways(sized: Perform) -> str:
    """How it is served, where that is not plainly."""
    serving = sized.serving
    found = f", {split_name(serving.split)}" if serving.split else ""
    found += f", drafted by {serving.draft.model}" if serving.draft else ""
    found += ", offloaded" if sized.held.deployment.host else ""
    pools = serving.pools
    return found + (f" each, {pools.prefill} prefill : {pools.decode} decode instances" if pools else "")


def split_name(split: Split) -> str:
    """A split in words: tensor x pipeline, and over how many ranks the experts lie."""
    experts = f", experts over {split.experts}" if split.experts > 1 else ""
    return f"tensor {split.tensor} x pipeline {split.pipeline}{experts}"


def _fit(sized: Perform) -> str:
    memory, unit = sized.held.deployment.memory_bytes / 1e9, "machine" if sized.is_one_machine else "GPU"
    weights = f"{figures(sized.weights_gb)} GB of weights per {unit} of {figures(float(memory))} GB"
    if sized.margin_gb < 0:
        return f"Does not fit: {weights}, {figures(-sized.margin_gb)} GB short per {unit}.{_fixes(sized)}"
    asked, context = sized.load.max_context_tok, sized.held.deployment.context_tok
    if asked > context:
        return f"Too long: {asked:,.0f} tokens of prompt and answer; the model has a context of {context:,.0f}."
    if not sized.fits:
        return f"No room for one request: {weights} leave {figures(sized.margin_gb)} GB for the cache.{_fixes(sized)}"
    room = f"{figures(sized.margin_gb)} GB for the cache"
    return f"Fits: {weights} leave {room}, {plural(sized.max_seqs, 'sequence')}{_cap(sized)}."


def _cap(sized: Perform) -> str:
    """What limits the sequences where it is not the memory."""
    built = sized.held.deployment
    if sized.max_seqs < float(built.max_seqs * built.n_batches):
        return ""
    named = "its parallel slots" if sized.engine in LOCAL_ENGINES else "its limit of sequences at once"
    return f": as many as {sized.engine} runs by default ({named}), and the memory holds no fewer"


def _fixes(sized: Perform) -> str:
    return f" What would make it fit: {'; or '.join(sized.fixes)}." if sized.fixes else ""


def _batches(sized: Perform, width: int) -> list[Text]:
    columns = [Column((f"{tok:,}", "tokens")) for tok, _ in sized.max_batch]
    return grid(columns, [Row("sequences", tuple(f"{n:,.0f}" for _, n in sized.max_batch))], width=width)


def ranges(sized: Perform, at: Point) -> dict[str, tuple[float | None, float | None, float | None]]:
    """Each speed with its p10 and p90."""
    low, high = sized.bands["itl_ms"]
    first, prompt, joules = (sized.bands[name] for name in ("ttft_ms", "prefill_tok_s", "joules_per_token"))
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
    of = "machine" if sized.is_one_machine else "GPUs"
    names = {
        "output_tok_per_s": "output, tok/s", "itl_s": "ITL, ms", "ttft_s": "TTFT, ms",
        "prefill_tok_per_s": "prefill, tok/s", "power_w": f"{of}, W", "joules_per_tok": "J/token",
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


def _splits(sized: Perform, width: int) -> list[Text]:
    headers = (("free, GB",), ("sequences",), ("tok/s",), ("tok/s", "per GPU"), ("ITL",))
    best = max(sized.splits, key=lambda each: each.tok_per_s_per_gpu)
    rows = [
        Row(split_name(each.split) + (" (most)" if each is best and best.at_limit else ""), _layout_cells(each))
        for each in sized.splits
    ]
    return grid([Column(header) for header in headers], rows, width=width)


def _pools(sized: Perform, width: int) -> list[Text]:
    found, pools = sized.pooled, sized.serving.pools
    assert found is not None
    assert pools is not None
    low, high = sized.bands["itl_ms"]
    first = sized.bands["ttft_ms"]

    def row(name: str, value: Any, *band: float) -> Row:
        ends = [figures(float(value) * end) for end in band] or [DASH, DASH]
        return Row(name, (figures(float(value)), *ends))

    rows = [
        row("requests/s", found.req_per_s, 1.0 / high, 1.0 / low),
        row("TTFT p95 with the transfer, ms", found.ttft_s * 1e3, *first),
        row("transfer of a cache, ms", found.transfer_s * 1e3),
        row("ITL, ms", found.itl_s * 1e3, low, high),
        row("most requests/s of prefill", found.prefill_req_per_s),
        row("most requests/s of decode", found.decode_req_per_s),
        row("most requests/s over the links", found.link_req_per_s),
        row("best decode GPUs a prefill GPU", gpu_ratio(found, pools)),
    ]
    columns = [Column(("both pools",)), Column(("p10",)), Column(("p90",))]
    return [*grid(columns, rows, width=width), prose(f"The {bound(found)} binds.", width)]


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


def _pool_record(sized: Perform) -> dict[str, Any] | None:
    found, pools = sized.pooled, sized.serving.pools
    if found is None or pools is None:
        return None
    names = ("req_per_s", "ttft_s", "itl_s", "transfer_s", "prefill_req_per_s", "decode_req_per_s", "link_req_per_s")
    return {name: float(getattr(found, name)) for name in names} | {
        "binding": bound(found), "best_decode_gpus_per_prefill_gpu": gpu_ratio(found, pools),
    }  # fmt: skip


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
        "one_sequence": _point_record(sized.alone if sized.fits else None),
        "curve": [_point_record(at) for at in sized.curve],
        "layouts": [
            {"n_gpus": each.n_gpus, "margin_gb": each.margin_gb, "max_batch": each.max_seqs,
             "at_max_batch": _point_record(each.at_limit)}
            for each in sized.layouts
        ],
        "best_n_gpus": sized.best,
        "splits": [
            {"tensor": each.split.tensor, "pipeline": each.split.pipeline, "experts": each.split.experts,
             "margin_gb": each.margin_gb, "max_batch": each.max_seqs, "at_max_batch": _point_record(each.at_limit)}
            for each in sized.splits
        ],
        "fixes": list(sized.fixes),
        "pools": _pool_record(sized),
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
