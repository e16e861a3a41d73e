"""A request trace beside the workload file: read, and put in place of what it measures."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tco.describe.trace import Trace
from tco.errors import InvalidInputError, Problem
from tco.files.text import decode, read_text

MAX_TRACE_BYTES = 100_000_000
TIME = (
    "timestamp", "timestamp_s", "timestamp_ms", "time", "time_s", "time_ms", "t", "t_s", "t_ms", "ts", "arrival_s",
    "arrival_time", "arrived_at", "created_at",
)  # fmt: skip
INPUT = (
    "input_tok", "input_tokens", "input_length", "prompt_tok", "prompt_tokens", "prompt_len", "contexttokens",
    "context_tokens", "request_tokens", "isl",
)  # fmt: skip
OUTPUT = (
    "output_tok", "output_tokens", "output_length", "completion_tokens", "generatedtokens", "generated_tokens",
    "response_tokens", "osl",
)  # fmt: skip
MOONCAKE = "hash_ids"  # a trace with this column counts its timestamp in milliseconds
MAX_EPOCH_S = 1e11  # numbers above are milliseconds, microseconds or nanoseconds since 1970
MAX_SHOWN = 20

Row = tuple[int, Mapping[str, Any]]


def read_trace(path: Path) -> Trace:
    """Arrivals and lengths of a CSV or JSON-lines file, plain or gzipped, by the names of its columns.

    Times are seconds, ISO 8601, or milliseconds where the name ends in ``_ms``. Raises InvalidInputError with
    the cells that are no times or no counts.
    """
    rows = iter(_rows(path))
    first = next(rows, None)
    if first is None:
        raise InvalidInputError([Problem(str(path), 1, 1, "", "no rows; expected one a request")])
    names = {key: _column(first[1], known) for key, known in (("time", TIME), ("input", INPUT), ("output", OUTPUT))}
    if names["time"] is None:
        message = f"no time column; expected one of: {', '.join(TIME)}"
        raise InvalidInputError([Problem(str(path), 1, 1, "", message)])
    held = {key: name for key, name in names.items() if name is not None}
    columns: dict[str, list[float]] = {key: [] for key in held}
    problems: list[Problem] = []
    for number, row in (first, *rows):
        for key, name in held.items():
            try:
                columns[key].append(_seconds(row.get(name)) if key == "time" else _count(row.get(name)))
            except ValueError as error:
                problems.append(Problem(str(path), number, 1, name, str(error)))
    if problems:
        raise InvalidInputError(problems[:MAX_SHOWN])
    is_ms = held["time"].strip().lower().endswith("_ms") or _column(first[1], (MOONCAKE,)) is not None
    return _trace(path, {key: np.array(found) for key, found in columns.items()}, 1e-3 if is_ms else 1.0)


def _trace(path: Path, columns: dict[str, np.ndarray], unit_s: float) -> Trace:
    order = np.argsort(columns["time"], kind="stable")
    at = columns["time"][order] * unit_s
    if len(at) < 2 or at[0] == at[-1]:
        message = f"got {len(at)} arrivals at one time; expected at least 2, at different times"
        raise InvalidInputError([Problem(str(path), 1, 1, "", message)])
    lengths = {key: columns[key][order] for key in ("input", "output") if key in columns}
    for key, found in lengths.items():
        if not found.any():
            raise InvalidInputError([Problem(str(path), 1, 1, key, f"every {key} length is 0; expected tokens")])
    return Trace(path.name, at - at[0], lengths.get("input"), lengths.get("output"))


def _rows(path: Path) -> Iterator[Row]:
    text = _text(path)
    if text.lstrip().startswith("{"):
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield number, _record(path, number, line)
    else:
        rows = csv.DictReader(io.StringIO(text, newline=""))
        for row in rows:
            yield rows.line_num, row


def _record(path: Path, number: int, line: str) -> Mapping[str, Any]:
    try:
        held = json.loads(line)
    except (ValueError, RecursionError) as error:
        message = f"not a JSON object ({error}); expected one a line"
        raise InvalidInputError([Problem(str(path), number, 1, "", message)]) from None
    return held if isinstance(held, dict) else {}


def _text(path: Path) -> str:
    if path.suffix != ".gz":
        return read_text(path, MAX_TRACE_BYTES)
    try:
        with gzip.open(path) as stream:
            raw = stream.read(MAX_TRACE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInputError(
            [Problem(str(path), 0, 0, "", f"cannot be unpacked ({error}); check the file")]
        ) from None
    if len(raw) > MAX_TRACE_BYTES:
        raise InvalidInputError([Problem(str(path), 0, 0, "", "holds more than 100 MB; cut the trace")])
    return decode(raw, str(path))


def _column(row: Mapping[str, Any], known: tuple[str, ...]) -> str | None:
    """The column of the first known name, however it is spaced or written."""
    named = {str(name).strip().lower().replace(" ", "_").replace("-", "_"): name for name in row}
    return next((named[name] for name in known if name in named), None)


def _seconds(held: Any) -> float:
    """Seconds of a number or an ISO 8601 text, taken as UTC where it names no zone."""
    try:
        value = _number(held)
    except ValueError:
        try:
            stamp = datetime.fromisoformat(str(held))
        except ValueError:
            raise ValueError(f"got {held!r}; expected seconds or an ISO 8601 time") from None
        return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp()
    while abs(value) > MAX_EPOCH_S:
        value /= 1e3
    return value


def _count(held: Any) -> float:
    try:
        value = _number(held)
    except ValueError:
        value = -1.0
    if value < 0.0:
        raise ValueError(f"got {held!r}; expected a count of tokens")
    return value


def _number(held: Any) -> float:
    if held is None or isinstance(held, bool | list | dict):
        raise ValueError(held)
    value = float(held)
    if not np.isfinite(value):
        raise ValueError(held)
    return value
