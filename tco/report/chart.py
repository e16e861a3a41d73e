"""The chart of ``tco compare --chart``: monthly cost against volume, for a slide."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from tco.decide.assess import Result
from tco.errors import UsageError
from tco.evaluate import Comparison
from tco.report import captions, series
from tco.report.place import Box, leader, place, spread
from tco.report.series import Curve, Dot
from tco.report.text import short
from tco.units import TOK_PER_MTOK

SUFFIXES = (".png", ".svg", ".pdf")
METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans", "font.size": 13, "text.parse_math": False, "text.usetex": False,
    "svg.hashsalt": "tco", "svg.fonttype": "path", "pdf.fonttype": 42, "pdf.compression": 6, "path.simplify": False,
    "figure.dpi": 100, "savefig.dpi": 100,
}  # fmt: skip
BELOW = 12.0  # lowest bill shown, as a fraction of the cheapest at the workload's volume
PIXELS = (1600, 900)
AXES = (0.075, 0.165, 0.665, 0.60)  # left, bottom, width, height of the figure
# Okabe and Ito's colours, told apart by colour-blind readers
COLOURS = {"owned": "#009E73", "rental": "#CC79A7", "api": "#0072B2", "budget_cloud": "#D55E00"}
SPARE_COLOURS = ("#E69F00", "#56B4E9", "#222222", "#999999", "#F0E442")
INK, PALE = "#222222", "#777777"


def draw(compared: Comparison, path: Path) -> None:
    """Write the chart; the suffix names the format. Raises UsageError for another suffix or an unwritable path."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"--chart: got {str(path)!r}; expected a file that ends in .png, .svg or .pdf")
    written = render(compared, suffix)
    try:
        path.write_bytes(written)
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(
            f"--chart: cannot write {str(path)!r}: {why}; expected a .png, .svg or .pdf file in a folder that exists"
        ) from None


def render(compared: Comparison, suffix: str) -> bytes:
    """The chart as the bytes of a file: the same bytes for the same comparison."""
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a workload may be named in any script
        figure = _figure(compared)
        held = io.BytesIO()
        figure.savefig(held, format=suffix[1:], metadata=METADATA[suffix])
    return held.getvalue()


def _figure(compared: Comparison) -> Figure:
    figure = Figure(figsize=(PIXELS[0] / 100, PIXELS[1] / 100), facecolor="white")
    canvas = FigureCanvasAgg(figure)
    held = series.shown(compared)
    _words(figure, compared)
    if not held:
        return figure
    lo, hi = series.volume_range(compared, held)
    curves = series.curves(compared, held, lo=lo, hi=hi)
    axes = figure.add_axes(AXES)
    _prepare(axes, compared, curves, lo, hi)
    colours = _colours(held)
    for i, (each, colour) in enumerate(zip(curves, colours, strict=True)):
        _line(axes, each, colour, i, len(curves))
    _cheapest(axes, curves, colours, lo, hi)
    _volume(axes, compared)
    _end_labels(axes, curves, colours)
    _crossings(axes, canvas, compared, curves, colours, lo, hi)
    return figure


def _words(figure: Figure, compared: Comparison) -> None:
    """Title, answer and footer; a line too long for the width is set smaller, never cut."""
    title = captions.question(compared)
    figure.text(0.02, 0.955, title, fontsize=_fitting(23.0, title, 82), weight="bold", color=INK, va="center")
    for i, line in enumerate(captions.answer(compared)):
        figure.text(0.02, 0.903 - 0.038 * i, line, fontsize=_fitting(15.5, line, 132), color=INK, va="center")
    lines = captions.footer(compared)
    for i, line in enumerate(lines):
        figure.text(0.02, 0.022 + 0.024 * (len(lines) - 1 - i), line, fontsize=9.5, color=PALE, va="center")


def _fitting(size: float, text: str, n_chars: int) -> float:
    return size * min(n_chars / max(len(text), 1), 1.0)


