"""The rules ``budget`` and ``verdict``: bounds on a result, how far it moved, which tier wins and by how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tco.check.context import Context
from tco.check.finding import Finding
from tco.check.place import Place, past
from tco.check.results import (
    FIELDS,
    Budget,
    Expected,
    number_of,
    option_of,
    provenance_of,
    quantity,
    tier_of,
    unit_of,
)
from tco.check.value import ValueProblem, percent, plain, read
from tco.errors import MissingDataError, UnknownNameError

Record = Mapping[str, Any]


def budget(place: Place, item: Budget, record: Record) -> Iterator[Finding]:
    """Findings of one budget: its bounds, then how far the number moved from the baseline."""
    unit, option = unit_of(item.field), option_of(record, item.option)
    now = number_of(option, item.field)
    if now is None:
        yield place.finding("field", item.id, f"{item.field} of {option['id']} is not there", expected="a number")
        return
    shown = {"found": f"{plain(now)} {unit}", "evidence": f"{option['id']}, {provenance_of(record)}"}
    for key, over in (("max", 1), ("min", -1)):
        stated = getattr(item, key)
        bound = quantity(stated, item.field, place.context.usd_per) if stated is not None else None
        if bound is not None and past(now * over, bound * over):
            words = "over the budget" if over > 0 else "under the least expected"
            yield place.finding(
                key, item.id, f"{item.field} of {option['id']} is {plain(abs(now - bound))} {unit} {words}",
                expected=f"at {'most' if over > 0 else 'least'} {plain(bound)} {unit}", **shown,
            )  # fmt: skip
    if item.max_increase is not None or item.max_decrease is not None:
        yield from _moved(place, item, record, now, shown)


def _moved(place: Place, item: Budget, record: Record, now: Decimal, shown: dict[str, str]) -> Iterator[Finding]:
    was = _number_before(place, item, record)
    if isinstance(was, str):
        if not place.context.allow_new:
            raise MissingDataError(f"{was}; name one with --baseline: without it a change cannot be told from none")
        note = place.finding("id", item.id, f"new: {was}, so its change is not judged", **shown)
        yield replace(note, severity="note")
        return
    unit = unit_of(item.field)
    for key, sign in (("max_increase", 1), ("max_decrease", -1)):
        stated = getattr(item, key)
        allowed = _allowed(stated, was, item.field, place.context) if stated is not None else None
        moved = (now - was) * sign
        if allowed is not None and past(moved, allowed):
            frac = f" ({percent(moved / was)})" if was else ""
            yield place.finding(
                key, item.id, f"{item.field} {'rose' if sign > 0 else 'fell'} by {plain(moved)} {unit}{frac}",
                expected=f"at most {plain(allowed)} {unit} from {plain(was)} {unit}",
                arithmetic=(f"{plain(now)} - {plain(was)} = {plain(now - was)} {unit}",), **shown,
            )  # fmt: skip


def _number_before(place: Place, item: Budget, record: Record) -> Decimal | str:
    """The number in the baseline, or why there is none."""
    before = _before(place.context, record)
    if before is None:
        return f"no baseline of workload {record['workload'].get('name')!r}"
    try:
        was = number_of(option_of(before, item.option), item.field)
    except UnknownNameError:
        return f"the baseline has no option {item.option!r}"
    return f"the baseline has no {item.field}" if was is None else was


def _allowed(stated: float | str, was: Decimal, field: str, context: Context) -> Decimal:
    """A bound on a change: a share of what it was (``"10 %"``), or an amount in the field's unit."""
    value = read(stated, "" if isinstance(stated, str) else FIELDS[field], "", context.usd_per)
    return value.base * abs(was) if value.unit == "frac" else quantity(stated, field, context.usd_per)


def _before(context: Context, record: Record) -> Record | None:
    if context.baseline is None:
        return None
    return context.baseline.results.get(str(record["workload"].get("name")))


# --- verdict ----------------------------------------------------------------------------------------


def verdict(place: Place, item: Expected, record: Record) -> Iterator[Finding]:
    """Findings of one expected verdict: the tier, the option, the tier of the baseline, the margin."""
    tier, cheapest = tier_of(record), record["verdict"].get("cheapest")
    before = _before(place.context, record) if item.same_as_baseline else None
    shown = {"found": f"{tier}: {cheapest}", "evidence": str(record["verdict"].get("text") or "")}
    if item.cheapest_tier is not None and tier != item.cheapest_tier:
        yield place.finding(
            "cheapest_tier", item.id, f"the cheapest tier is {tier}, not {item.cheapest_tier}",
            expected=item.cheapest_tier, **shown,
        )  # fmt: skip
    if item.cheapest is not None and item.cheapest not in str(cheapest):
        yield place.finding("cheapest", item.id, f"the cheapest option is {cheapest}", expected=item.cheapest, **shown)
    was = tier_of(before) if before is not None else None
    if was is not None and was != tier:
        yield place.finding(
            "id", item.id, f"the verdict flipped: the cheapest tier was {was}, now it is {tier}", expected=was, **shown
        )
    if item.min_margin is not None:
        yield from _margin(place, item, record, str(cheapest))


def _margin(place: Place, item: Expected, record: Record, cheapest: str) -> Iterator[Finding]:
    """The distance from the workload's volume to the nearest crossing of the cheapest option."""
    unit = "" if isinstance(item.min_margin, str) else "frac"
    least = read(item.min_margin, unit, "", place.context.usd_per)
    if least.unit != "frac":
        raise ValueProblem("unit", f"got min_margin {item.min_margin!r}", 'a share, "20 %"')
    wanted = least.base
    volume = Decimal(repr(float(record["workload"]["requests_per_month"])))
    for each in record["breakeven"]:
        if cheapest not in (each.get("own"), each.get("versus")):
            continue
        volumes = [crossing.get("volume") for crossing in each.get("crossings") or ()]
        for crossing in (Decimal(repr(float(held))) for held in volumes if held):
            margin = abs(crossing - volume) / volume
            if past(wanted, margin):
                yield place.finding(
                    "min_margin", item.id,
                    f"break-even of {each['own']} against {each['versus']} is {percent(margin)} away",
                    expected=f"at least {percent(wanted)}", found=f"{plain(crossing)} requests/month",
                    arithmetic=(f"|{plain(crossing)} - {plain(volume)}| / {plain(volume)} = {percent(margin)}",),
                )  # fmt: skip
                break
