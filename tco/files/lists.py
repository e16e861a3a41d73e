"""Lists of records in a data file, every problem of the file at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from tco.errors import InvalidInputError, Problem
from tco.files.explain import meant, shown
from tco.files.marks import Document, validate

R = TypeVar("R", bound=BaseModel)


def entries(document: Document, key: str, known: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """The mappings listed under ``key``, none when it is not there.

    Raises InvalidInputError for anything else under it, and for a key of the file that is not ``known``.
    """
    problems = [
        document.problem((name,), f"unknown key{meant(name, known)} expected one of: {', '.join(known)}", key=True)
        for name in document.data
        if name not in known
    ]
    listed = document.data.get(key, ())
    if not isinstance(listed, tuple):
        problems.append(document.problem((key,), f"got {shown(listed)}; expected a list of mappings"))
    problems += [
        document.problem((key, index), f"got {shown(entry)}; expected a mapping")
        for index, entry in enumerate(listed if isinstance(listed, tuple) else ())
        if not isinstance(entry, dict)
    ]
    if problems:
        raise InvalidInputError(sorted({*document.problems, *problems}))
    held: tuple[dict[str, Any], ...] = listed
    return held


def records(document: Document, key: str, record_class: type[R]) -> list[R]:
    """The records listed under ``key``; raises InvalidInputError with the problems of all of them."""
    found: list[R] = []
    problems: set[Problem] = set()
    for index in range(len(document.data.get(key, ()))):
        try:
            found.append(validate(document, record_class, at=(key, index)))
        except InvalidInputError as error:
            problems.update(error.problems)
    if problems:
        raise InvalidInputError(sorted(problems))
    return found
