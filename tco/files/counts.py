"""Counts given on the command line as ``NAME=N``: media tokens and events of a request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import cast, get_args

from tco.describe.offer import Event, Meter
from tco.errors import InvalidInputError, Problem, unknown_name
from tco.price.bill import MEDIA_METERS

CITATION = "citation"
TIERS = ("flex", "priority")
SPEEDS = ("fast",)
STANDARD = ("standard", "default")


@dataclass
class Counts:
    """What a request uses beside its text tokens."""

    media_tok: dict[Meter, int] = field(default_factory=dict)
    events: dict[Event, Decimal] = field(default_factory=dict)
    citation_tok: int = 0


def parse_counts(stated: Iterable[str]) -> Counts:
    """Read ``image=3`` or ``audio_input=1200``; raises InvalidInputError with every one that is no count."""
    found, problems = Counts(), []
    for text in stated:
        name, _, number = text.partition("=")
        known = [*MEDIA_METERS, CITATION, *get_args(Event)]
        count = _count(number)
        if name not in known:
            problems.append(Problem("--unit", 0, 0, text, unknown_name("unit", name, known, "tco prices cost --help")))
        elif count is None or (name not in get_args(Event) and count != int(count)):
            problems.append(
                Problem("--unit", 0, 0, text, "expected a name, = and a count of 0 or more, such as image=3")
            )
        elif name == CITATION:
            found.citation_tok = int(count)
        elif name in MEDIA_METERS:
            found.media_tok[name] = int(count)
        else:
            found.events[cast(Event, name)] = count
    if problems:
        raise InvalidInputError(problems)
    return found


def chosen(option: str, text: str | None, known: tuple[str, ...]) -> str | None:
    """A condition of a price by its name; None is the standard one. Raises InvalidInputError for any other word."""
    if text is None or text in STANDARD:
        return None
    if text not in known:
        expected = ", ".join(("standard", *known))
        raise InvalidInputError([Problem(option, 0, 0, "", f"got {text!r}; expected one of: {expected}")])
    return text


def _count(text: str) -> Decimal | None:
    try:
        count = Decimal(text)
    except InvalidOperation:
        return None
    return count if count.is_finite() and count >= 0 else None
