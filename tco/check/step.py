"""Values against the baseline: a change of over 80% in one step is held for review."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from tco.check.against import SLIPS, Stated, slip_of
from tco.check.context import Context
from tco.check.finding import Finding
from tco.check.value import percent, plain


def check(stated: Iterable[Stated], context: Context) -> Iterator[Finding]:
    """Findings of ``step``; none without a baseline, or for what is new."""
    if context.baseline is None:
        return
    before, name = context.baseline, context.baseline.label
    limit = Decimal(repr(context.settings.limit("max_step_frac")))
    for one in stated:
        old = before.value(one.item.id, one.document.path)
        if old is None or old.unit != one.value.unit or not old.base:
            continue
        change = (one.value.base - old.base) / abs(old.base)
        if abs(change) <= limit:
            continue
        slip = slip_of(one.value.base, old.base)
        why = f"; {plain(slip)} times: {SLIPS[slip]}" if slip else ""
        yield context.finding(
            "step", one.document, one.at, one.item.id,
            f"held for review: {_percent(change)} in one step, over {_percent(limit).lstrip('+')}{why}",
            expected=f"within {_percent(limit).lstrip('+')} of {plain(old.base)} {old.unit}",
            found=f"{plain(one.value.base)} {one.value.unit}",
            evidence=f"baseline {name}: {old.text}",
            arithmetic=(f"({plain(one.value.base)} - {plain(old.base)}) / {plain(old.base)} = {_percent(change)}",),
        )  # fmt: skip


def _percent(frac: Decimal) -> str:
    return f"{'+' if frac > 0 else ''}{percent(frac)}"
