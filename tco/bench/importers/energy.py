"""Energy logs: Zeus windows and codecarbon emissions. Tokens are not in them; the option says how many were made."""

from __future__ import annotations

import re

from tco.bench.importers.draft import Draft, epoch, stamp
from tco.bench.importers.source import Fields, Source, table
from tco.units import J_PER_KWH

_GPU = re.compile(r"gpu(\d+)_energy")


def is_zeus(source: Source) -> bool:
    """The log of ``ZeusMonitor``."""
    return {"window_name", "elapsed_time"} <= set(source.header) and any(map(_GPU.fullmatch, source.header))


def is_codecarbon(source: Source) -> bool:
    """``emissions.csv``."""
    return {"codecarbon_version", "energy_consumed", "gpu_energy"} <= set(source.header)


def zeus(source: Source) -> list[Draft]:
    """One draft a window: joules of every GPU over its seconds."""
    return [_window(fields) for fields in table(source)]


def _window(fields: Fields) -> Draft:
    joules = [fields.number(name) for name in fields.held if _GPU.fullmatch(name)]
    draft = Draft(tool="zeus", n_gpus=len(joules), at=epoch(fields.number("start_time")))
    draft.notes.append(f"window {fields.text('window_name')!r}")
    seconds = fields.needed("elapsed_time")
    if not all(joules):
        draft.put(duration_s=seconds, energy_reason="not measured: the meter counted 0 J of a GPU, or nothing")
        return draft
    power_w = sum(each for each in joules if each) / seconds
    draft.put(duration_s=seconds, power_w=power_w, energy_reason="energy of the GPUs, without host")
    return draft


def codecarbon(source: Source) -> list[Draft]:
    """One draft a run: kWh of the accelerators where there are any, else of the whole machine."""
    return [_emissions(fields) for fields in table(source)]


def _emissions(fields: Fields) -> Draft:
    n_gpus, gpu_kwh = fields.count("gpu_count") or 0, fields.number("gpu_energy") or 0.0
    draft = Draft(
        tool="codecarbon", tool_version=fields.text("codecarbon_version"), at=stamp(fields.text("timestamp")),
        hardware=fields.text("gpu_model" if n_gpus else "cpu_model"), n_gpus=n_gpus or None,
    )  # fmt: skip
    if n_gpus and not gpu_kwh:
        draft.put(energy_reason="not measured: the file has GPUs but no energy of theirs")
        draft.put(duration_s=fields.needed("duration"))
        return draft
    kwh = gpu_kwh or fields.needed("energy_consumed")
    what = "the GPUs" if n_gpus else "processor and memory, which codecarbon estimates from load where it has no meter"
    seconds = fields.needed("duration")
    draft.put(duration_s=seconds, power_w=kwh * J_PER_KWH / seconds, energy_reason=f"energy of {what}")
    return draft
