"""Prices of one model against each other: a cache read is no dearer than input, batch no dearer than standard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tco.check.against import Stated
from tco.check.context import Context
from tco.check.finding import Finding
from tco.check.item import TokenSubject
from tco.check.value import plain

# (meter that is no dearer, meter that is no cheaper)
PAIRS = (
    ("cache_read", "input"), ("input", "cache_write"), ("cache_write", "cache_write_1h"),
    ("input", "output"), ("cache_read", "cache_write"),
)  # fmt: skip
Model = tuple[str, str]
Product = tuple[str, str]


def check(stated: Iterable[Stated], context: Context) -> Iterator[Finding]:
    """Findings of ``order`` among the token prices of a file."""
    held: dict[tuple[Model, Product, str], Stated] = {}
    for one in stated:
        subject = one.subject
        if isinstance(subject, TokenSubject) and one.value.unit == "USD/Mtok":
            model = subject.provider or "", subject.model.lower()
            held.setdefault((model, (subject.processing, subject.service_tier), subject.meter), one)
    for (model, product, meter), one in held.items():
        for low, high in PAIRS:
            other = held.get((model, product, high)) if meter == low else None
            if (
                other is not None
                and _above(one, other)
                and not (other.item.output_below_input or one.item.output_below_input)
            ):
                yield _finding(one, other, f"{low.replace('_', ' ')} is above {high.replace('_', ' ')}", context)
        plain_one = held.get((model, ("standard", "standard"), meter))
        if product[0] == "batch" and plain_one is not None and _above(one, plain_one):
            yield _finding(one, plain_one, f"batch {meter.replace('_', ' ')} is above standard", context)


def _above(one: Stated, other: Stated) -> bool:
    return bool(other.value.base) and one.value.base > other.value.base


def _finding(one: Stated, other: Stated, message: str, context: Context) -> Finding:
    mine, theirs = plain(one.value.base), plain(other.value.base)
    line = other.document.mark(other.at)[0]
    return context.finding(
        "order", one.document, one.at, one.item.id, f"{message}: {mine} against {theirs} USD/Mtok",
        expected=f"at most {theirs} USD/Mtok ({other.item.id}, line {line})", found=f"{mine} USD/Mtok",
        arithmetic=(f"{mine} > {theirs}",),
    )  # fmt: skip
