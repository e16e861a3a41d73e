"""A table that fits its width: rows of two lines where one is too long, least important columns dropped last.

Nothing is ever cut short: a column that does not fit is left out whole, and ``Layout.dropped`` names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from tco.report.text import prose, split_id

GAP = 2
STACK_INDENT = 4


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header in lines, and its rank; the highest rank is dropped first, 0 never."""

    header: tuple[str, ...]
    rank: int = 0
    left: bool = False

    @property
    def name(self) -> str:
        """The header on one line."""
        return " ".join(part for part in self.header if part)


@dataclass(frozen=True, slots=True)
class Row:
    """A row: what it is about, its cells and long texts under it; a row without cells is a heading."""

    key: str
    cells: tuple[str, ...] = ()
    style: str = ""
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns kept with their widths; ``key_width`` of 0 puts the key on its own line."""

    kept: tuple[int, ...]
    widths: tuple[int, ...]
    key_width: int
    dropped: tuple[int, ...]


def layout(columns: Sequence[Column], rows: Sequence[Row], *, width: int, key: str = "", may_drop: int = 0) -> Layout:
    """One-line rows when all columns but ``may_drop`` fit, else two-line rows without those that still do not fit."""
    natural = [
        max([*map(cell_len, column.header), *(cell_len(row.cells[i]) for row in rows if row.cells)])
        for i, column in enumerate(columns)
    ]
    key_width = max([cell_len(key), *(cell_len(row.key) for row in rows if row.cells)])
    inline = _fitting(columns, natural, key_width + GAP, width)
    if inline is None or len(columns) - len(inline) > may_drop:
        key_width = 0
        inline = _fitting(columns, natural, STACK_INDENT, width) or [
            i for i, column in enumerate(columns) if column.rank == 0
        ]
    dropped = tuple(i for i in range(len(columns)) if i not in inline)
    return Layout(tuple(inline), tuple(natural[i] for i in inline), key_width, dropped)


def _fitting(columns: Sequence[Column], natural: Sequence[int], start: int, width: int) -> list[int] | None:
    """The columns that fit after ``start``, the highest rank left out first; None where the vital ones do not."""
    kept = list(range(len(columns)))
    while start + sum(natural[i] for i in kept) + GAP * (len(kept) - 1) > width:
        worst = max(kept, key=lambda i: (columns[i].rank, i))
        if columns[worst].rank == 0:
            return None
        kept.remove(worst)
    return kept


def grid(
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    width: int,
    key: str = "",
    footer: Row | None = None,
    may_drop: int = 0,
) -> list[Text]:
    """The table as lines of text, headers first, then a line that names the columns left out."""
    every = [*rows, footer] if footer else list(rows)
    found = layout(columns, every, width=width, key=key, may_drop=may_drop)
    lines = _head(columns, found, key, width)
    for row in rows:
        lines += _row(row, columns, found)
        lines += [prose(part, width, indent=STACK_INDENT + 2) for part in row.below if part]
    if footer:
        lines += [_rule(found, width), *_row(footer, columns, found)]
    if found.dropped:
        names = ", ".join(columns[i].name for i in found.dropped)
        note = prose(f"Not shown at {width} columns: {names}; a wider terminal or --json has them.", width, indent=0)
        note.stylize("dim")
        lines.append(note)
    return lines


def _head(columns: Sequence[Column], found: Layout, key: str, width: int) -> list[Text]:
    height = max(len(columns[i].header) for i in found.kept)
    lines = []
    for n in range(height):
        cells = [_nth(columns[i].header, n - (height - len(columns[i].header))) for i in found.kept]
        is_last = n == height - 1
        start = key if is_last and found.key_width else ""
        lines.append(_joined(start, cells, columns, found, "dim"))
    if not found.key_width and key:
        lines.insert(0, Text(key, style="dim"))
    return [*lines, _rule(found, width)]


def _nth(header: tuple[str, ...], n: int) -> str:
    return header[n] if n >= 0 else ""


def _rule(found: Layout, width: int) -> Text:
    inner = sum(found.widths) + GAP * len(found.widths)
    full = found.key_width + inner if found.key_width else STACK_INDENT + inner - GAP
    return Text("─" * min(full, width), style="dim")


def _row(row: Row, columns: Sequence[Column], found: Layout) -> list[Text]:
    if not row.cells:
        return [Text(row.key, style=row.style or "bold")]
    cells = [row.cells[i] for i in found.kept]
    if found.key_width:
        return [_joined(row.key, cells, columns, found, row.style)]
    return [Text(row.key, style=row.style), _joined("", cells, columns, found, "")]


def _joined(key: str, cells: Sequence[str], columns: Sequence[Column], found: Layout, style: str) -> Text:
    start = " " * (STACK_INDENT - GAP) if not found.key_width else _pad(key, found.key_width, left=True)
    parts = [
        _pad(cell, width, left=columns[i].left) for cell, width, i in zip(cells, found.widths, found.kept, strict=True)
    ]
    text = Text(start, style=style)
    text.append((" " * GAP).join(["", *parts]), style="dim" if style == "dim" else "none" if style else "")
    text.rstrip()
    return text


def _pad(cell: str, width: int, *, left: bool) -> str:
    room = " " * max(width - cell_len(cell), 0)
    return cell + room if left else room + cell


def side_by_side(
    heads: Sequence[tuple[str, str]], rows: Sequence[tuple[str, Sequence[str]]], *, width: int, best: int | None = None
) -> list[Text]:
    """Few things in columns, their measures in rows: a head is a title and an id, broken but never cut.

    Columns are as wide as their contents and share what the width leaves for the ids.
    """
    label_width = max(cell_len(label) for label, _ in rows)
    room = width - label_width - GAP * len(heads)
    needed = [max(cell_len(title), *(cell_len(cells[i]) for _, cells in rows)) for i, (title, _) in enumerate(heads)]
    wanted = [max(need, cell_len(name)) for need, (_, name) in zip(needed, heads, strict=True)]
    share = max((room - sum(needed)) // len(heads), 0)
    fits = sum(wanted) <= room
    widths = wanted if fits else [min(want, need + share) for want, need in zip(wanted, needed, strict=True)]
    ids = [split_id(name, size) for (_, name), size in zip(heads, widths, strict=True)]
    widths = [max(size, *map(cell_len, parts)) for size, parts in zip(widths, ids, strict=True)]
    lines = [_line("", [title for title, _ in heads], label_width, widths, "bold", best)]
    lines += [
        _line("", [parts[n] if n < len(parts) else "" for parts in ids], label_width, widths, "", best)
        for n in range(max(map(len, ids)))
    ]
    lines.append(Text("─" * min(label_width + sum(widths) + GAP * len(heads), width), style="dim"))
    lines += [_line(label, cells, label_width, widths, "", best) for label, cells in rows]
    return lines


def _line(
    label: str, cells: Sequence[str], label_width: int, widths: Sequence[int], style: str, best: int | None
) -> Text:
    text = Text()
    text.append(_pad(label, label_width, left=True), style="dim")
    for i, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        look = " ".join(part for part in (style, "green" if i == best else "") if part)
        text.append(" " * GAP + _pad(cell, width, left=False), style=look or "none")
    text.rstrip()
    return text
