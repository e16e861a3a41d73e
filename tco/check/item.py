"""The items of a file: assumptions as records, each with the place it stands at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field

from tco.check.finding import Finding, of_problem
from tco.describe.record import Record
from tco.errors import InvalidInputError
from tco.files.explain import Loc, shown
from tco.files.marks import Document, validate

R = TypeVar("R", bound=Record)
Grade = Literal["official", "vendor", "quoted", "secondary", "estimate", "rumoured"]
Topic = Literal["price", "hardware", "electricity", "other"]


def _day(raw: object) -> object:
    try:
        return date.fromisoformat(raw) if isinstance(raw, str) else raw
    except ValueError:
        raise ValueError(f"got {raw!r}, which is no date; expected one such as 2026-11-22") from None


def _several(raw: object) -> object:
    return (raw,) if isinstance(raw, dict) else raw


Day = Annotated[date, BeforeValidator(_day)]  # JSON has only text, and YAML may have it in quotes
Id = Annotated[str, Field(min_length=1, max_length=200)]


class Source(Record):
    """Where a value was read, and the words that state it."""

    url: str = ""
    quote: str = ""


class Tolerance(Record):
    """How far a value may lie from the sheet's: a share, or an amount in the value's unit."""

    rel: float | None = Field(default=None, ge=0)
    abs: float | str | None = None


class Waiver(Record):
    """Who answers for a finding of a rule, why, and until when."""

    rule: str
    owner: str = ""
    reason: str = ""
    until: Day | None = None


Waivers = Annotated[tuple[Waiver, ...], BeforeValidator(_several)]


class TokenSubject(Record):
    """A token price: provider, model, meter and the product it is of."""

    model: str
    meter: str
    provider: str | None = None
    processing: Literal["standard", "batch"] = "standard"
    service_tier: Literal["standard", "flex", "priority"] = "standard"


class HardwareSubject(Record):
    """A field of a hardware profile: price, memory_gb, bandwidth_gb_per_s, max_w, tflops.bf16, …"""

    hardware: str
    field: str


class RentalSubject(Record):
    """The rent of a GPU-hour."""

    rental: str
    provider: str | None = None
    plan: Literal["on_demand", "spot", "reserved_1y", "reserved_3y", "serverless"] = "on_demand"


class TariffSubject(Record):
    """The electricity price of a country, region and sector."""

    electricity: str
    region: str | None = None
    sector: Literal["commercial", "industrial", "non-household", "residential"] | None = None


class FacilitySubject(Record):
    """A row of facility.yaml."""

    facility: str


SubjectRecord = TokenSubject | HardwareSubject | RentalSubject | TariffSubject | FacilitySubject


class Assumption(Record):
    """One assumption: what it asserts, its value, where that is from and how sure it is."""

    id: Id
    subject: str | SubjectRecord | None = None
    value: Any = None
    unit: str = ""
    currency: str = ""
    source: str | Source = ""
    retrieved_at: Day | None = None
    verified_at: Day | None = None
    valid_until: Day | None = None
    owner: str = ""
    grade: Grade | None = None
    tolerance: Tolerance = Tolerance()
    topic: Topic | None = None
    max_age_days: float | None = Field(default=None, gt=0)
    decision_critical: bool = False
    free: bool = False
    output_below_input: bool = False
    note: str = ""
    waive: Waivers = ()

    @property
    def cited(self) -> str:
        """The source in words."""
        return self.source if isinstance(self.source, str) else self.source.url or self.source.quote


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry of a list (or map) of a document, not yet read."""

    loc: Loc
    raw: dict[str, Any]


def entries(document: Document, key: str) -> tuple[list[Placed], list[Finding]]:
    """The mappings under a key, as a list or by id, and what is wrong with the others."""
    held = document.data.get(key)
    if isinstance(held, dict):
        parts: Iterator[tuple[str | int, Any]] = iter(held.items())
        for name, raw in held.items():
            if isinstance(raw, dict):
                raw.setdefault("id", name)
    elif isinstance(held, tuple):
        parts = iter(enumerate(held))
    else:
        return [], [of_problem(document.problem((key,), f"got {shown(held)}; expected a list of items"))]
    found, wrong = [], []
    for part, raw in parts:
        if isinstance(raw, dict):
            found.append(Placed((key, part), raw))
        else:
            wrong.append(of_problem(document.problem((key, part), f"got {shown(raw)}; expected a mapping with an id")))
    return found, wrong


def records(document: Document, key: str, record_class: type[R]) -> tuple[list[tuple[Loc, R]], list[Finding]]:
    """The records under a key with their places, and a finding for every entry that is none or repeats an id."""
    placed, wrong = entries(document, key)
    readable = replace(document, problems=())
    found: list[tuple[Loc, R]] = []
    firsts: dict[str, Loc] = {}
    for each in placed:
        try:
            record = record_class.model_validate(each.raw)
        except ValueError:
            wrong += _explained(readable, record_class, each.loc)
            continue
        name = str(getattr(record, "id", ""))
        if name in firsts:
            line = document.mark(firsts[name])[0]
            message = f"id {name!r} is taken by the item on line {line}; give each item its own"
            wrong.append(of_problem(document.problem((*each.loc, "id"), message)))
            continue
        firsts[name] = each.loc
        found.append((each.loc, record))
    return found, wrong


def _explained(document: Document, record_class: type[Record], loc: Loc) -> list[Finding]:
    try:
        validate(document, record_class, at=loc)
    except InvalidInputError as error:
        return [of_problem(problem) for problem in error.problems]
    return []
