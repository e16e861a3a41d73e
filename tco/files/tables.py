"""CSV tables whose rows become records, with the line and column of every cell that does not fit."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from tco.errors import InvalidInputError, Problem
from tco.files.explain import annotation_of, describe, findings, meant, members
from tco.files.scalars import number, scalar
from tco.files.text import check_characters, read_text

R = TypeVar("R", bound=BaseModel)
Converter = Callable[[str], Any]
Cells = tuple[int, list[str]]


def read_table(path: Path, record_class: type[R], converters: Mapping[str, Converter] | None = None) -> list[R]:
    """Read a CSV file with a header into records; an empty cell is the field's default.

    The header names every field once, in any order. Raises InvalidInputError with every problem.
    """
    return parse_table(read_text(path), str(path), record_class, converters)


def parse_table(
    text: str, path: str, record_class: type[R], converters: Mapping[str, Converter] | None = None
) -> list[R]:
    """Read CSV text as ``read_table`` does; ``path`` is what problems name."""
    check_characters(text, path)
    (header_line, header), rows = _split(text, path)
    problems = _header_problems(header, header_line, path, text, record_class)
    columns = _columns(header, record_class, converters or {})
    absent = record_class.model_fields.keys() - set(header)
    places = _Places(path, text, {name: index for index, name, _ in columns})
    records: list[R] = []
    for line, cells in rows:
        if len(cells) != len(header):
            message = f"got {len(cells)} cells; expected {len(header)}, as in the header"
            problems.append(Problem(path, line, 1, "", message))
            continue
        raw = {
            name: convert(cells[index]) if convert else cells[index] for index, name, convert in columns if cells[index]
        }
        try:
            records.append(record_class.model_validate(raw))
        except ValidationError as error:
            found = [
                part for part in findings(error, record_class, raw) if part.loc[:1] not in {(name,) for name in absent}
            ]
            problems += [places.problem(line, str(part.loc[0]) if part.loc else "", part.message) for part in found]
    if problems:
        raise InvalidInputError(sorted(dict.fromkeys(problems)))
    return records


class _Places:
    """Finds the character column of a cell; used only when there is a problem to place."""

    def __init__(self, path: str, text: str, indexes: dict[str, int]) -> None:
        self.path, self.text, self.indexes = path, text, indexes
        self._lines: list[str] = []

    def problem(self, line: int, name: str, message: str) -> Problem:
        if not self._lines:
            self._lines = list(io.StringIO(self.text, newline=""))
        at, column = _cell_start(self._lines, line, self.indexes.get(name, 0))
        return Problem(self.path, at, column, name, message)


def _split(text: str, path: str) -> tuple[Cells, list[Cells]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Cells] = []
    line = 1
    try:
        for cells in reader:
            if cells:
                rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        words = (
            "got an opening quote without a closing one; close it"
            if "end of data" in str(error)
            else f"not valid CSV: {error}"
        )
        raise InvalidInputError([Problem(path, line, 1, "", words)]) from None
    if not rows:
        raise InvalidInputError([Problem(path, 0, 0, "", "file holds no rows; expected a header")])
    return rows[0], rows[1:]


def _header_problems(
    header: list[str], line: int, path: str, text: str, record_class: type[BaseModel]
) -> list[Problem]:
    problems: list[Problem] = []
    names = list(record_class.model_fields)
    absent = [name for name in names if name not in header]
    lines = list(io.StringIO(text, newline="")) if absent or header != names else []
    for index, name in enumerate(header):
        if name not in names:
            message = f"unknown column{meant(name, absent or names)} expected one of: {', '.join(names)}"
        elif header.index(name) != index:
            message = f"duplicate column; the first is column {header.index(name) + 1}; keep one of them"
        else:
            continue
        problems.append(Problem(path, *_cell_start(lines, line, index), name, message))
    for name in absent:
        expected = describe(annotation_of(record_class, name))
        problems.append(Problem(path, line, 1, name, f"missing column; expected {expected}"))
    return problems


def _cell_start(lines: list[str], line: int, index: int) -> tuple[int, int]:
    """Line and column, from 1, where the cell at ``index`` of the row that starts on ``line`` begins."""
    quoted, n_commas = False, 0
    for at in range(line - 1, len(lines)):
        for column, character in enumerate(lines[at]):
            if n_commas == index:
                return at + 1, column + 1
            if character == '"':
                quoted = not quoted
            elif character == "," and not quoted:
                n_commas += 1
        if not quoted:
            break
    return line, 1


def _columns(
    header: list[str], record_class: type[BaseModel], converters: Mapping[str, Converter]
) -> list[tuple[int, str, Converter | None]]:
    return [
        (index, name, converters[name] if name in converters else _converter(annotation_of(record_class, name)))
        for index, name in enumerate(header)
        if name in record_class.model_fields and header.index(name) == index
    ]


def _converter(annotation: Any) -> Converter | None:
    """How the text of a cell becomes what the field takes; text that does not fit stays text and is reported."""
    kinds = {part for part in members(annotation) if part is not type(None)}
    if kinds <= {bool}:
        return lambda cell: {"true": True, "false": False}.get(cell, cell)
    if kinds <= {date, datetime}:
        return _moment
    if kinds <= {Decimal}:
        return _decimal
    if kinds <= {int, float}:
        return _float if float in kinds else _int
    literals = [word for part in kinds if get_origin(part) is Literal for word in get_args(part)]
    texts = str in kinds or any(isinstance(word, str) for word in literals)
    return None if texts else _any


def _int(cell: str) -> Any:
    try:
        return int(cell) if len(cell) < 20 else number(cell)
    except ValueError:
        return _any(cell)


def _float(cell: str) -> Any:
    try:
        return float(cell)
    except ValueError:
        return cell


def _decimal(cell: str) -> Any:
    try:
        return Decimal(cell)
    except ArithmeticError:
        return cell


def _moment(cell: str) -> Any:
    try:
        if len(cell) == 10 and cell[7] == "-":
            return date.fromisoformat(cell)
        return scalar(cell)
    except ValueError:
        return cell


def _any(cell: str) -> Any:
    try:
        return scalar(cell)
    except ValueError:
        return cell
