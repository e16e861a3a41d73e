"""The verdict on a claim: each quantity it states, by its own formula, by the evidence, by what stands beside it.

The procedure is docs/claims.md, "How the verdict is reached"; nothing in it knows a claim by its id.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from tco.check.claims import derive, prices
from tco.check.claims.book import Book
from tco.check.claims.evidence import Evidence
from tco.check.claims.fit import fits
from tco.check.claims.formulas import NAMED
from tco.check.claims.known import readings, unborn
from tco.check.claims.outcome import Outcome, Verdict, worst
from tco.check.claims.quantity import Quantity, quantity, spell
from tco.check.claims.record import Claim, Derivation, Inputs, Source, Statement
from tco.check.claims.relation import relate
from tco.check.claims.rivals import rivals
from tco.check.claims.vocabulary import KINDS
from tco.check.claims.weigh import doubled, slower, weigh


class NothingKnownError(ValueError):
    """An input that should be looked up, and that nothing answers."""


MANY = re.compile(r"@\s*(\d+)$")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A claim with its verdict."""

    claim: Claim
    outcome: Outcome

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        return self.outcome.verdict


@dataclass
class Judge:
    """Judges the claims of a book, each once."""

    book: Book
    evidence: Evidence
    _done: dict[str, Judgement] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def all(self) -> list[Judgement]:
        """Every claim's verdict, in file order."""
        return [self.judgement(name) for name in self.book.claims]

    def judgement(self, name: str) -> Judgement:
        """The verdict on one claim; raises ValueError where claims rest on each other in a circle."""
        if name in self._open:
            raise ValueError(f"{' rests on '.join((*self._open, name))}: a circle")
        if name not in self._done:
            self._open.append(name)
            try:
                claim = self.book.claims[name]
                beside = self.book.beside(claim)
                found = [each for state in claim.states for each in self.statement(state, self.book.day(claim), beside)]
                self._done[name] = Judgement(claim, worst(found))
            finally:
                self._open.pop()
        return self._done[name]

    def statement(self, state: Statement, on: date, beside: list[tuple[str, Statement]]) -> list[Outcome]:
        """Everything that speaks about one quantity."""
        stated = value_of(state)
        misfit = self._dimension(state, stated, on)
        if misfit is not None:
            return [misfit]
        found = []
        if state.formula:
            found.append(derive.judge(stated, state.formula, self._inputs(state.formula, state.from_, on)))
        known = self._known(state, stated, on)
        if known is not None and not (
            found and found[0].verdict == "consistent" and known.verdict == "needs_assumption"
        ):
            found.append(known)
        found += [self._compared(stated, each, on) for each in state.compare]
        if not found:  # what arithmetic or evidence decides is not overruled by what stands beside it
            found += rivals(state, stated, beside)
        gap = self._gap(state, bool(found))
        return [*found, gap] if gap else found

    def _dimension(self, state: Statement, stated: Quantity | str, on: date) -> Outcome | None:
        kind = KINDS[state.quantity]
        if isinstance(stated, str):
            return None
        if kind.dims is not None and stated.dims not in kind.dims:
            wanted = " or ".join(spell(dims) for dims in kind.dims[:2])
            lines = [f"{stated} is {spell(stated.dims)}; {kind.says} is {wanted}"]
            known = readings(self.evidence, state.quantity, state.about, on)
            same = [each for each in known if _same_digits(stated, each.value)]
            lines += [f"the same digits: {each}" for each in same[:1]]
            return Outcome("unit_error", tuple(lines))
        free = state.quantity == "price" and not stated.high and not state.formula
        model = self.evidence.profile(state.about["model"]) if free and "model" in state.about else None
        if model is not None and model.weights == "open":
            note = f"a licence of 0 is not a price per token: {model.id} has to be hosted, and its machine costs money"
            return Outcome("unit_error", (note,), (f"profile {model.id}",), math.inf)
        return None

    def _known(self, state: Statement, stated: Quantity | str, on: date) -> Outcome | None:
        if state.quantity == "price" and isinstance(stated, Quantity) and "model" not in state.about:
            return prices.implausible(stated)
        if state.quantity == "fits":
            return fits(self.evidence, str(stated), state.about, on)
        if state.quantity == "price" and isinstance(stated, Quantity) and "model" in state.about:
            facts = weigh(stated, self.evidence.of_facts("price", state.about, on))
            rows = prices.listed(self.evidence, state.about, on)
            if rows:
                return prices.judge(stated, state.about, rows, on)
            if facts is None and not self.evidence.is_loose(state.about["model"]):
                return unborn(self.evidence, state.about, on)
            return _one_of_several(facts, self.evidence.is_loose(state.about["model"]))
        about = state.about
        if "n_gpus" in about and state.quantity in MACHINE_KINDS:
            return None  # of several machines: by its derivation
        if state.quantity == "gain" and isinstance(stated, Quantity) and stated.unit.startswith("point"):
            about = {"basis": "points", **about}
        known = readings(self.evidence, state.quantity, about, on)
        if state.quantity == "throughput" and isinstance(stated, Quantity):
            return slower(stated, known)
        if state.quantity == "compute" and isinstance(stated, Quantity):
            return doubled(stated, known)
        if state.quantity == "saving":
            return weigh(_times(stated), [replace(each, value=_times(each.value)) for each in known])
        return weigh(stated, known)

    def _compared(self, stated: Quantity | str, other: Derivation, on: date) -> Outcome:
        found = derive.judge(
            stated, other.formula, self._inputs(other.formula, other.from_, on), "counting what else is said: "
        )
        if found.verdict in ("arithmetic_error", "unit_error"):
            sources = tuple(source.claim or source.fact or name for name, source in other.from_.items())
            lines = tuple(line.replace("its own inputs give", "counting that gives") for line in found.lines)
            return Outcome("contradicts", lines, sources, found.off)
        return found

    def _gap(self, state: Statement, is_decided: bool) -> Outcome | None:
        many = MANY.search(state.about.get("setting", ""))
        if many and int(many[1]) > 1 and "tokens_per_sample" not in state.about:
            note = f"a score of {many[1]} samples says nothing about cost until the tokens of a sample are known"
            return Outcome("needs_assumption", (note,))
        needs = [key for key in KINDS[state.quantity].needs if not _gives(state.about, key)]
        loose = [key for key in ("model", "over") if key in state.about and self.evidence.is_loose(state.about[key])]
        if is_decided or not (needs or loose):
            return None
        note = f"missing: {', '.join(needs)}" if needs else f"{state.about[loose[0]]} stands for several models"
        return Outcome("needs_assumption", (note,))

    def _inputs(self, formula: str, sources: Inputs, on: date) -> derive.Inputs:
        found = derive.Inputs()
        for name, source in sources.items():
            self._input(found, name, source, on)
        derive.complete(formula, found, ASSUMED)
        return found

    def _input(self, found: derive.Inputs, name: str, source: Source, on: date) -> None:
        if source.unknown:
            found.unknown[name] = quantity(source.unknown)
        elif source.one_of:
            found.choices[name] = {label: quantity(text) for label, text in source.one_of.items()}
        elif source.assumed:
            found.known[name], found.assumed[name] = quantity(source.assumed), source.assumed
        elif source.claim:
            self._from_claim(found, name, source)
        elif source.fact:
            fact = self.evidence.facts.get(source.fact)
            if fact is None:
                raise ValueError(f"{name}: no fact {source.fact!r}")
            found.known[name] = quantity(fact.value)
        elif source.value:
            found.known[name] = quantity(source.value)
            if source.quantity:
                state = Statement(quantity=source.quantity, value=source.value, about=source.about)
                found.inherited[name] = worst(self.statement(state, on, [])).verdict
        else:
            held = self._looked_up(found, name, source, on)
            (found.known if held.bound == "is" else found.unknown)[name] = replace(held, bound="is")

    def _from_claim(self, found: derive.Inputs, name: str, source: Source) -> None:
        state = self.book.statement(source.claim or "", source.state)
        if state is None:
            raise ValueError(f"{name}: no claim {source.claim!r} with a state {source.state}")
        found.known[name] = quantity(state.value)
        if source.claim in self.book.claims:
            found.inherited[name] = self.judgement(source.claim).verdict

    def _looked_up(self, found: derive.Inputs, name: str, source: Source, on: date) -> Quantity:
        kind, about = source.quantity or "", source.about
        if kind == "price" and "model" in about:
            listed = prices.current(self.evidence, about, on)
            held = [value for _, value in listed]
            found.found += [f"{name}: {row}" for row, _ in listed[:MAX_FOUND]]
        else:
            seen = [each for each in readings(self.evidence, kind, about, on) if each.when == "now"]
            held = [each.value for each in seen if isinstance(each.value, Quantity)]
            found.found += [f"{name}: {each}" for each in seen[:MAX_FOUND]]
        if not held:
            raise NothingKnownError(f"{name}: nothing is known about this {kind} on {on}")
        like = held[0]
        low, high = min(each.low for each in held), max(each.high for each in held)
        # "More than 100" leaves open how much more: searched up to ten times as far.
        if any(each.bound in ("at_least", "more_than") for each in held):
            return Quantity(low, high * OPEN_ENDED, like.dims, like.unit, like.factor, 0.0, "at_least")
        return Quantity(low, high, like.dims, like.unit, like.factor)


