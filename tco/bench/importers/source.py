"""A result file as text, and its JSON, JSON lines or CSV: strict where a number is read, lenient about the rest."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from tco.errors import InvalidInputError, Problem

MAX_BYTES = 500_000_000


@dataclass(frozen=True)
class Source:
    """A file that some tool wrote."""

    path: str
    text: str
    sha256: str

    @property
    def name(self) -> str:
        """The name of the file."""
        return Path(self.path).name

    @cached_property
    def whole(self) -> Any:
        """The one JSON value the file holds; None where it is no JSON."""
        try:
            return parse(self.text, self.path)
        except InvalidInputError:
            return None

    @cached_property
    def lines(self) -> tuple[tuple[int, Any], ...]:
        """Line number and value of every line; empty where not every line is a JSON object."""
        numbered = [(n, line) for n, line in enumerate(self.text.splitlines(), 1) if line.strip()]
        if not numbered or not all(line.lstrip().startswith("{") for _, line in numbered):
            return ()
        try:
            return tuple((n, parse(line, self.path, n)) for n, line in numbered)
        except InvalidInputError:
            return ()

    @cached_property
    def rows(self) -> tuple[tuple[int, list[str]], ...]:
        """Line number and cells of every row, read as CSV; lines that start with # are left out."""
        kept = [(n, line) for n, line in enumerate(self.text.splitlines(), 1) if line.strip() and line[0] != "#"]
        try:
            cells = list(csv.reader(io.StringIO("\n".join(line for _, line in kept)), strict=True))
        except csv.Error:
            return ()
        return tuple((n, row) for (n, _), row in zip(kept, cells, strict=False))

    @property
    def header(self) -> tuple[str, ...]:
        """The first row read as CSV."""
        return tuple(self.rows[0][1]) if self.rows else ()

    def error(self, field: str, message: str, *, line: int = 0) -> InvalidInputError:
        """An error at a field of this file."""
        return InvalidInputError([Problem(self.path, line, 1 if line else 0, field, message)])


def load(path: Path) -> Source:
    """Read a file; raises InvalidInputError for one that is missing, too large or no UTF-8 text."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _invalid(path, f"file is {size / 1e6:,.0f} MB; expected at most {MAX_BYTES / 1e6:,.0f} MB")
        raw = path.read_bytes()
    except OSError as error:
        raise _invalid(path, f"cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise _invalid(path, f"cannot be read: {error}") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"got byte 0x{raw[error.start]:02x}, which is not UTF-8; expected a text file"
        raise InvalidInputError([Problem(str(path), line, 1, "", message)]) from None
    if not text.strip():
        raise _invalid(path, "file is empty; expected the results of a benchmark")
    return Source(str(path), text, sha256(raw).hexdigest())


def parse(text: str, path: str, line: int = 1) -> Any:
    """A JSON value; infinities stay, for a request rate may be one. Raises InvalidInputError with the position."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        at = Problem(path, error.lineno + line - 1, error.colno, "", f"not valid JSON: {error.msg}; is the file whole?")
        raise InvalidInputError([at]) from None
    except _DuplicateError as error:
        raise InvalidInputError([Problem(path, 0, 0, str(error), "duplicate key; keep one of them")]) from None
    except (ValueError, RecursionError) as error:
        why = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise InvalidInputError([Problem(path, 0, 0, "", f"cannot be read: {why}")]) from None


