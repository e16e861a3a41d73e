"""Microbenchmarks as a table: what was measured beside the datasheet, and below it what was not, by reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rich.text import Text

from tco.describe.profile import NOT_TRIED, DecodeLoop, Gemm, Micro, NotMeasured, number
from tco.describe.record import Figure
from tco.report.grid import Column, Row, grid
from tco.report.text import DASH, figures, percent, plural, prose

US_PER_S = 1e6
MEMORY = "gb_per_s"
KINDS = (
    ("read_gb_per_s", "memory read", "GB/s", 1.0), ("copy_gb_per_s", "memory copy", "GB/s", 1.0),
    ("triad_gb_per_s", "memory triad", "GB/s", 1.0), ("launch_s", "kernel launch", "µs", US_PER_S),
    ("graph_s", "kernel of a graph", "µs", US_PER_S), ("idle_w", "idle power", "W", 1.0),
    ("busy_w", "busy power", "W", 1.0),
)  # fmt: skip


def micro(held: Micro, width: int) -> list[Text]:
    """The table, the figures that are missing, how several GPUs scale, and the flags."""
    absent: dict[str, list[str]] = defaultdict(list)
    rows = [*_plain(held, absent), *_products(held, absent), *_loops(held, absent)]
    columns = [Column(("measured",)), Column(("weights", "read"), rank=1), Column(("of the", "datasheet"), rank=2),
               Column(("repeats", "within"), rank=3), Column(("W",), rank=4)]  # fmt: skip
    kept = [i for i, column in enumerate(columns) if any(row.cells[i] != DASH for row in rows)]
    shown = [Row(row.key, tuple(row.cells[i] for i in kept)) for row in rows]
    lines = grid([columns[i] for i in kept], shown, width=width, may_drop=len(columns)) if rows else []
    lines += [
        prose(f"{name} on all GPUs at once: {percent(share)} of one times their number", width)
        for name, share in held.scaling.items()
    ]
    lines += [prose(f"{', '.join(names)} not measured: {why}", width) for why, names in absent.items()]
    return lines + [prose(f"flagged: {flag}", width) for flag in held.flags]


def _plain(held: Micro, absent: dict[str, list[str]]) -> Iterator[Row]:
    for name, label, unit, factor in KINDS:
        reading: Figure | NotMeasured = getattr(held, name)
        if reading == NOT_TRIED:
            continue
        if isinstance(reading, NotMeasured):
            absent[reading.not_measured].append(label)
            continue
        share = _share(reading.value, held.peaks.get(MEMORY)) if name.endswith(MEMORY) else DASH
        yield Row(label, (f"{figures(reading.value * factor)} {unit}", DASH, share, _repeats(reading), DASH))


def _products(held: Micro, absent: dict[str, list[str]]) -> Iterator[Row]:
    for each in held.gemm:
        if isinstance(each.tflops, NotMeasured):
            absent[each.tflops.not_measured].append(product(each))
            continue
        reads, power_w, peak = number(each.gb_per_s), number(each.power_w), held.peaks.get(each.dtype)
        memory = held.peaks.get(MEMORY)
        bound_by_memory = reads is not None and (not peak or (memory and reads / memory > each.tflops.value / peak))
        share = _share(reads, memory) if bound_by_memory else _share(each.tflops.value, peak)
        yield Row(product(each), (
            f"{figures(each.tflops.value)} TFLOPS", f"{figures(reads)} GB/s" if reads else DASH, share,
            _repeats(each.tflops), figures(power_w),
        ))  # fmt: skip
        if each.sustained and power_w is None and isinstance(each.power_w, NotMeasured) and each.power_w != NOT_TRIED:
            absent[each.power_w.not_measured].append(f"power of {product(each)}")


def _loops(held: Micro, absent: dict[str, list[str]]) -> Iterator[Row]:
    for each in held.decode_loops:
        if isinstance(each.step_s, NotMeasured):
            absent[each.step_s.not_measured].append(_loop(each))
            continue
        speed = number(each.tok_per_s)
        yield Row(_loop(each), (
            f"{figures(speed)} tok/s" if speed else f"{figures(each.step_s.value * 1e3)} ms a step", DASH, DASH,
            _repeats(each.step_s), figures(number(each.power_w)),
        ))  # fmt: skip


def product(held: Gemm) -> str:
    """A matrix product in words; on a processor with its threads, since both are measured there."""
    threads = held.how.partition("NumPy, ")[2].split(maxsplit=2)[:2]
    told = [plural(int(threads[0]), "thread")] if threads and threads[0].isdecimal() else []
    return ", ".join([f"GEMM {held.dtype} {held.m} x {held.k} x {held.n}", *told, *["sustained"] * held.sustained])


def _loop(held: DecodeLoop) -> str:
    return f"decode loop {held.model} {held.dtype} x{held.n_seqs}"


def _share(value: float | None, peak: float | None) -> str:
    return f"{percent(value / peak)} of {figures(peak)}" if value and peak else DASH


def _repeats(held: Figure) -> str:
    """How far the slowest repeat is from the fastest."""
    if held.low is None or held.high is None or held.low <= 0:
        return DASH
    return f"{100.0 * (held.high / held.low - 1.0):.1f}%"
