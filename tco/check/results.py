"""Results: what ``tco compare`` says of a workload, recomputed or read from its JSON, and what is asked of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from tco.check.context import Compare
from tco.check.item import Day, Id, Tolerance, Waivers
from tco.check.value import UsdPer, ValueProblem, canonical, read
from tco.describe.record import Record
from tco.errors import InvalidInputError, MissingDataError, Problem, UnknownNameError
from tco.files.text import read_text

# Numbers of an option that can be asked about, with the unit of each.
FIELDS: Mapping[str, str] = {
    "usd_per_month": "USD/month", "usd_per_mtok": "USD/Mtok", "usd_per_mtok_output": "USD/Mtok",
    "usd_per_request": "USD", "usd_per_correct": "USD", "n_replicas": "count", "n_gpus": "count",
    "utilisation_frac": "frac", "ttft_p95_ms": "ms", "itl_p95_ms": "ms", "output_tok_per_s": "tok/s",
}  # fmt: skip
COMPARE = "tco.compare/1"
WORDS = ("cheapest", "cheapest_tier")
CHEAPEST = "cheapest"
MAX_PROBLEMS = 20


class Asked(Record):
    """What every item about a result has: which workload (or which record of ``tco compare``), on which day."""

    id: Id
    workload: str = ""
    result: str = ""
    as_of: Day | None = None
    note: str = ""
    waive: Waivers = ()

    @model_validator(mode="after")
    def _one_source(self) -> Asked:
        if bool(self.workload) == bool(self.result):
            raise ValueError("got both or neither of workload and result; name a workload file or a compare record")
        return self


class Golden(Asked):
    """A pinned result: the value of a field of an option, or the word of the verdict."""

    option: str = CHEAPEST
    field: str = "usd_per_month"
    value: Any = None
    tolerance: Tolerance = Tolerance()


class Budget(Asked):
    """Bounds on a field of an option, and on how far it may move from the baseline."""

    option: str = CHEAPEST
    field: str = "usd_per_month"
    max: float | str | None = None
    min: float | str | None = None
    max_increase: float | str | None = None
    max_decrease: float | str | None = None


class Expected(Asked):
    """What the verdict should be: the tier, the option, the least margin to break-even."""

    cheapest_tier: str | None = Field(default=None, pattern="^(api|budget_cloud|self_hosted)$")
    cheapest: str | None = None
    min_margin: float | str | None = None
    same_as_baseline: bool = True


class _Crossing(BaseModel):
    volume: float | None = None


class _BreakEven(BaseModel):
    own: str
    versus: str
    crossings: list[_Crossing] = []


class _Workload(BaseModel):
    name: str
    requests_per_month: float = Field(gt=0, allow_inf_nan=False)


class _Line(BaseModel):
    name: str
    usd_per_month: float


class _Option(BaseModel):
    id: str
    tier: str
    reasons: list[str] = []
    ledger: list[_Line] = []


class _Verdict(BaseModel):
    cheapest: str | None
    text: str = ""


class _Provenance(BaseModel):
    as_of: str | None = None
    price_sheets: list[str] = []


class _Shape(BaseModel):
    """What the rules rely on in a record of ``tco compare``; everything else in it may be anything."""

    workload: _Workload
    options: list[_Option]
    breakeven: list[_BreakEven]
    verdict: _Verdict
    provenance: _Provenance = _Provenance()


@dataclass(frozen=True)
class Comparer:
    """Computes records of ``tco compare``, each workload and day once."""

    data: Path | None
    allow_rumoured: bool = False

    def __call__(self, workload: str, on: date) -> dict[str, Any]:
        """The record of a workload, without draws; raises TcoError."""
        from tco import evaluate
        from tco.files import scenario
        from tco.report import record

        loaded = scenario.load(workload, data=self.data, as_of=on, allow_rumoured=self.allow_rumoured, today=on)
        held: dict[str, Any] = json.loads(record.dumps(record.comparison(evaluate.run(loaded, n_draws=0))))
        return held


def record_of(asked: Asked, folder: Path, compare: Compare, on: date) -> Mapping[str, Any]:
    """The record an item is about; a path is looked for beside the file first. Raises TcoError."""
    name = asked.workload or asked.result
    beside = folder / name
    path = str(beside) if beside.is_file() else name
    return compare(path, asked.as_of or on) if asked.workload else load(Path(path))


def load(path: Path) -> Mapping[str, Any]:
    """A record of ``tco compare --json``; raises MissingDataError for anything else."""
    try:
        text = read_text(path)
    except InvalidInputError as error:
        raise MissingDataError(str(error)) from None
    return parse(text, path)


def parse(text: str, path: Path) -> Mapping[str, Any]:
    """A record of ``tco compare --json`` from its text; raises InvalidInputError for anything else."""
    try:
        held = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError([Problem(str(path), 0, 0, "", f"is not JSON: {error}")]) from None
    message = f"no record of `tco compare --json`, schema {COMPARE}"
    if not isinstance(held, dict) or held.get("schema") != COMPARE:
        raise InvalidInputError([Problem(str(path), 0, 0, "", message)])
    try:
        _Shape.model_validate(held)
    except ValidationError as error:
        problems = [
            Problem(str(path), 0, 0, ".".join(map(str, each["loc"])), f"{each['msg']}; {message}")
            for each in error.errors(include_url=False)[:MAX_PROBLEMS]
        ]
        raise InvalidInputError(sorted(problems)) from None
    return held


def _no_number(text: str) -> float:
    raise ValueError(f"got {text}; expected a number or null")


def option_of(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The option of an id, or a part of it that fits only one, or ``cheapest``. Raises UnknownNameError."""
    if name == CHEAPEST:
        name = str(record["verdict"].get("cheapest"))
    options = [each for each in record["options"] if isinstance(each, dict)]
    exact = [each for each in options if each.get("id") == name]
    found = exact or [each for each in options if name in str(each.get("id"))]
    if len(found) != 1:
        known = [str(each.get("id")) for each in options]
        raise UnknownNameError("option" if not found else "single option", name, known, "tco compare")
    return found[0]


