"""What is asked of results, by files and by ``tco.toml``: pinned values here, bounds and verdicts in ``bounds``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tco.check import bounds
from tco.check.changes import changes
from tco.check.context import Context
from tco.check.finding import Finding, of_problem
from tco.check.item import records
from tco.check.place import Place, past
from tco.check.results import (
    CHEAPEST,
    WORDS,
    Asked,
    Budget,
    Expected,
    Golden,
    number_of,
    option_of,
    provenance_of,
    quantity,
    record_of,
    tier_of,
    unit_of,
)
from tco.check.settings import Settings
from tco.check.value import ValueProblem, percent, plain
from tco.errors import InvalidInputError, Problem, TcoError, UnknownNameError
from tco.files.explain import findings
from tco.files.marks import Document

GOLDEN_TOLERANCE = Decimal("0.001")
CLASSES: Mapping[str, type[Asked]] = {"golden": Golden, "budget": Budget, "verdict": Expected}
RECORD = "each record of tco compare"
Record = Mapping[str, Any]


def check(document: Document, key: str, context: Context) -> tuple[list[Finding], int]:
    """Findings of every item under ``golden``, ``budget`` or ``verdict``, and how many there are."""
    held, found = records(document, key, CLASSES[key])
    for loc, item in held:
        try:
            record = record_of(item, Path(document.path).parent, context.compare, context.as_of)
            found += list(of_item(Place(document, loc, key, context), item, record))
        except TcoError as error:
            context.fail(document, loc, item.id, error)
    return found, len(held)


def of_record(record: Record, path: Path, context: Context) -> tuple[list[Finding], int]:
    """What the settings ask of every result, applied to one record of ``tco compare``."""
    document = Document(str(path), {})
    context.records.append(str(path))
    before = context.baseline.results.get(str(record["workload"]["name"])) if context.baseline else None
    if context.baseline is not None or context.allow_new:
        context.changes.extend(changes(before, record))
    found: list[Finding] = []
    asked = of_settings(context.settings)
    if not any(rule == "verdict" for rule, _ in asked):
        asked.append(("verdict", Expected(id="verdict", result=RECORD)))
    for rule, item in asked:
        try:
            found += list(of_item(Place(document, (), rule, context), item, record))
        except TcoError as error:
            context.fail(document, (), item.id, error)
    return found, len(asked)


def of_settings(settings: Settings) -> list[tuple[str, Asked]]:
    """The items that ``tco.toml`` asks of every record. Raises InvalidInputError with every problem."""
    found: list[tuple[str, Asked]] = []
    problems: list[Problem] = []
    for rule, tables in (("budget", settings.budgets), ("verdict", settings.verdicts)):
        for index, stated in enumerate(tables):
            name = f"check.{rule}" + (f" {index + 1}" if len(tables) > 1 else "")
            raw = {"id": f"{name} of tco.toml", "result": RECORD, **stated}
            try:
                found.append((rule, CLASSES[rule].model_validate(raw)))
            except ValidationError as error:
                problems += [
                    Problem("tco.toml", 0, 0, ".".join((name, *map(str, each.loc))), each.message)
                    for each in findings(error, CLASSES[rule], raw)
                ]
    if problems:
        raise InvalidInputError(problems)
    return found


def of_item(place: Place, item: Asked, record: Record) -> Iterator[Finding]:
    """Findings of one item about one record."""
    if record["verdict"].get("cheapest") is None and _asks_the_cheapest(item):
        yield place.finding("id", item.id, "no option can serve the workload", expected="a cheapest option")
        return
    try:
        yield from RULES[place.rule](place, item, record)
    except ValueProblem as problem:
        message = f"{problem}; expected {problem.expected}" if problem.expected else str(problem)
        yield of_problem(place.document.problem(place.loc, f"{item.id}: {message}"))
    except UnknownNameError as error:
        yield place.finding("option", item.id, str(error), expected="an option of the result")


def _asks_the_cheapest(item: Asked) -> bool:
    """Whether an item cannot be answered without a cheapest option; that there is none can be pinned."""
    if isinstance(item, Golden | Budget):
        return item.option == CHEAPEST and item.field not in WORDS
    return True


# --- golden -----------------------------------------------------------------------------------------


def _golden(place: Place, item: Golden, record: Record) -> Iterator[Finding]:
    if item.field in WORDS:
        verdict = record["verdict"]
        found = verdict.get("cheapest") if item.field == "cheapest" else tier_of(record)
        if found != item.value:
            yield place.finding(
                "value", item.id, f"{item.field} is now {found}", expected=str(item.value), found=str(found)
            )
        return
    if item.value is None:
        yield place.finding("id", item.id, "no value is pinned", expected=f"value: a number in {unit_of(item.field)}")
        return
    wanted, option = quantity(item.value, item.field, place.context.usd_per), option_of(record, item.option)
    now, unit = number_of(option, item.field), unit_of(item.field)
    if now is None:
        why = "; ".join(map(str, option.get("reasons") or ())) or "the option has none"
        yield place.finding(
            "value", item.id, f"{item.field} of {option['id']} is not there: {why}", expected=f"{plain(wanted)} {unit}"
        )
        return
    if past(abs(now - wanted), _golden_tolerance(item, wanted, place)):
        change = percent((now - wanted) / wanted) if wanted else "from 0"
        yield place.finding(
            "value", item.id, f"{item.field} of {option['id']} moved by {change}",
            expected=f"{plain(wanted)} {unit}", found=f"{plain(now)} {unit}", evidence=provenance_of(record),
            arithmetic=_ledger(option) if item.field == "usd_per_month" else (),
        )  # fmt: skip


def _golden_tolerance(item: Golden, wanted: Decimal, place: Place) -> Decimal:
    own = item.tolerance
    found = [Decimal(repr(own.rel)) * abs(wanted)] if own.rel is not None else []
    found += [quantity(own.abs, item.field, place.context.usd_per)] if own.abs is not None else []
    return max(found) if found else GOLDEN_TOLERANCE * abs(wanted)


def _ledger(option: Record) -> tuple[str, ...]:
    lines = [each for each in option.get("ledger") or () if isinstance(each, dict)]
    shown = [f"{each.get('name')}: {float(each.get('usd_per_month') or 0):,.2f} USD/month" for each in lines]
    return tuple(shown[:8])


RULES: Mapping[str, Callable[[Place, Any, Record], Iterator[Finding]]] = {
    "golden": _golden, "budget": bounds.budget, "verdict": bounds.verdict,
}  # fmt: skip