class _DuplicateError(Exception):
    """A key that stands twice in one object."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateError(next(name for name in names if names.count(name) > 1))
    return held


class Fields:
    """The values of a JSON object (or a row of a table), read by kind: absent or null is None, anything odd an error.

    Errors name the file, the line where the file has one object a line, and the path of keys.
    """

    def __init__(self, held: Any, source: Source, where: str = "", line: int = 0) -> None:
        self.source, self.where, self.line = source, where, line
        if not isinstance(held, dict):
            raise self.error("", f"got {_shown(held)}; expected an object with named values")
        self.held: dict[str, Any] = held

    def __contains__(self, name: str) -> bool:
        return self.held.get(name) is not None

    def error(self, name: str, message: str) -> InvalidInputError:
        """An error at one of the values."""
        return self.source.error(".".join(part for part in (self.where, name) if part), message, line=self.line)

    def at(self, *names: str) -> Fields:
        """The object inside, empty where there is none."""
        found = self
        for name in names:
            held = found.held.get(name)
            where = ".".join(part for part in (found.where, name) if part)
            found = Fields({} if held is None else held, self.source, where, self.line)
        return found

    def each(self, name: str) -> list[Fields]:
        """The objects of a list, none where there is no list."""
        where = ".".join(part for part in (self.where, name) if part)
        return [Fields(one, self.source, f"{where}[{index}]", self.line) for index, one in enumerate(self._list(name))]

    def number(self, name: str) -> float | None:
        """A number of at least 0."""
        return self._number(name, self.held.get(name))

    def positive(self, name: str) -> float | None:
        """A number above 0; 0 is what tools write for nothing measured, so it is None."""
        return self.number(name) or None

    def needed(self, name: str) -> float:
        """A number above 0 that the file must state."""
        found = self.number(name)
        if not found:
            raise self.error(name, f"got {_shown(self.held.get(name))}; expected a number above 0")
        return found

    def count(self, name: str) -> int | None:
        """A whole number of at least 0."""
        found = self.number(name)
        if found is not None and not found.is_integer():
            raise self.error(name, f"got {found:g}; expected a whole number")
        return None if found is None else int(found)

    def rate(self, name: str) -> float | None:
        """A request rate: a number, or infinity as text or bare; 0 and null are None."""
        held = self.held.get(name)
        if held in ("inf", "Infinity") or (isinstance(held, float) and held == math.inf):
            return math.inf
        return self.positive(name)

    def text(self, name: str) -> str:
        """A text, empty where there is none; a number as it would be written."""
        held = self.held.get(name)
        if held is None:
            return ""
        if isinstance(held, str | int | float) and not isinstance(held, bool):
            return str(held).strip()
        raise self.error(name, f"got {_shown(held)}; expected a text")

    def numbers(self, name: str) -> list[float]:
        """The numbers of a list, none where there is no list."""
        return [
            value
            for index, held in enumerate(self._list(name))
            if (value := self._number(f"{name}[{index}]", held)) is not None
        ]

    def texts(self, name: str) -> list[str]:
        """The texts of a list, none where there is no list; anything else in it is left out."""
        return [held for held in self._list(name) if isinstance(held, str)]

    def lists(self, name: str) -> list[list[Any]]:
        """The lists of a list, none where there is none."""
        found = self._list(name)
        for index, one in enumerate(found):
            if not isinstance(one, list):
                raise self.error(f"{name}[{index}]", f"got {_shown(one)}; expected a list")
        return found

    def _list(self, name: str) -> list[Any]:
        held = self.held.get(name)
        if held is None:
            return []
        if not isinstance(held, list):
            raise self.error(name, f"got {_shown(held)}; expected a list")
        return held

    def _number(self, name: str, held: Any) -> float | None:
        if held is None or held == "":
            return None
        if isinstance(held, bool) or not isinstance(held, int | float | str):
            raise self.error(name, f"got {_shown(held)}; expected a number")
        try:
            value = float(held)
        except (ValueError, OverflowError):
            raise self.error(name, f"got {_shown(held)}; expected a number") from None
        if not math.isfinite(value) or value < 0:
            raise self.error(name, f"got {value:g}; expected a finite number of at least 0")
        return value


def objects(source: Source) -> list[Fields]:
    """Every object of the file: of a list, one to a line, or the only one. Raises InvalidInputError for no JSON."""
    if source.lines and (len(source.lines) > 1 or source.whole is None):
        return [Fields(held, source, line=line) for line, held in source.lines]
    held = source.whole if source.whole is not None else parse(source.text, source.path)
    if isinstance(held, list):
        return [Fields(one, source, f"[{index}]") for index, one in enumerate(held)]
    return [Fields(held, source)]


def table(source: Source) -> list[Fields]:
    """Every row of a CSV file with a header, by column."""
    names = source.header
    found = []
    for line, cells in source.rows[1:]:
        if len(cells) != len(names):
            raise source.error("", f"got {len(cells)} cells; expected {len(names)}, as in the header", line=line)
        found.append(Fields(dict(zip(names, cells, strict=True)), source, line=line))
    return found


def first(source: Source, has: Callable[[dict[str, Any]], bool]) -> bool:
    """Whether the first object of the file (or of its list, or on its first line) passes a test."""
    held = source.lines[0][1] if source.lines else source.whole
    if isinstance(held, list) and held:
        held = held[0]
    return isinstance(held, dict) and has(held)


def _shown(held: Any) -> str:
    text = json.dumps(held, default=str) if not isinstance(held, str) else repr(held)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _invalid(path: Path, message: str) -> InvalidInputError:
    return InvalidInputError([Problem(str(path), 0, 0, "", message)])