def provenance_of(record: Mapping[str, Any]) -> str:
    """The day and the price sheets of a record."""
    held = record.get("provenance") or {}
    return f"as of {held.get('as_of')}, prices {', '.join(map(str, held.get('price_sheets') or ()))}"


def tier_of(record: Mapping[str, Any]) -> str | None:
    """The tier of the cheapest option; None where none can serve the workload."""
    cheapest = record["verdict"].get("cheapest")
    return next((str(each.get("tier")) for each in record["options"] if each.get("id") == cheapest), None)


def number_of(option: Mapping[str, Any], field: str) -> Decimal | None:
    """The number of a field in the canonical unit of it, None where there is none."""
    held = option.get(field)
    if isinstance(held, bool) or not isinstance(held, int | float) or not isfinite(held):
        return None
    return Decimal(repr(held)) * canonical(FIELDS[field])[1]


def unit_of(field: str) -> str:
    """The canonical unit of a field; raises ValueProblem with suggestions for a field nobody has."""
    if field not in FIELDS:
        raise ValueProblem("unit", f"got field {field!r}", f"one of: {', '.join((*FIELDS, *WORDS))}")
    return canonical(FIELDS[field])[0]


def quantity(raw: Any, field: str, usd_per: UsdPer) -> Decimal:
    """A bound in the canonical unit of a field: a bare number is in the field's own. Raises ValueProblem."""
    unit = unit_of(field)
    value = read(raw, "" if isinstance(raw, str) and not _bare(raw) else FIELDS[field], "", usd_per)
    if value.unit != unit:
        raise ValueProblem("unit", f"got {raw!r}, which is {value.unit}", unit)
    return value.base


def _bare(text: str) -> bool:
    try:
        Decimal(text)
    except ArithmeticError:
        return False
    return True