def _colours(held: Sequence[Result]) -> list[str]:
    """A colour an option by its role, the same in every chart; a second of the same role gets a spare one."""
    spare = iter(SPARE_COLOURS)
    found: list[str] = []
    for result in held:
        kind = result.option.kind
        role = result.option.tier if kind == "per_token" else kind
        colour = COLOURS.get(role)
        found.append(colour if colour is not None and colour not in found else next(spare))
    return found


def _prepare(axes: Axes, compared: Comparison, curves: Sequence[Curve], lo: float, hi: float) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(lo, hi)
    seen = [usd for each in curves for usd in (*each.usd, *each.p10_usd, *each.p90_usd) if usd > 0]
    bottom, top = (min(seen), max(seen)) if seen else (1.0, 10.0)
    base = float(compared.scenario.plan().requests_per_month)
    today = [float(np.interp(base, each.volume, each.usd)) for each in curves]
    lowest = min([usd for usd in today if usd > 0], default=bottom)
    axes.set_ylim(max(bottom / 1.6, lowest / BELOW), top * 1.25)
    axes.set_xlabel("requests per month", fontsize=14, color=INK)
    axes.set_ylabel("USD per month", fontsize=14, color=INK)
    per_request = float(compared.scenario.plan().tok_per_request) / TOK_PER_MTOK
    top_axis = axes.secondary_xaxis("top", functions=_scale(per_request))
    top_axis.set_xlabel("million tokens per month", fontsize=12, color=PALE, labelpad=8)
    top_axis.tick_params(labelsize=11, colors=PALE)
    for axis in (axes.xaxis, axes.yaxis, top_axis.xaxis):
        axis.set_major_locator(LogLocator(numticks=12))
        axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        axis.set_minor_formatter(NullFormatter())
    axes.grid(which="major", color="#E4E4E4", linewidth=0.8)
    axes.set_axisbelow(True)
    for spine in ("right", "top"):
        axes.spines[spine].set_visible(False)
        top_axis.spines[spine].set_color("#BBBBBB")


def _scale(factor: float) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    return (lambda value: value * factor), (lambda value: value / factor)


def _pixel(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """Where a point of the data lies on the picture."""
    found = np.asarray(axes.transData.transform((x, y)), dtype=np.float64)
    return float(found[0]), float(found[1])


def _line(axes: Axes, each: Curve, colour: str, i: int, n: int) -> None:
    """One bill. Earlier lines are wider and dashes are shifted, so that lines on top of each other all show."""
    style = "-" if captions.is_machine(each.result) else (4.0 * i, (6, 2))
    drawn = np.where(each.usd > 0, each.usd, np.nan)
    width = 2.2 + 0.9 * (n - 1 - i) if captions.is_machine(each.result) else 2.6
    axes.plot(each.volume, drawn, color=colour, linewidth=width, linestyle=style, solid_joinstyle="miter", zorder=3)
    if len(each.band_volume):
        low = np.where(each.p10_usd > 0, each.p10_usd, np.nan)
        axes.fill_between(each.band_volume, low, each.p90_usd, color=colour, alpha=0.13, linewidth=0, zorder=1)


def _cheapest(axes: Axes, curves: Sequence[Curve], colours: Sequence[str], lo: float, hi: float) -> None:
    """A strip along the volume axis in the colour of the cheapest line."""
    for start, end, i in series.cheapest_spans(curves, lo=lo, hi=hi):
        axes.axvspan(start, end, ymin=0.0, ymax=0.022, color=colours[i], linewidth=0, zorder=4)
    axes.text(1.008, 0.011, "colour of the cheapest", transform=axes.transAxes, fontsize=11, color=PALE, va="center")


def _volume(axes: Axes, compared: Comparison) -> None:
    base = float(compared.scenario.plan().requests_per_month)
    axes.axvline(base, color=INK, linewidth=1.3, linestyle=(0, (2, 2)), zorder=2)
    axes.annotate(
        f"this workload\n{short(base)} a month", (base, 1.0), xycoords=("data", "axes fraction"), xytext=(6, -6),
        textcoords="offset points", fontsize=12, color=INK, va="top", linespacing=1.25, zorder=6,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
    )  # fmt: skip


def _end_labels(axes: Axes, curves: Sequence[Curve], colours: Sequence[str]) -> None:
    """A name at the right end of each line, moved apart where they would touch, with a thin leader."""
    height, bottom = PIXELS[1] * AXES[3], PIXELS[1] * AXES[1]
    wanted = [_pixel(axes, each.volume[-1], max(each.usd[-1], 1e-9))[1] - bottom for each in curves]
    for each, colour, was, now in zip(
        curves, colours, wanted, spread(wanted, gap=62.0, lo=60.0, hi=height - 10.0), strict=True
    ):
        name, detail = captions.label(each.result)
        axes.annotate(
            "", (1.0, was / height), xycoords="axes fraction", xytext=(1.022, now / height), textcoords="axes fraction",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 1.2}, annotation_clip=False,
        )  # fmt: skip
        for text, up, size, n_chars, weight, ink in (
            (name, 12, 13.5, 30, "bold", colour),
            (detail, -12, 11.5, 40, "normal", INK),
        ):
            axes.text(
                1.028, (now + up) / height, text, transform=axes.transAxes, fontsize=_fitting(size, text, n_chars),
                weight=weight, color=ink, va="center",
            )  # fmt: skip


