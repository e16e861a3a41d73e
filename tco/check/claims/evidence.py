"""What is known: facts with source and date, the price sheet, profiles and scores, as readings of a quantity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

from tco.check.claims.quantity import Quantity, quantity, shown
from tco.check.claims.record import Fact, FactsFile, Family
from tco.check.claims.titles import titles
from tco.check.claims.vocabulary import KINDS
from tco.check.context import Context
from tco.describe.hardware import Hardware
from tco.describe.model import Model

When = Literal["now", "past", "later", "rumour"]

# A claim that names one of these is about nothing else: a fact without the key is no evidence for it.
IDENTITY = frozenset({
    "model", "over", "hardware", "over_hardware", "benchmark", "technique", "of", "part", "org", "what", "study",
    "plan",
    "statistic", "strategy", "setting", "basis", "params", "meter", "with",
})  # fmt: skip
RANK = {"official": 0, "vendor": 0, "measured": 1, "quoted": 2, "secondary": 2, "estimate": 3, "rumoured": 4}
NEAR = timedelta(days=400)  # what a market asks within this time says something about a claim
MODEL_KEYS = ("model", "over")
HARDWARE_KEYS = ("hardware", "over_hardware")


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing that is known about a quantity.

    ``open``: keys the evidence has and the claim leaves open, with their values here; ``dropped``: conditions the
    claim leaves out; ``among``: the narrower population. ``is_spread``: a market's range, in which a claim may lie.
    """

    value: Quantity | str
    label: str
    source: str
    when: When = "now"
    since: date | None = None
    rank: int = 2
    open: tuple[tuple[str, str], ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()
    among: str = ""
    is_spread: bool = False

    def __str__(self) -> str:
        at = f" since {self.since}" if self.since else ""
        value = self.value if isinstance(self.value, str) else shown(self.value.low, self.value.high, self.value)
        bound = (
            "" if isinstance(self.value, str) or self.value.bound == "is" else f"{self.value.bound.replace('_', ' ')} "
        )
        extra = ", ".join(f"{key} {value}" for key, value in self.open)
        return f"{self.label}{f' ({extra})' if extra else ''}: {bound}{value}{at} [{self.source}]"


def plain(text: str) -> str:
    """A name for comparison: lower case, words joined by hyphens."""
    return "-".join(text.lower().replace("_", " ").replace("-", " ").split())


@dataclass
class Evidence:
    """Everything known on a day, asked for by quantity and description."""

    context: Context
    files: tuple[FactsFile, ...] = ()
    own_sources: tuple[str, ...] = ()

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """Facts by id; of two with one id the file named last counts."""
        return {fact.id: fact for file in self.files for fact in file.facts}

    @cached_property
    def families(self) -> dict[str, Family]:
        """Looser names of models, by every spelling."""
        found: dict[str, Family] = {}
        for file in self.files:
            for name, family in file.families.items():
                for spelling in (name, *family.aliases):
                    found[plain(spelling)] = family
        return found

    @cached_property
    def _by_kind(self) -> Mapping[str, tuple[Fact, ...]]:
        found: dict[str, list[Fact]] = {}
        for fact in self.facts.values():
            found.setdefault(fact.quantity, []).append(fact)
        return {kind: tuple(facts) for kind, facts in found.items()}

    def model(self, name: str) -> str:
        """The id a model is known by; the name itself, plainly written, for one nobody profiled."""
        return self._model_names.get(plain(name), plain(name))

    def profile(self, name: str) -> Model | None:
        """The profile of a model by any of its names, or None."""
        return self.context.catalogue.profiled(self.model(name))

    def hardware(self, name: str) -> str:
        """The id a machine is known by."""
        return self._machine_names.get(plain(name), plain(name))

    def machine(self, name: str) -> Hardware | None:
        """The profile of a machine by any of its names, or None."""
        known = self.hardware(name)
        return self.context.catalogue.hardware(known) if known in self.machine_titles else None

    @cached_property
    def machine_titles(self) -> dict[str, tuple[str, ...]]:
        """Names of every machine, by id."""
        return titles(self.context.catalogue, "hardware_profiles")

    @cached_property
    def model_titles(self) -> dict[str, tuple[str, ...]]:
        """Names of every model, by id."""
        return titles(self.context.catalogue, "model_profiles")

    @cached_property
    def _machine_names(self) -> dict[str, str]:
        return _by_name(self.machine_titles)

    @cached_property
    def _model_names(self) -> dict[str, str]:
        return _by_name(self.model_titles)

    def models(self, name: str, on: date) -> tuple[str, ...]:
        """What a name stands for on a day: its family's members (before them, those it began with), or the model."""
        family = self.families.get(plain(name))
        if family is None or not family.members:
            return (self.model(name),)
        held = [each for each in family.members if each.since <= on and (each.until is None or on < each.until)]
        held = held or [each for each in family.members if each.since == min(one.since for one in family.members)]
        return tuple(self.model(each.model) for each in (held[-1:] if family.successive else held))

    def predecessors(self, name: str, on: date) -> tuple[str, ...]:
        """What a successive name stood for before that day, the latest first."""
        family = self.families.get(plain(name))
        if family is None or not family.successive:
            return ()
        now = self.models(name, on)
        earlier = [self.model(each.model) for each in family.members if each.since <= on]
        return tuple(each for each in reversed(earlier) if each not in now)

    def is_loose(self, name: str) -> bool:
        """Whether a name stands for several models at a time."""
        family = self.families.get(plain(name))
        return family is not None and not family.successive

    def canonical(self, key: str, value: str, on: date) -> tuple[str, ...]:
        """The spellings under which facts may know a value of ``about``."""
        if key in MODEL_KEYS:
            return (*self.models(value, on), plain(value))
        return (self.hardware(value),) if key in HARDWARE_KEYS else (plain(value),)

    def of_facts(self, kind: str, about: Mapping[str, str], on: date) -> list[Reading]:
        """Readings of the facts that bear on a description."""
        found = [fact for fact in self._by_kind.get(kind, ()) if self._bears(fact, about, on)]
        return [self._reading(fact, about, on, found) for fact in found if fact.source not in self.own_sources]

    def _bears(self, fact: Fact, about: Mapping[str, str], on: date) -> bool:
        for key, value in about.items():
            held = fact.about.get(key) or fact.given.get(key)
            if held is None:
                if key in IDENTITY:
                    return False
                continue
            mine = self.canonical(key, value, on)
            if not any(theirs in mine for theirs in self.canonical(key, held, on)):
                return False
        shared = IDENTITY & fact.about.keys() & about.keys()
        return bool(shared) or not IDENTITY & fact.about.keys()

    def _reading(self, fact: Fact, about: Mapping[str, str], on: date, rivals: Iterable[Fact]) -> Reading:
        newer = [
            other.since for other in rivals
            if other.about == fact.about and other.given == fact.given and other.since and fact.since
            and fact.since < other.since <= on and other.grade != "rumoured"
        ]  # fmt: skip
        when: When = "now"
        if fact.grade == "rumoured":
            when = "rumour"
        elif newer or (fact.until and fact.until <= on):
            when = "past"
        elif (fact.since and fact.since > on) or (kind_is_spread(fact.quantity) and on + NEAR < fact.as_of):
            when = "later"
        value: Quantity | str = fact.value
        if fact.quantity != "is" and fact.value not in KINDS[fact.quantity].words:
            value = quantity(fact.value)
        name = fact.evidence or fact.id
        return Reading(
            value, fact.id, f"{name}: {fact.source}" if fact.evidence else fact.source, when, fact.since,
            RANK[fact.grade],
            tuple((key, held) for key, held in fact.about.items() if key not in about and key not in ("what", "org")),
            tuple((key, held) for key, held in fact.given.items() if key not in about),
            fact.among or "" if plain(fact.among or "") != plain(about.get("among", "")) else "",
            kind_is_spread(fact.quantity),
        )  # fmt: skip


def _by_name(held: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Ids by each spelling; an id before another profile's alias."""
    found = {plain(name): name for name in held}
    for name, spellings in held.items():
        for spelling in spellings:
            found.setdefault(plain(spelling), name)
    return found


def kind_is_spread(kind: str) -> bool:
    """Whether evidence of a kind is a market's spread rather than one value."""
    return kind in ("rental", "purchase")
