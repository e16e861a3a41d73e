"""The charts of ``tco prices history --chart``: a model's price over time, and the decline of a tier."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from tco.errors import MissingDataError, UsageError
from tco.report.chart import INK, METADATA, PALE, PIXELS, STYLE, SUFFIXES
from tco.report.place import spread
from tco.report.text import short
from tco.sheets.decline import Decline, Point
from tco.sheets.steps import Step

DAYS_PER_MONTH = 365.25 / 12.0
METERS = ("input", "output")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222", "#999999")
MAX_LINES = 8  # of sellers; more cannot be told apart
AXES = (0.075, 0.13, 0.70, 0.67)
LABEL_GAP = 26.0


def draw_history(model: str, steps: Sequence[Step], path: Path, *, until: date) -> None:
    """Write the chart of a model's standard prices. Raises UsageError, and MissingDataError without dated steps."""
    _write(path, render_history(model, steps, _suffix(path), until=until))


def draw_decline(tier: str, held: Sequence[Point], fitted: Decline | None, path: Path) -> None:
    """Write the chart of a tier's list prices and the line through them. Raises UsageError for a path."""
    _write(path, render_decline(tier, held, fitted, _suffix(path)))


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"--chart: got {str(path)!r}; expected a file that ends in .png, .svg or .pdf")
    return suffix


def _write(path: Path, written: bytes) -> None:
    try:
        path.write_bytes(written)
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(f"--chart: cannot write {str(path)!r}: {why}; expected a folder that exists") from None


def render_history(model: str, steps: Sequence[Step], suffix: str, *, until: date) -> bytes:
    """Step lines of input (dashed) and output (solid) for each seller, log scale; the same bytes each time."""
    groups = _groups(steps)
    if not groups:
        raise MissingDataError(
            f"{model}: no dated standard price to draw; `tco prices history {model}` shows what is known"
        )
    shown = dict(list(groups.items())[:MAX_LINES])
    with matplotlib.rc_context(STYLE):
        figure, axes = _canvas()
        left = f"; the first {MAX_LINES} of {len(groups)} sellers" if len(groups) > MAX_LINES else ""
        _title(figure, f"Price of {model}", f"USD per million tokens, output solid, input dashed{left}")
        ends: list[tuple[float, str, str]] = []
        for i, (colour, ((provider, name), held)) in enumerate(zip(COLOURS, shown.items(), strict=False)):
            width = 5.2 - 3.0 * (i + 1) / len(shown)  # earlier lines are wider, so that all show where they coincide
            for meter in METERS:
                ends += _line(axes, held, meter, _Look(colour, width), f"{provider}/{name}", until)
        _room(axes, min(step.day for held in shown.values() for step in held if step.day), until)
        _prepare(axes)
        _labels(axes, ends)
        _foot(
            figure,
            "Filled dots: dated by the source. Hollow dots: first seen in a snapshot, so the change may be older.",
        )
        return _bytes(figure, suffix)


def _groups(steps: Sequence[Step]) -> dict[tuple[str, str], list[Step]]:
    found: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        if (
            step.when == ""
            and not step.promo
            and step.day is not None
            and any(step.usd.get(meter, 0) > 0 for meter in METERS)
        ):
            found.setdefault((step.provider, step.model), []).append(step)
    return dict(sorted(found.items(), key=lambda item: (min(step.day or date.max for step in item[1]), item[0])))


@dataclass(frozen=True, slots=True)
class _Look:
    colour: str
    width: float


def _line(
    axes: Axes, held: Sequence[Step], meter: str, look: _Look, label: str, until: date
) -> list[tuple[float, str, str]]:
    points = [(step.day, float(step.usd[meter]), step.how) for step in held if step.usd.get(meter, 0) > 0 and step.day]
    if not points:
        return []
    days = [_x(day) for day, _, _ in points]
    values = [usd for _, usd, _ in points]
    style = "-" if meter == "output" else (0, (5, 2))
    x = [*days, max(_x(until), days[-1] + 1.0)]
    axes.step(
        x, [*values, values[-1]], where="post", color=look.colour, linewidth=look.width, linestyle=style, zorder=3
    )
    for day, (_, usd, how) in zip(days, points, strict=True):
        face = look.colour if how == "dated" else "white"
        axes.plot(
            day,
            usd,
            "o",
            markersize=6,
            markerfacecolor=face,
            markeredgecolor=look.colour,
            markeredgewidth=1.4,
            zorder=4,
        )
    return [(values[-1], f"{label} {meter} {short(values[-1])}", look.colour)]


def _room(axes: Axes, first: date, last: date) -> None:
    """A little room before the first step."""
    axes.margins(x=0.0)
    axes.set_xlim(_x(first) - 0.02 * max((last - first).days, 30), None)


def render_decline(tier: str, held: Sequence[Point], fitted: Decline | None, suffix: str) -> bytes:
    """Each new list price of a tier as a dot at its day, the fitted line and what it says; the same bytes each time."""
    if not held:
        raise MissingDataError(f"{tier}: no dated list price to draw; `tco prices pull` may bring some")
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure, axes = _canvas(right=0.905)
        models = len({(point.provider, point.model) for point in held})
        _title(
            figure,
            f"{tier_name(tier)}: {halving(fitted)}",
            f"{len(held):,} prices of {models:,} offers, each at the day it began; 3 tokens of input to 1 of output",
        )
        days = np.array([_x(point.day) for point in held])
        axes.plot(
            days,
            [point.usd_per_mtok for point in held],
            "o",
            markersize=5,
            color=COLOURS[0],
            alpha=0.35,
            linewidth=0,
            zorder=2,
        )
        _medians(axes, held)
        if fitted is not None:
            along = np.linspace(0.0, float(days.max() - _x(fitted.first)), 100)
            x = _x(fitted.first) + along
            axes.plot(x, fitted.usd(along), color=COLOURS[1], linewidth=2.6, zorder=4, label="log-linear least squares")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="upper right", frameon=False, fontsize=12)
        _prepare(axes)
        _foot(
            figure,
            "The mix of models changes too: the line is about what was put on sale, not about one model. "
            "Points are taken as independent.",
        )
        return _bytes(figure, suffix)


