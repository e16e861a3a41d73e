"""The whole of ``tco bench endpoint`` behind its options: check, measure, write, show."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tco.bench.endpoint import options, record, rows
from tco.bench.endpoint.options import Options
from tco.bench.endpoint.rows import Deployment
from tco.bench.endpoint.session import Measured, measure
from tco.errors import EXIT_NO, EXIT_OK, MissingDataError, UsageError

EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where the results go."""

    out: Path | None
    requests: Path | None
    chart: Path | None
    as_json: bool
    data: Path | None


def run(asked: Options, stated: Deployment, wanted: Wanted) -> int:
    """Everything, in an order that spoils nothing: what is wrong is said before the first request is sent.

    Returns the exit code: 0; 1 when no request met the limits or nothing was answered; 130 on Ctrl-C, which leaves
    neither a profile nor any other file.
    """
    from tco.report.progress import progress

    held = rows.resolved(stated, data=wanted.data)
    if wanted.out is not None and held.why_not_usable:
        raise UsageError(f"--out: {held.why_not_usable}; a profile needs all of them")
    if wanted.chart is not None:
        from tco.bench.endpoint import chart

        chart.check(wanted.chart)
    settings = options.read(asked)
    try:
        with progress() as say:
            measured = measure(settings, say)
    except KeyboardInterrupt:
        sys.stderr.write("stopped: nothing was written\n")
        return EXIT_INTERRUPTED
    profile, why_not = _write(measured, held, wanted)
    if wanted.as_json:
        from tco.report.record import dumps

        sys.stdout.write(f"{dumps(record.as_record(measured, profile=profile, why_no_profile=why_not))}\n")
    else:
        from tco.bench.endpoint import show

        show.show(measured, profile=profile, why_no_profile=why_not)
    return EXIT_NO if measured.failure else EXIT_OK


def _write(measured: Measured, held: Deployment, wanted: Wanted) -> tuple[str | None, str]:
    """The files that were asked for; the profile's path, or why there is none."""
    if wanted.requests is not None:
        write_requests(measured, wanted.requests)
    if wanted.chart is not None:
        from tco.bench.endpoint import chart

        chart.draw(measured, wanted.chart)
    why_not = measured.spoilt or held.why_not_usable
    if why_not:
        return None, why_not
    return str(rows.write(measured, held, out=wanted.out, data=wanted.data)), ""


def write_requests(measured: Measured, path: Path) -> None:
    """Every request as a line of JSON, the whole file or none; raises MissingDataError where it cannot be written."""
    from tco.sheets.store import write_whole

    try:
        write_whole(path, "".join(record.lines(measured)).encode("utf-8"))
    except OSError as error:
        raise MissingDataError(f"{path}: cannot be written: {error.strerror or error}") from None
