"""A request trace in place of a stated peak factor: the busiest minute over the mean."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

import numpy as np

from tco.describe.record import Figure
from tco.describe.workload import Workload
from tco.errors import InvalidInputError, Problem
from tco.files.marks import Document
from tco.files.text import read_text

WINDOW_S = 60.0
COLUMNS = ("timestamp", "timestamp_s", "time", "arrival_s")


def with_trace(document: Document, workload: Workload) -> Workload:
    """The workload with ``demand.peak_to_mean`` measured on ``demand.trace``, a CSV beside the workload file.

    Raises InvalidInputError when the trace cannot be read or contradicts a stated peak factor.
    """
    name = workload.demand.trace
    if name is None:
        return workload
    if "peak_to_mean" in workload.demand.model_fields_set:
        message = "got a trace and a stated peak factor; drop demand.peak_to_mean, the trace measures it"
        raise InvalidInputError([document.problem(("demand", "peak_to_mean"), message)])
    ratio = peak_to_mean(arrivals_s(Path(document.path).parent / name))
    figure = Figure(value=ratio, unit="ratio", source=f"{name}: busiest {WINDOW_S:g} s over the mean", kind="measured")
    demand = workload.demand.model_copy(update={"peak_to_mean": figure})
    return workload.model_copy(update={"demand": demand})


def peak_to_mean(at_s: np.ndarray) -> float:
    """Busiest window over the mean window, in whole windows from the first arrival; 1 or more."""
    window = ((at_s - at_s.min()) // WINDOW_S).astype(np.int64)
    counts = np.bincount(window)
    return float(counts.max() / counts.mean())


def arrivals_s(path: Path) -> np.ndarray:
    """Arrival times in seconds from a CSV with a time column, in seconds or as ISO 8601.

    Raises InvalidInputError with every cell that is no time.
    """
    rows = csv.DictReader(io.StringIO(read_text(path), newline=""))
    named = {name.strip().lower(): name for name in rows.fieldnames or ()}
    column = next((named[name] for name in COLUMNS if name in named), None)
    if column is None:
        raise InvalidInputError(
            [Problem(str(path), 1, 1, "", f"no time column; expected one of: {', '.join(COLUMNS)}")]
        )
    problems: list[Problem] = []
    times: list[float] = []
    for row in rows:
        try:
            times.append(_seconds(row[column] or ""))
        except ValueError:
            message = f"got {row[column]!r}; expected seconds or an ISO 8601 time"
            problems.append(Problem(str(path), rows.line_num, 1, column, message))
    if not problems and len(times) < 2:
        problems = [Problem(str(path), 1, 1, column, f"got {len(times)} arrivals; expected at least 2")]
    if problems:
        raise InvalidInputError(problems)
    return np.array(times)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return datetime.fromisoformat(text).timestamp()
    if not np.isfinite(value):
        raise ValueError(text)
    return value
