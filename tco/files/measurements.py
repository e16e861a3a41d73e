"""Measurement files: CSV (or gzipped CSV) with the columns of the shipped one, read into records."""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from tco.describe.measurement import Measurement
from tco.errors import InvalidInputError, Problem
from tco.files.catalogue import shipped_folder
from tco.files.text import read_text

NEEDED = ("id", "engine", "model", "weight_dtype", "gpu", "n_gpus", "isl", "osl", "metric")
UNKNOWN = frozenset({"", "nan", "na", "n/a", "none", "null", "-", "?", "unknown"})
AS_MANY_AS_FIT = frozenset({"max", "inf", "all", "offline", "unlimited"})
_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def read_measurements(path: Path) -> tuple[Measurement, ...]:
    """Read a measurement file; raises InvalidInputError with the first twenty problems."""
    return parse_measurements(_text(path), str(path))


def read_usable(path: Path) -> tuple[tuple[Measurement, ...], dict[str, str]]:
    """Rows of a measurement file that can be read, and by id (or line) why each other one cannot.

    For files of others, where one bad row must not cost the rest. Raises InvalidInputError where columns are missing.
    """
    found, problems = _parsed(_text(path), str(path))
    reasons: dict[str, str] = {}
    for row_id, problem in problems:
        text = f"{problem.field}: {problem.message}" if problem.field else problem.message
        reasons[row_id] = "; ".join(filter(None, (reasons.get(row_id), text)))
    return tuple(row for _, row in found), reasons


def _text(path: Path) -> str:
    is_packed = path.suffix == ".gz"
    return gzip.decompress(path.read_bytes()).decode("utf-8") if is_packed else read_text(path)


def parse_measurements(text: str, name: str) -> tuple[Measurement, ...]:
    """Parse the text of a measurement file; ``name`` is what problems are reported under."""
    found, problems = _parsed(text, name)
    seen: set[str] = set()
    for line, row in found:
        if row.id in seen:
            problems.append((row.id, Problem(name, line, 1, "id", f"got {row.id} a second time")))
        seen.add(row.id)
    if problems:
        raise InvalidInputError(sorted((problem for _, problem in problems), key=lambda each: each.line)[:20])
    return tuple(row for _, row in found)


def _parsed(text: str, name: str) -> tuple[list[tuple[int, Measurement]], list[tuple[str, Problem]]]:
    """Line and record of the rows that are well formed, and problems of the others by their id, else their line."""
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [column for column in NEEDED if column not in (rows.fieldnames or ())]
    if missing:
        expected = f"got no column {', '.join(missing)}; expected those of hardware_profiles/measurements.csv.gz"
        raise InvalidInputError([Problem(name, 1, 1, "", expected)])
    problems: list[tuple[str, Problem]] = []
    found: list[tuple[int, Measurement]] = []
    for row in rows:
        cells = {key: held or "" for key, held in row.items() if key is not None}
        try:
            found.append((rows.line_num, _record(cells)))
        except (ValueError, ValidationError) as error:
            row_id = cells["id"] or f"line {rows.line_num}"
            problems += [(row_id, problem) for problem in _problems(error, name, rows.line_num)]
    return found, problems


def _problems(error: Exception, name: str, line: int) -> Iterator[Problem]:
    if not isinstance(error, ValidationError):
        yield Problem(name, line, 1, "", str(error))
        return
    for each in error.errors():
        yield Problem(name, line, 1, str(each["loc"][0]) if each["loc"] else "", f"{each['msg']}: {each['input']!r}")


def _record(row: dict[str, str]) -> Measurement:
    return Measurement(
        id=row["id"],
        source=row.get("source_citation", ""),
        family=row.get("family", "") or row.get("source_citation", ""),
        on=_day(row.get("date", "")),
        engine=row["engine"],
        engine_version=row.get("engine_version", ""),
        model=row["model"],
        params_total_b=_number(row.get("params_total_b", "")),
        params_active_b=_number(row.get("params_active_b", "")),
        dtype=row["weight_dtype"],
        kv_dtype=row.get("kv_dtype", ""),
        gpu=row["gpu"],
        n_gpus=int(_needed(row, "n_gpus")),
        tp=_count(row.get("tp", "")),
        pp=_count(row.get("pp", "")),
        ep=_count(row.get("ep", "")),
        dp=_count(row.get("dp", "")),
        concurrency=_seqs(row.get("concurrency_or_batch", "")),
        input_tok=_tok(row, "isl", may_lack="decode_tok_s_single"),
        output_tok=_tok(row, "osl", may_lack="prefill_tok_s"),
        metric=row["metric"],  # type: ignore[arg-type]
        value=_measured(row.get("value", "")),
        usable=row.get("fit", "1").strip() not in ("0", "0.0"),
        note=row.get("notes", ""),
    )


def _number(text: str) -> float | None:
    """A number; None where the cell is empty or says that nothing is known."""
    plain = text.strip().replace(",", "")
    return None if plain.lower() in UNKNOWN else float(plain)


def _needed(row: dict[str, str], column: str) -> float:
    value = _number(row[column])
    if value is None or not math.isfinite(value):
        raise ValueError(f"{column}: got {row[column]!r}; expected a number")
    return value


def _tok(row: dict[str, str], column: str, *, may_lack: str) -> float:
    """Tokens; one metric needs none of the prompt, another none of the answer."""
    lacks = row["metric"] == may_lack and _number(row[column]) is None
    return 0.0 if lacks else _needed(row, column)


def _measured(text: str) -> float | None:
    """A measured value; None where there is none to compare with: unknown, zero, negative or infinite."""
    value = _number(text)
    return value if value is not None and 0.0 < value < math.inf else None


def _seqs(text: str) -> float | None:
    """Requests in flight; None where the engine ran as many as it could."""
    return None if text.strip().lower() in AS_MANY_AS_FIT else _number(text)


def _count(text: str) -> int:
    value = _number(text)
    return 1 if value is None else int(value)


def _day(text: str) -> date | None:
    """The last date of a text such as 2024-05 or 2023-11..2025; the middle of what is not stated, None if no date."""
    stated = _DATE.findall(text)
    if not stated:
        return None
    year, month, day = stated[-1]
    try:
        return date(int(year), int(month or 6), int(day or 15))
    except ValueError:
        return None


def shipped_measurements() -> Path:
    """The measurement file that comes with the tool."""
    return shipped_folder() / "hardware_profiles" / "measurements.csv.gz"