def _crossings(
    axes: Axes,
    canvas: FigureCanvasAgg,
    compared: Comparison,
    curves: Sequence[Curve],
    colours: Sequence[str],
    lo: float,
    hi: float,
) -> None:
    """A dot where bills cross; where own first becomes cheaper, large, in both colours, with its volume."""
    held = [each.result for each in curves]
    of = {result.option.id: colour for result, colour in zip(held, colours, strict=True)}
    dots = series.dots(compared, held, lo=lo, hi=hi)
    for dot in dots:
        _dot(axes, dot, of)
    first = [dot for dot in dots if dot.first]
    taken = [Box.around(*_pixel(axes, dot.volume, dot.usd), 18.0, 18.0) for dot in first]
    window = Box(*axes.get_window_extent().extents)
    lines = [axes.transData.transform(np.column_stack([each.volume, each.usd])[each.usd > 0]) for each in curves]
    x_volume, _ = _pixel(axes, float(compared.scenario.plan().requests_per_month), 1.0)
    taken.append(Box(x_volume - 4.0, window.y1 - 60.0, x_volume + 150.0, window.y1))
    for group in captions.groups(first):
        _crossing_label(axes, canvas, group, taken, window, lines)


def _dot(axes: Axes, dot: Dot, colour_of: Mapping[str, str]) -> None:
    look: dict[str, Any] = {"markersize": 4.0, "markerfacecolor": "white", "zorder": 7}
    if dot.first:
        look = {
            "markersize": 12.0, "fillstyle": "left", "markerfacecolor": colour_of[dot.versus],
            "markerfacecoloralt": colour_of[dot.own], "zorder": 8,
        }  # fmt: skip
    axes.plot(dot.volume, dot.usd, "o", markeredgecolor=INK, markeredgewidth=1.2, **look)


def _crossing_label(
    axes: Axes, canvas: FigureCanvasAgg, group: Sequence[Dot], taken: list[Box], window: Box, lines: Sequence[Any]
) -> None:
    x, y = _pixel(axes, group[0].volume, group[0].usd)
    text = axes.text(
        0.0, 0.0, captions.crossing(group), fontsize=12, color=INK, va="bottom", ha="left", zorder=9, transform=None,
        bbox={"facecolor": "white", "edgecolor": "#BBBBBB", "boxstyle": "round,pad=0.25", "linewidth": 0.8},
    )  # fmt: skip
    extent = text.get_window_extent(canvas.get_renderer())  # type: ignore[no-untyped-call]
    size = float(extent.width) + 14.0, float(extent.height) + 14.0
    box = place(x, y, *size, taken=taken, window=window, lines=lines)
    taken.append(box)
    text.set_position((box.x0 + 7.0, box.y0 + 7.0))
    axes.plot(*leader(x, y, box).T, color=INK, linewidth=0.9, zorder=6, transform=None)
