"""The report of ``tco prices diff``: text, JSON, Markdown, and a pull-request comment that can be found again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from rich import box
from rich.table import Table

from tco.report import record
from tco.report.bill import exact
from tco.report.prices import add
from tco.report.table import console
from tco.report.text import figures
from tco.sheets.diff import Change, Diff, Priced
from tco.sheets.refs import Named

FORMATS = ("text", "json", "markdown", "comment")
MARKER = "<!-- tco:prices-diff -->"  # a bot finds its own comment by it and replaces it
MAX_ROWS = 50  # of a section in Markdown; a comment has a limit of 65,536 characters
Cells = tuple[str, ...]
HEADS: dict[str, Cells] = {
    "changed": ("offer", "condition", "meter", "old USD", "new USD", "ratio"),
    "added": ("offer", "condition", "meter", "USD", "since"),
    "removed": ("offer", "condition", "meter", "USD", "since"),
    "announced": ("offer", "condition", "meter", "USD", "from"),
}


def show(old: Named, new: Named, found: Diff, on: date, *, form: str) -> None:
    """Print the differences in one of the formats."""
    shown: dict[str, Callable[[], str | None]] = {
        "json": lambda: record.dumps(as_record(old, new, found, on)),
        "markdown": lambda: markdown(old, new, found, on),
        "comment": lambda: f"{MARKER}\n{markdown(old, new, found, on)}",
        "text": lambda: _text(old, new, found, on),
    }
    text = shown[form]()
    if text is not None:
        print(text)


def as_record(old: Named, new: Named, found: Diff, on: date) -> dict[str, Any]:
    """The differences with prices as text."""
    return {
        "schema": "tco.prices.diff/1",
        "as_of": on,
        "old": {"label": old.label, "id": old.id},
        "new": {"label": new.label, "id": new.id},
        "changed": [_changed(each) for each in found.changed],
        **{name: [_priced(each) for each in getattr(found, name)] for name in ("added", "removed", "announced")},
    }


def _changed(each: Change) -> dict[str, Any]:
    return {
        "provider": each.provider, "model": each.model, "condition": each.when, "meter": each.meter,
        "old_usd": exact(each.old_usd), "new_usd": exact(each.new_usd), "ratio": each.ratio, "source": each.source,
    }  # fmt: skip


def _priced(each: Priced) -> dict[str, Any]:
    return {
        "provider": each.provider, "model": each.model, "condition": each.when, "meter": each.meter,
        "usd": exact(each.usd), "since": each.since, "source": each.source,
    }  # fmt: skip


def markdown(old: Named, new: Named, found: Diff, on: date) -> str:
    """Tables for a page or a comment; long sections are folded."""
    lines = [f"### Prices: {_md(old.label)} → {_md(new.label)}", "", f"{headline(found)} (in force on {on}).", ""]
    for name, head in HEADS.items():
        rows = _rows(found, name)
        if not rows:
            continue
        lines += [f"<details{' open' if name == 'changed' else ''}><summary>{len(rows):,} {name}</summary>", ""]
        lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        lines += ["| " + " | ".join(_md(cell) for cell in row) + " |" for row in rows[:MAX_ROWS]]
        if len(rows) > MAX_ROWS:
            lines += ["", f"and {len(rows) - MAX_ROWS:,} more"]
        lines += ["", "</details>", ""]
    return "\n".join(lines).rstrip()


def headline(found: Diff) -> str:
    """The counts in one line."""
    if found.empty:
        return "No price differs"
    return ", ".join(f"{len(getattr(found, name)):,} {name}" for name in HEADS)


def _rows(found: Diff, name: str) -> list[Cells]:
    if name == "changed":
        widest = sorted(found.changed, key=_size, reverse=True)
        return [
            (
                f"{each.provider}/{each.model}",
                each.when,
                each.meter,
                exact(each.old_usd),
                exact(each.new_usd),
                _times(each),
            )
            for each in widest
        ]
    held: Sequence[Priced] = getattr(found, name)
    return [(f"{each.provider}/{each.model}", each.when, each.meter, exact(each.usd), each.since[:10]) for each in held]


def _size(each: Change) -> float:
    ratio = each.ratio
    return float("inf") if not ratio else max(ratio, 1 / ratio)


def _times(each: Change) -> str:
    return "from 0" if each.ratio is None else f"× {figures(each.ratio)}"


def _md(text: str) -> str:
    """Text without meaning to Markdown: names from a registry are data."""
    for char in "\\`*_[]<>|":
        text = text.replace(char, f"\\{char}")
    return text.replace("\n", " ")


def _text(old: Named, new: Named, found: Diff, on: date) -> None:
    out = console()
    out.print(f"{old.label} → {new.label}, prices in force on {on}: {headline(found)}.", markup=False)
    for name, head in HEADS.items():
        rows = _rows(found, name)
        if not rows:
            continue
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=name, title_justify="left")
        for i, column in enumerate(head):
            table.add_column(column, justify="right" if i >= 3 else "left", overflow="fold")
        for row in rows:
            add(table, *row)
        out.print(table)
