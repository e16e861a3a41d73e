"""A plain sentence: parsed, echoed as it was understood, judged; refused with an example where it is not understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from tco.check.claims.book import Book, shipped_facts
from tco.check.claims.chunks import MAX_SENTENCE, Chunk, chunks, names
from tco.check.claims.evidence import Evidence, plain
from tco.check.claims.grammar import parses
from tco.check.claims.judge import Judge, Judgement, NothingKnownError
from tco.check.claims.loose import loose
from tco.check.claims.meaning import MEANINGS
from tco.check.claims.outcome import Outcome
from tco.check.claims.periods import Period, period
from tco.check.claims.record import Claim
from tco.check.claims.shapes import ANY, SHAPES, Shape
from tco.check.claims.spans import days_of, over
from tco.check.claims.told import Raw, Told
from tco.check.claims.wording import in_usd, reworded
from tco.check.context import Context
from tco.errors import TcoError, UnknownNameError, UsageError

MAX_EXAMPLES = 3
MAX_WORDS = 4
UNIT_GUESSED = ("price", "two_prices", "in_and_out")  # amounts beside a model, as price lists print them


@dataclass(frozen=True, slots=True)
class Understood:
    """A sentence with the shape it was read as, the days it is held to, and the verdict.

    ``on`` is the day whose verdict stands; ``period`` the days the sentence speaks of; ``notes`` what was converted.
    """

    sentence: str
    shape: str
    on: date
    judgement: Judgement
    period: Period | None = None
    notes: tuple[str, ...] = ()

    @property
    def states(self) -> list[dict[str, Any]]:
        """The statements as they would stand in a claims file."""
        return [state.model_dump(by_alias=True, exclude_defaults=True) for state in self.judgement.claim.states]

    @property
    def echo(self) -> list[str]:
        """How it was understood, one statement a line."""
        return [*(_spoken(state) for state in self.states), *self.notes]


def understand(sentence: str, context: Context) -> Understood:
    """Parse and judge a sentence; raises UsageError, with examples, for one the grammar does not know."""
    if len(sentence) > MAX_SENTENCE:
        raise UsageError(f"--claim: got {len(sentence)} characters; expected a sentence of at most {MAX_SENTENCE}")
    evidence = Evidence(context, shipped_facts())
    held, rest = period(sentence)
    if held is not None and held.first > context.as_of:
        raise UsageError(f"--claim: {sentence!r}: {held.words!r} lies after {context.as_of}, the day of the check")
    rest, notes = in_usd(rest, context.usd_per)
    row, strange = _row(reworded(rest), evidence, context)
    shapes = parses(row) if not strange else []
    if not shapes:
        words = loose(rest)
        if words is None:
            raise UsageError(_refusal(sentence, row, strange))
        state = {**words.state, "about": words.state["about"] | ({"year": str(held.first.year)} if held else {})}
        return _judged(sentence, words.name, lambda _: [state], evidence, held, notes)
    shape, slots = shapes[0]
    is_guess = shape.name in UNIT_GUESSED and "PRICE" not in slots
    notes += ["per 1M tokens is not stated"] if is_guess else []
    found = _judged(
        sentence, shape.name, lambda on: MEANINGS[shape.name](Told(slots, evidence, on)), evidence, held, notes
    )
    return _unit_open(found) if is_guess and found.judgement.verdict == "unit_error" else found


def _unit_open(found: Understood) -> Understood:
    """A price whose unit nobody stated, off by a power of 1000: the unit is what is missing."""
    outcome = found.judgement.outcome
    lines = (*outcome.lines, "the sentence does not say for how many tokens")
    open_unit = replace(outcome, verdict="needs_assumption", lines=lines)
    return replace(found, judgement=Judgement(found.judgement.claim, open_unit))


def _row(text: str, evidence: Evidence, context: Context) -> tuple[list[Chunk], list[str]]:
    """The chunks; names nobody profiled are looked for in the price files only where nothing else explains a word."""
    found, strange = chunks(text, names(evidence))
    if strange or not parses(found):
        known = dict(names(evidence, with_offers=True))
        known |= {plain(word): ("MODEL", word) for word in strange[:MAX_WORDS] if _is_sold(word, context)}
        return chunks(text, known)
    return found, strange


def _judged(
    sentence: str, shape: str, meaning: Callable[[date], list[Raw]], evidence: Evidence, held: Period | None,
    notes: list[str],
) -> Understood:  # fmt: skip
    """The verdict on the day that speaks for the sentence, among the days of its period."""
    context = evidence.context

    def judged(on: date) -> Judgement:
        claim = Claim.model_validate({"id": "claim", "quote": sentence, "date": on, "states": tuple(meaning(on))})
        try:
            book = Book({claim.id: claim}, {}, shipped_facts(), context.as_of)
            return Judge(book, evidence).judgement(claim.id)
        except NothingKnownError as error:
            return Judgement(claim, Outcome("unverifiable", (str(error),)))

    try:
        first = judged(min(held.last, context.as_of) if held else context.as_of)
        if held is None or held.is_day:
            return Understood(sentence, shape, first.claim.date or context.as_of, first, held, tuple(notes))
        days = days_of(held, first.claim, evidence)
        on, judgement, line = over(held, [(day, judged(day)) for day in days])
    except (ValidationError, ValueError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise UsageError(f"--claim: {sentence!r}: {reason.removeprefix('Value error, ')}") from None
    outcome = replace(judgement.outcome, lines=(*judgement.outcome.lines, line))
    return Understood(sentence, shape, on, Judgement(judgement.claim, outcome), held, tuple(notes))


def _is_sold(name: str, context: Context) -> bool:
    """Whether some price sheet knows a model by that name."""
    try:
        context.prices.offer(name)
    except UnknownNameError:
        return False
    except TcoError:  # sold by several
        return True
    return True


def _refusal(sentence: str, row: list[Chunk], strange: list[str]) -> str:
    ranked = sorted(SHAPES, key=lambda shape: -_likeness(shape, {each.type for each in row}))
    near = get_close_matches(" ".join(strange), [shape.example for shape in SHAPES], n=1, cutoff=0.6)
    best = [*near, *(shape.example for shape in ranked)][: MAX_EXAMPLES - 1]
    examples = dict.fromkeys([*best, SHAPES[0].example])
    what = (
        f"the words {', '.join(map(repr, strange[:6]))} are not known"
        if strange
        else "its parts make no sentence I know"
    )
    read = "; ".join(f"{each.words!r} as {each.type.lower()}" for each in row[:8]) or "nothing"
    lines = [f"--claim: {sentence!r} is not understood: {what}", f"  read: {read}", "  sentences like these are:"]
    return "\n".join([*lines, *(f"    {example}" for example in examples)])


def _likeness(shape: Shape, types: set[str]) -> float:
    """How much of a shape a sentence has: the parts it must have that are there, over those and the parts too many."""
    places = [(word[-1] in "?*", _kinds(word)) for word in shape.row.split()]
    needed = [kinds for is_optional, kinds in places if not is_optional]
    extra = types - {kind for _, kinds in places for kind in kinds}
    return sum(bool(kinds & types) for kinds in needed) / (len(needed) + len(extra))


def _kinds(word: str) -> set[str]:
    parts = word.rpartition("=")[2].rstrip("?*").split("|")
    return {kind for part in parts for kind in ANY.get(part, (part,))}


def _spoken(state: dict[str, Any]) -> str:
    about = ", ".join(f"{key} {value}" for key, value in state.get("about", {}).items())
    text = f"{state['quantity'].replace('_', ' ')}{f' of {about}' if about else ''} = {state['value']}"
    for other in state.get("compare", ()):
        given = ", ".join(f"{name} {_source(source)}" for name, source in other.get("from", {}).items())
        return f"{text}, held against {other['formula']} with {given}"
    if "formula" not in state:
        return text
    given = ", ".join(f"{name} {_source(source)}" for name, source in state.get("from", {}).items())
    return f"{text}, as {state['formula']}{f' with {given}' if given else ''}"


def _source(source: dict[str, Any]) -> str:
    if "unknown" in source:
        return "(not stated)"
    if "value" not in source and "quantity" in source:
        return f"(looked up: {' '.join((source['quantity'], *source.get('about', {}).values()))})"
    held = source.get("value") or source.get("assumed") or ""
    return f"{held}{' (not stated, from the profile)' if 'assumed' in source else ''}"
