"""``--set FIELD=VALUE``: fields of a workload file replaced on the command line, read and checked as the file is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel

from tco.describe.record import Figure
from tco.errors import InvalidInputError, Problem
from tco.files.explain import Loc, dotted, shown
from tco.files.marks import Document, parse

R = TypeVar("R", bound=BaseModel)

SOURCE = "set on the command line"
_CHANGE = re.compile(r"\s*([A-Za-z_]\w*(?:\.[A-Za-z_][\w-]*)*)\s*=(.*)", re.DOTALL)


@dataclass(frozen=True)
class Changed(Document):
    """A document some of whose values were set elsewhere; what is wrong with one is said where it was set."""

    changes: tuple[tuple[Loc, str], ...] = ()

    def problem(self, loc: Loc, message: str, *, key: bool = False) -> Problem:
        """A problem of the file, or of the change that made the value or the mapping around it."""
        for at, _ in self.changes:
            made = at[: len(loc)] == loc and not self._is_in_file(loc)
            if made or loc[: len(at)] == at:
                return Problem(_label(at), 0, 0, dotted(loc[len(at) :]), message)
        return super().problem(loc, message, key=key)

    def _is_in_file(self, loc: Loc) -> bool:
        return not loc or loc in self.marks


def changed(document: Document, changes: Sequence[str]) -> Document:
    """The document with each ``FIELD=VALUE`` in place of what it states; a value is what a file would hold.

    Raises InvalidInputError with every change that is none, or is no key of a mapping.
    """
    if not changes:
        return document
    data, made, problems = document.data, list[tuple[Loc, str]](), list[Problem]()
    for text in changes:
        try:
            at, stated, value = _read(text)
            if at in [each for each, _ in made]:
                raise InvalidInputError([Problem(_label(at), 0, 0, "", "is set twice; set it once")])
            data = _with(data, at, value, at)
            made.append((at, stated))
        except InvalidInputError as error:
            problems += error.problems
    if problems:
        raise InvalidInputError(problems)
    return Changed(document.path, data, document.problems, document.root, changes=tuple(made))


def sourced(record: R, document: Document) -> R:
    """A record read from the document; a figure that was set, without a source of its own, says where."""
    for at, _ in document.changes if isinstance(document, Changed) else ():
        record = _sourced(record, at)
    return record


def warnings(document: Document) -> Iterator[str]:
    """What was set, so that the report tells it."""
    for at, stated in document.changes if isinstance(document, Changed) else ():
        yield f"{dotted(at)} is {stated}, {SOURCE}, in place of what {document.path} states or leaves open"


def _label(at: Loc) -> str:
    return f"--set {dotted(at)}"


def _read(text: str) -> tuple[Loc, str, Any]:
    """Place, text and value of a change."""
    found = _CHANGE.fullmatch(text)
    stated = found[2].strip() if found else ""
    if found is None or not stated or "\n" in stated:
        message = f"got {text!r}; expected FIELD=VALUE on one line, such as site.staff_fte=0.3"
        raise InvalidInputError([Problem("--set", 0, 0, "", message)])
    at: Loc = tuple(found[1].split("."))
    try:
        held = parse(f"value: {stated}", _label(at))
    except InvalidInputError as error:
        raise InvalidInputError([replace(each, line=0, column=0, field="") for each in error.problems]) from None
    if held.problems:
        raise InvalidInputError([replace(each, line=0, column=0, field="") for each in held.problems])
    return at, stated, held.data["value"]


def _with(held: Any, at: Loc, value: Any, whole: Loc) -> dict[str, Any]:
    if not isinstance(held, dict):
        around = dotted(whole[: len(whole) - len(at)])
        message = f"{around} is {shown(held)}; expected a mapping there: set {around} whole"
        raise InvalidInputError([Problem(_label(whole), 0, 0, "", message)])
    first, rest = str(at[0]), at[1:]
    return {**held, first: _with(held.get(first, {}), rest, value, whole) if rest else value}


def _sourced(held: Any, at: Loc) -> Any:
    if not at:
        return held.model_copy(update={"source": SOURCE}) if isinstance(held, Figure) and not held.source else held
    part = getattr(held, str(at[0]), None) if isinstance(held, BaseModel) else None
    return held if part is None else held.model_copy(update={str(at[0]): _sourced(part, at[1:])})
