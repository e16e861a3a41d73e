"""The chart of a measured server: latency against throughput, level by level."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from tco.bench.endpoint.session import Level, Measured
from tco.errors import UsageError
from tco.report.chart import INK, METADATA, PALE, PIXELS, STYLE, SUFFIXES
from tco.report.text import short
from tco.sheets.store import write_whole
from tco.units import MS_PER_S

WIDE_RATIO = 8.0
LINE_PIXELS = 18.0

BLUE, ORANGE, RED = "#0072B2", "#D55E00", "#AA0000"
PANELS = (("ttft", "ttft", "time to first token, ms"), ("tpot", "itl", "time between tokens (TPOT), ms"))


def check(path: Path) -> None:
    """Refuse another suffix or a folder that is not there before anything is measured."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--chart: got {str(path)!r}; expected a file that ends in .png, .svg or .pdf")


def draw(measured: Measured, path: Path) -> None:
    """Write the chart; raises UsageError for an unwritable path."""
    with matplotlib.rc_context(STYLE):
        held = io.BytesIO()
        suffix = path.suffix.lower()
        _figure(measured).savefig(held, format=suffix[1:], metadata=METADATA[suffix])
    try:
        write_whole(path, held.getvalue())
    except OSError as error:
        raise UsageError(f"--chart: cannot write {str(path)!r}: {error.strerror or error}") from None


def _figure(measured: Measured) -> Figure:
    figure = Figure(figsize=(PIXELS[0] / 100, PIXELS[1] / 100), facecolor="white")
    asked = measured.settings
    title = f"{measured.probed.dialect.model}: latency against throughput"
    figure.text(0.02, 0.955, title, fontsize=min(22.0, 22.0 * 90 / len(title)), weight="bold", color=INK, va="center")
    length = f"{asked.lengths.input_tok:,} prompt and {asked.lengths.output_tok:,} output tokens"
    note = f"{asked.address.url} · {length} · {measured.at:%Y-%m-%d} · hollow: not to be relied on (see the report)"
    figure.text(0.02, 0.91, note, fontsize=min(13.0, 13.0 * 150 / len(note)), color=PALE, va="center")
    shown = [
        level for level in measured.levels if level.stats.latencies.get("tpot") or level.stats.latencies.get("ttft")
    ]
    shown.sort(key=lambda level: level.load.concurrency or level.load.request_per_s or 0.0)
    for i, (name, metric, label) in enumerate(PANELS):
        axes = figure.add_axes((0.065 + 0.485 * i, 0.1, 0.435, 0.74))
        _panel(axes, shown, name, label)
        for limit in asked.slo.limits:
            if limit.metric == metric:
                _limit(axes, limit.limit_s * MS_PER_S, f"limit, p{limit.percentile}")
    return figure


def _panel(axes: Axes, levels: Sequence[Level], name: str, label: str) -> None:
    held = [level for level in levels if level.stats.latencies.get(name)]
    rate = [level.stats.output_tok_per_s or 0.0 for level in held]
    for at, colour in (("p95", ORANGE), ("p50", BLUE)):
        values = [level.stats.latencies[name][at] * MS_PER_S for level in held]
        axes.plot(rate, values, "-", color=colour, linewidth=2, label=at, zorder=2)
        fills = ["white" if level.flags else colour for level in held]
        axes.scatter(rate, values, c=fills, edgecolors=colour, s=48, linewidths=1.6, zorder=3)
    top = [level.stats.latencies[name]["p95"] * MS_PER_S for level in held]
    axes.set_xlabel("output tok/s, all requests together (labels: requests in flight, or per second)")
    axes.set_title(label, fontsize=14, loc="left", color=INK)
    _scale(axes, rate)
    axes.set_ylim(0, max(top, default=1.0) * 1.2)
    axes.grid(color="#E4E4E4")
    axes.set_axisbelow(True)
    for spine in ("right", "top"):
        axes.spines[spine].set_visible(False)
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderpad=0.1)
    _labels(axes, held, rate, top)


def _scale(axes: Axes, rate: Sequence[float]) -> None:
    """Throughput from zero, or in equal ratios where it spans a wide range."""
    low, high = min(rate, default=1.0), max(rate, default=1.0)
    if low > 0 and high > WIDE_RATIO * low:
        axes.set_xscale("log")
        axes.set_xlim(low / 1.3, high * 1.3)
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_xlim(0, high * 1.12)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def _labels(axes: Axes, levels: Sequence[Level], rate: Sequence[float], top: Sequence[float]) -> None:
    """The load at each point, left out where it would touch another."""
    taken: list[tuple[float, float]] = []
    for level, x, y in zip(levels, rate, top, strict=True):
        right, up = (float(part) for part in axes.transData.transform((x, y)))
        room = 12.0 + 5.0 * len(level.load.short)
        if any(abs(right - other) < room and abs(up - height) < LINE_PIXELS for other, height in taken):
            continue
        taken.append((right, up))
        axes.annotate(
            level.load.short, (x, y), xytext=(0, 10), textcoords="offset points", fontsize=11, color=INK, ha="center",
            zorder=4, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8},
        )  # fmt: skip


def _limit(axes: Axes, limit_ms: float, text: str) -> None:
    """A dashed line at a limit, where the limit is near enough to be drawn; else a word about it."""
    low, high = axes.get_ylim()
    if limit_ms > 3 * high:
        text = f"{text}: {limit_ms:g} ms, above this axis"
        axes.text(0.01, 0.99, text, transform=axes.transAxes, fontsize=11, color=RED, va="top")
        return
    axes.set_ylim(low, max(high, limit_ms * 1.15))
    axes.axhline(limit_ms, color=RED, linewidth=1.4, linestyle=(0, (5, 3)), zorder=1)
    axes.text(0.01, limit_ms, text, transform=axes.get_yaxis_transform(), fontsize=11, color=RED, va="bottom")
