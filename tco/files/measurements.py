"""Measurement files: CSV (or gzipped CSV) with the columns of the shipped one, read into records."""

from __future__ import annotations

import csv
import gzip
import io
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
_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def read_measurements(path: Path) -> tuple[Measurement, ...]:
    """Read a measurement file; raises InvalidInputError with the first twenty problems."""
    is_packed = path.suffix == ".gz"
    text = gzip.decompress(path.read_bytes()).decode("utf-8") if is_packed else read_text(path)
    return parse_measurements(text, str(path))


def parse_measurements(text: str, name: str) -> tuple[Measurement, ...]:
    """Parse the text of a measurement file; ``name`` is what problems are reported under."""
    rows = csv.DictReader(io.StringIO(text))
    missing = [column for column in NEEDED if column not in (rows.fieldnames or ())]
    if missing:
        expected = f"got no column {', '.join(missing)}; expected those of hardware_profiles/measurements.csv.gz"
        raise InvalidInputError([Problem(name, 1, 1, "", expected)])
    problems: list[Problem] = []
    found: list[Measurement] = []
    seen: set[str] = set()
    for row in rows:
        try:
            measured = _record({key: held or "" for key, held in row.items() if key is not None})
        except (ValueError, ValidationError) as error:
            problems += _problems(error, name, rows.line_num)
            continue
        if measured.id in seen:
            problems.append(Problem(name, rows.line_num, 1, "id", f"got {measured.id} a second time"))
        seen.add(measured.id)
        found.append(measured)
    if problems:
        raise InvalidInputError(problems[:20])
    return tuple(found)


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
        family=row.get("family", ""),
        on=_day(row.get("date", "")),
        engine=row["engine"],
        engine_version=row.get("engine_version", ""),
        model=row["model"],
        params_total_b=_number(row.get("params_total_b", "")),
        params_active_b=_number(row.get("params_active_b", "")),
        dtype=row["weight_dtype"],
        kv_dtype=row.get("kv_dtype", ""),
        gpu=row["gpu"],
        n_gpus=_count(row["n_gpus"]),
        tp=_count(row.get("tp", "")),
        pp=_count(row.get("pp", "")),
        ep=_count(row.get("ep", "")),
        dp=_count(row.get("dp", "")),
        concurrency=_number(row.get("concurrency_or_batch", "")),
        input_tok=_number(row["isl"]) or 0.0,
        output_tok=_number(row["osl"]) or 0.0,
        metric=row["metric"],  # type: ignore[arg-type]
        value=_number(row.get("value", "")),
        usable=row.get("fit", "1") != "0",
        note=row.get("notes", ""),
    )


def _number(text: str) -> float | None:
    return float(text) if text.strip() else None


def _count(text: str) -> int:
    return int(float(text)) if text.strip() else 1


def _day(text: str) -> date | None:
    """The last date of a text such as 2024-05 or 2023-11..2025; the middle of what is not stated."""
    stated = _DATE.findall(text)
    if not stated:
        return None
    year, month, day = stated[-1]
    return date(int(year), int(month or 6), int(day or 15))


def shipped_measurements() -> Path:
    """The measurement file that comes with the tool."""
    return shipped_folder() / "hardware_profiles" / "measurements.csv.gz"