def decline_record(tier: str, held: Sequence[Point], fitted: Decline | None) -> dict[str, Any]:
    """The record of ``tco prices history --tier``; no decline is null, with the reason in words."""
    months = {
        f"{name}_months": None if fitted is None or math.isinf(days) else days / DAYS_PER_MONTH
        for name, days in (
            ("halving", fitted.halving_days if fitted else math.inf),
            ("low", fitted.low_days if fitted else math.inf),
            ("high", fitted.high_days if fitted else math.inf),
        )
    }
    points = [
        {"provider": point.provider, "model": point.model, "day": point.day, "usd_per_mtok": point.usd_per_mtok}
        for point in held
    ]
    text = halving(fitted)
    return {"schema": "tco.prices.decline/1", "tier": tier, **months, "interval": 0.9, "text": text, "points": points}


def tier_name(tier: str) -> str:
    """What a tier is, for a title."""
    benchmark, _, score = tier.partition(">=")
    return f"List prices of models with {benchmark} of at least {score}" if score else f"List prices of tier {tier}"


def halving(fitted: Decline | None) -> str:
    """What the fit says, in words."""
    if fitted is None:
        return "too few prices to fit"
    if math.isinf(fitted.halving_days):
        return "no decline"
    middle, low, high = (days / DAYS_PER_MONTH for days in (fitted.halving_days, fitted.low_days, fitted.high_days))
    upper = "no decline" if math.isinf(high) else f"{high:.1f}"
    return f"halved every {middle:.1f} months (90% interval {low:.1f} to {upper})"


def _medians(axes: Axes, held: Sequence[Point]) -> None:
    """The median of each half year, as a step; only halves with three prices or more."""
    halves: dict[int, list[float]] = {}
    for point in held:
        halves.setdefault(point.day.year * 2 + (point.day.month > 6), []).append(point.usd_per_mtok)
    label: str | None = "median of each half year"
    for half, values in sorted(halves.items()):
        if len(values) < 3:
            continue
        start = date(half // 2, 7 if half % 2 else 1, 1)
        end = date((half + 1) // 2, 7 if (half + 1) % 2 else 1, 1)
        x = [_x(start), _x(end)]
        axes.plot(x, [float(np.median(values))] * 2, color=INK, linewidth=2.0, zorder=3, label=label)
        label = None


def _x(day: date) -> float:
    """A day on the axis."""
    return float(dates.date2num(day))  # type: ignore[no-untyped-call]


def _canvas(*, right: float = AXES[2]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(PIXELS[0] / 100, PIXELS[1] / 100), facecolor="white")
    FigureCanvasAgg(figure)
    return figure, figure.add_axes((AXES[0], AXES[1], right, AXES[3]))


def _title(figure: Figure, title: str, below: str) -> None:
    figure.text(0.02, 0.94, title, fontsize=min(23.0, 23.0 * 78 / len(title)), weight="bold", color=INK, va="center")
    figure.text(0.02, 0.88, below, fontsize=min(14.0, 14.0 * 130 / len(below)), color=INK, va="center")


def _foot(figure: Figure, text: str) -> None:
    figure.text(0.02, 0.03, text, fontsize=10.5, color=PALE, va="center")


def _prepare(axes: Axes) -> None:
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(low / 1.15, high * 1.15)
    axes.yaxis.set_major_locator(
        LogLocator(base=10, subs=(1.0, 2.0, 5.0) if high / low < 3000 else (1.0,), numticks=20)
    )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    locator = dates.AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_ylabel("USD per million tokens", fontsize=14, color=INK)
    axes.grid(which="major", color="#E4E4E4", linewidth=0.8)
    axes.set_axisbelow(True)
    for spine in ("right", "top"):
        axes.spines[spine].set_visible(False)


def _labels(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """A name at the right end of each line, moved apart where they would touch."""
    height, bottom = PIXELS[1] * AXES[3], PIXELS[1] * AXES[1]
    wanted = [float(axes.transData.transform((0.0, value))[1]) - bottom for value, _, _ in ends]
    for (_, text, colour), was, now in zip(
        ends, wanted, spread(wanted, gap=LABEL_GAP, lo=8.0, hi=height - 8.0), strict=True
    ):
        axes.annotate(
            "", (1.0, was / height), xycoords="axes fraction", xytext=(1.018, now / height), textcoords="axes fraction",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 1.1}, annotation_clip=False,
        )  # fmt: skip
        size = min(12.0, 12.0 * 32 / len(text))
        axes.text(1.022, now / height, text, transform=axes.transAxes, fontsize=size, color=colour, va="center")


def _bytes(figure: Figure, suffix: str) -> bytes:
    held = io.BytesIO()
    figure.savefig(held, format=suffix[1:], metadata=METADATA[suffix])
    return held.getvalue()
