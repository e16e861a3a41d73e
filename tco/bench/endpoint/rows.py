"""A measured server as rows of a profile, which ``tco compare`` prefers to a prediction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from tco import __version__
from tco.bench import profile as profiles
from tco.bench.device.host import contention, cpu_pressure_percent, host_facts
from tco.bench.device.reading import missing
from tco.bench.device.shared import with_host
from tco.bench.endpoint.record import in_ms, joules_per_tok
from tco.bench.endpoint.session import Level, Measured
from tco.describe.hardware import Dtype
from tco.describe.profile import LOCAL, How, Latency, Machine, NotMeasured, Profile, ProfileRow
from tco.errors import UsageError
from tco.files.catalogue import Catalogue
from tco.files.profiles import newest

NEEDED = ("hardware", "model", "dtype", "engine")


@dataclass(frozen=True, slots=True)
class Deployment:
    """What runs behind the URL, as the caller states it: no server tells all of it."""

    hardware: str | None = None
    n_gpus: int = 1
    model: str | None = None
    dtype: str | None = None
    engine: str | None = None
    engine_version: str = ""

    @property
    def why_not_usable(self) -> str:
        """What is not stated; empty when a profile can be written."""
        absent = [f"--{name}" for name in NEEDED if getattr(self, name) is None]
        return f"{', '.join(absent)} not stated" if absent else ""


def resolved(stated: Deployment, *, data: Path | None) -> Deployment:
    """The deployment by ids of the catalogue; raises UnknownNameError or UsageError for what it does not know."""
    if stated.dtype is not None and stated.dtype not in get_args(Dtype):
        raise UsageError(f"--dtype: got {stated.dtype!r}; expected one of: {', '.join(get_args(Dtype))}")
    catalogue = Catalogue(data)
    return Deployment(
        hardware=catalogue.hardware(stated.hardware).id if stated.hardware else None, n_gpus=stated.n_gpus,
        model=catalogue.model(stated.model).id if stated.model else None, dtype=stated.dtype, engine=stated.engine,
        engine_version=stated.engine_version,
    )  # fmt: skip


def write(measured: Measured, held: Deployment, *, out: Path | None, data: Path | None) -> Path:
    """Write the profile of a measurement, whole or not at all."""
    return profiles.save(profile(measured, held, data=data), out=out, data=data)


def profile(measured: Measured, held: Deployment, *, data: Path | None) -> Profile:
    """The profile: a row for each level in which something was answered."""
    assert held.hardware is not None
    machine = _machine(Catalogue(data), held.hardware, held.n_gpus)
    if measured.settings.address.is_local:
        machine = with_host(machine, host_facts(), contention(cpu_pressure_percent(), missing("not asked")))
    else:
        machine = machine.model_copy(update={"contended_reason": "the server is not on this machine"})
    rows = [row(level, measured, held, contended=machine.contended) for level in measured.levels if level.stats.n_ok]
    return profiles.made(
        machine=machine, at=measured.at, rows=rows, notes=measured.probed.notes, name=f"endpoint-{held.model}"
    )


def _machine(catalogue: Catalogue, name: str, n_gpus: int) -> Machine:
    """The machine of the catalogue, or the one measured here: under its own name, by which its rows are found again."""
    here = newest(catalogue.local)
    if name == LOCAL and here is not None:
        return here.machine.at_another_time(n_gpus=n_gpus)
    known = catalogue.hardware(name)
    return Machine(
        hardware=known.id, name=known.name, category=known.category, vendor=known.vendor, n_gpus=n_gpus
    )  # fmt: skip


def row(level: Level, measured: Measured, held: Deployment, *, contended: bool | None) -> ProfileRow:
    """One level as a row of a profile."""
    assert held.hardware is not None
    assert held.model is not None
    assert held.engine is not None
    found, energy = level.stats, level.energy
    why = energy.joules.not_measured if isinstance(energy.joules, NotMeasured) else ""
    cached = (measured.cache_failure,) if measured.cache_failure else ()
    return ProfileRow(
        hardware=held.hardware, n_gpus=held.n_gpus, model=held.model, dtype=cast("Dtype", held.dtype),
        engine=held.engine, engine_version=held.engine_version, arrival=level.load.kind,
        concurrency=level.load.concurrency,
        request_per_s_asked=level.load.request_per_s, input_tok=found.input_tok, output_tok=found.output_tok,
        n_requests=found.n_asked, n_failed=found.n_asked - found.n_ok,
        duration_s=found.window.seconds if found.window else None, output_tok_per_s=found.output_tok_per_s,
        request_per_s=found.request_per_s, goodput_request_per_s=found.goodput_request_per_s,
        ttft_ms=_latency(level, "ttft"), tpot_ms=_latency(level, "tpot"), itl_ms=_latency(level, "itl"),
        e2e_ms=_latency(level, "e2e"),
        power_w=None if isinstance(energy.joules, NotMeasured) else energy.joules / energy.seconds,
        joules_per_tok=joules_per_tok(level), energy_reason=why, energy_flags=energy.flags,
        how=How(tool="tco bench endpoint", version=__version__, file=measured.settings.address.authority),
        measured_at=measured.at, contended=contended, estimated=found.is_estimated, flags=(*level.flags, *cached),
        notes=level.notes,
    )  # fmt: skip


def _latency(level: Level, name: str) -> Latency:
    return cast("Latency", dict(in_ms(level.stats.latencies.get(name, {}))))