OPEN_ENDED = 10.0
MAX_FOUND = 3
ASSUMED = {
    text: quantity(text)
    for named in NAMED.values() for gap in named.missing.values()
    for text in (gap.plausible, gap.assumed, gap.usual) if text
}  # fmt: skip


def value_of(state: Statement) -> Quantity | str:
    """The stated value as a quantity, or the word it is."""
    if state.quantity == "is" or state.value in KINDS[state.quantity].words:
        return state.value
    found = quantity(state.value)
    is_share = state.quantity == "saving" and found.unit in ("%", "percent") and found.high <= 1
    return replace(found, saved="share") if is_share else found


def _same_digits(stated: Quantity, known: Quantity | str) -> bool:
    return isinstance(known, Quantity) and relate(stated, known.low, known.high) == "agrees"


def _times(stated: Quantity | str) -> Quantity | str:
    """A saving in percent as the ratio it is: 40% less is 1 / (1 - 0.4) times cheaper."""
    if isinstance(stated, str) or stated.factor == 1.0 or stated.high >= 1:
        return stated
    saved: Literal["", "times"] = "times" if stated.saved else ""
    return replace(stated, low=1 / (1 - stated.low), high=1 / (1 - stated.high), unit="x", factor=1.0, saved=saved)


MACHINE_KINDS = ("memory", "bandwidth", "compute", "power")
# Keys that answer for another one.
SAME = {"model": ("params", "study"), "baseline": ("over", "over_hardware")}


def _gives(about: dict[str, str], key: str) -> bool:
    return any(each in about for each in (key, *SAME.get(key, ())))


def _one_of_several(found: Outcome | None, is_loose: bool) -> Outcome | None:
    return (
        Outcome("needs_assumption", found.lines, found.against)
        if found and is_loose and found.verdict == "consistent"
        else found
    )
