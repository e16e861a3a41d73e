"""``tco bench import``: files of other tools to one profile of one machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import ValidationError

from tco.bench import profile as profiles
from tco.bench.importers import registry
from tco.bench.importers.draft import Draft
from tco.bench.importers.finish import Finisher, Given
from tco.bench.importers.inferencex import LatencyUnit
from tco.bench.importers.source import Source, load
from tco.describe.hardware import Dtype
from tco.describe.profile import LOCAL, Machine, Micro, NotMeasured, Profile, ProfileRow, measured
from tco.errors import InvalidInputError, MissingDataError, Problem, UsageError
from tco.files.catalogue import Catalogue
from tco.files.instants import parse_day
from tco.files.names import loosely
from tco.files.profiles import newest
from tco.perform.runs import dtype_of, engine_of

Held = tuple[Source, Draft]


def stated(
    catalogue: Catalogue, *, model: str | None, hardware: str | None, dtype: str | None, kv_dtype: str | None,
    engine: str | None, measured_on: str | None, **numbers: Any,
) -> Given:  # fmt: skip
    """The options as records; raises UnknownNameError for a model or machine that the catalogue does not know."""
    return Given(
        model=catalogue.model(model) if model else None,
        hardware=_hardware_id(catalogue, hardware) if hardware else None,
        dtype=_format("--dtype", dtype), kv_dtype=_format("--kv-dtype", kv_dtype),
        engine=engine_of(engine) if engine else None,
        on=parse_day(measured_on, "--measured-on") if measured_on else None,
        **numbers,
    )  # fmt: skip


def _format(option: str, name: str | None) -> Dtype | None:
    try:
        return dtype_of(name) if name else None
    except MissingDataError:
        raise UsageError(f"{option}: got {name!r}; expected one of: {', '.join(get_args(Dtype))}") from None


def _hardware_id(catalogue: Catalogue, name: str) -> str:
    if name.lower() != LOCAL:
        return catalogue.hardware(name).id
    return _local(catalogue).hardware


def _local(catalogue: Catalogue) -> Machine:
    """The machine that ``local`` means everywhere; raises UsageError where nothing was measured."""
    found = newest(catalogue.local)
    if found is None:
        raise UsageError("--hardware local: no machine was measured here yet; `tco bench run` measures this one")
    return found.machine


def unit_of(name: str | None) -> LatencyUnit | None:
    """The unit of latencies that a file leaves open; raises UsageError for another than s and ms."""
    if name not in (None, "s", "ms"):
        raise UsageError(f"--latency-unit: got {name!r}; expected s or ms")
    return cast("LatencyUnit | None", name)


def imported(
    paths: Sequence[Path], *, catalogue: Catalogue, given: Given, name: str | None = None,
    unit: LatencyUnit | None = None, driver: str = "",
) -> Profile:  # fmt: skip
    """One profile of everything in the files.

    Raises InvalidInputError with every problem of every file: damaged, of no known tool, or silent on what no
    option states.
    """
    problems: list[Problem] = []
    held: list[Held] = []
    for path in paths:
        try:
            source = load(path)
            held += [(source, draft) for draft in registry.drafts(source, name=name, unit=unit)[1]]
        except InvalidInputError as error:
            problems += error.problems
    finisher = Finisher(
        given, loosely(catalogue.model, catalogue.all_models.values),
        loosely(catalogue.hardware, catalogue.all_hardware.values), problems,
    )  # fmt: skip
    rows, machines = _rows(held, finisher)
    if problems:
        raise InvalidInputError(sorted(dict.fromkeys(problems)))
    at = _newest(held, rows, finisher)
    return _profile(held, rows, machines, catalogue=catalogue, driver=driver, at=at)


def _rows(held: Sequence[Held], finisher: Finisher) -> tuple[list[ProfileRow], list[str]]:
    """The rows of every draft that has any, and the machines of all, with what is missing collected."""
    rows, machines = [], []
    for source, draft in held:
        hardware = finisher.hardware_of(draft, source)
        if hardware is not None:
            machines.append(hardware)
        if draft.row:
            row = finisher.row(draft, source, hardware)
            rows += [row] if row is not None else []
            continue
        missing = [
            name for name, found in (("--hardware", hardware), ("--measured-on", finisher.at(draft))) if not found
        ]
        if missing:
            finisher.missing(source, draft, missing)
    if len(set(machines)) > 1:
        message = f"the files are of several machines ({', '.join(sorted(set(machines)))}); import each alone"
        finisher.problems.append(Problem(held[0][0].path, 0, 0, "", message))
    return rows, machines


def _newest(held: Sequence[Held], rows: Sequence[ProfileRow], finisher: Finisher) -> datetime:
    dates = [row.measured_at for row in rows] + [at for _, draft in held if (at := finisher.at(draft))]
    return max(dates)


def _profile(
    held: Sequence[Held], rows: Sequence[ProfileRow], machines: Sequence[str], *, catalogue: Catalogue,
    driver: str, at: datetime,
) -> Profile:  # fmt: skip
    drivers = {draft.driver for _, draft in held if draft.driver}
    n_gpus = max([row.n_gpus for row in rows] + [draft.n_gpus or 1 for _, draft in held])
    machine = _machine(catalogue, machines[0], n_gpus, driver or (drivers.pop() if len(drivers) == 1 else ""))
    micro, notes = _micro(held)
    tools = "-".join(dict.fromkeys(draft.format for _, draft in held))
    digest = sha256("".join(sorted({source.sha256 for source, _ in held})).encode()).hexdigest()[:6]
    return profiles.made(machine=machine, at=at, micro=micro, rows=rows, notes=notes, name=f"{tools}-{digest}")


def _machine(catalogue: Catalogue, hardware: str, n_gpus: int, driver: str) -> Machine:
    if hardware == LOCAL:
        return _local(catalogue).at_another_time(n_gpus=n_gpus)
    known = catalogue.hardware(hardware)
    imported = NotMeasured(not_measured="imported from another tool's file")
    return Machine(
        hardware=known.id, name=known.name, category=known.category, vendor=known.vendor, n_gpus=n_gpus, driver=driver,
        memory_gb=imported, power_limit_w=imported, throttling_reason="the imported files do not say",
        contended_reason="the imported files do not say",
    )  # fmt: skip


def _micro(held: Sequence[Held]) -> tuple[Micro | None, list[str]]:
    """Microbenchmarks among the drafts, and the notes of the drafts that have no row to carry them."""
    found: dict[str, Any] = {}
    notes: list[str] = []
    for source, draft in held:
        for name, value in draft.micro.items():
            where = f"{draft.tool} {draft.tool_version}".strip() + f", {source.name}"
            found[name] = (
                NotMeasured(not_measured=value) if isinstance(value, str) else measured(value, "GB/s", source=where)
            )
        notes += [] if draft.row else draft.notes
    try:
        return (Micro(**found) if found else None), notes
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise held[0][0].error(".".join(map(str, first["loc"][:1])), first["msg"]) from None
