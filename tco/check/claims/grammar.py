"""Matching a row of chunks with the shapes of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tco.check.claims.chunks import Chunk
from tco.check.claims.shapes import ANY, SHAPES, Shape

Slots = dict[str, Chunk]


@dataclass(frozen=True, slots=True)
class _Place:
    slot: str
    types: tuple[str, ...]
    is_optional: bool
    is_many: bool


def _places(row: str) -> tuple[_Place, ...]:
    found = []
    for word in row.split():
        name, _, types = word.rpartition("=")
        options = tuple(each for part in types.rstrip("?*").split("|") for each in ANY.get(part, (part,)))
        found.append(_Place(name, options, word[-1] in "?*", word.endswith("*")))
    return tuple(found)


ROWS = tuple((shape, _places(shape.row)) for shape in SHAPES)


def parses(chunks: Sequence[Chunk]) -> list[tuple[Shape, Slots]]:
    """Every shape a row of chunks has, in the order of the grammar."""
    found = []
    for shape, places in ROWS:
        slots = _match_loose(chunks, places) if shape.is_loose else _match(chunks, places)
        if slots is not None:
            found.append((shape, slots))
    return found


def _match(chunks: Sequence[Chunk], places: Sequence[_Place]) -> Slots | None:
    if not places:
        return None if chunks else {}
    place, rest = places[0], places[1:]
    if chunks and chunks[0].type in place.types:
        slots = _match(chunks[1:], rest)
        if slots is not None:
            return {**_held(place, chunks[0]), **slots}
    return _match(chunks, rest) if place.is_optional else None


def _match_loose(chunks: Sequence[Chunk], places: Sequence[_Place]) -> Slots | None:
    """Each chunk in the first place of its type that is free, those that must be filled first."""
    free = sorted(places, key=lambda place: (place.is_optional, place.is_many))
    slots: Slots = {}
    for chunk in chunks:
        place = next((each for each in free if chunk.type in each.types), None)
        if place is None:
            return None
        if not place.is_many:
            free.remove(place)
        slots = {**_held(place, chunk), **slots}
    return slots if all(place.is_optional for place in free) else None


def _held(place: _Place, chunk: Chunk) -> Slots:
    return {chunk.type: chunk, **({place.slot: chunk} if place.slot else {})}
