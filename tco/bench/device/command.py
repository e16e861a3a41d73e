"""From the options of ``tco bench run`` to a profile on disk."""

from __future__ import annotations

from pathlib import Path

from tco.bench.device.run import run
from tco.bench.device.shared import Asked, Say
from tco.bench.profile import save
from tco.describe.hardware import Hardware
from tco.describe.profile import Profile
from tco.errors import UnknownNameError, UsageError
from tco.files.catalogue import Catalogue
from tco.files.names import loosely

LOOP_MODELS = ("llama-3.1-8b", "qwen3-8b", "qwen3-32b")


def measured(
    *, quick: bool, gpu: str | None, cpu: bool, out: Path | None, data: Path | None, say: Say
) -> tuple[Profile, Path]:
    """Measure this machine and write the profile whole; an interrupt before that leaves none.

    Raises UsageError for options that contradict each other, MissingDataError where a GPU asked for is not there.
    """
    gpus = gpus_of(gpu)
    if cpu and gpus is not None:
        raise UsageError("--cpu and --gpu: got both; expected one of them")
    catalogue = Catalogue(data)
    find = loosely(catalogue.hardware, lambda: catalogue.all_hardware.values())

    def recognise(name: str) -> Hardware | None:
        try:
            return find(name)
        except UnknownNameError:
            return None

    models = () if quick else tuple(catalogue.model(name) for name in LOOP_MODELS)
    profile = run(Asked(quick=quick, gpus=gpus, cpu_only=cpu, models=models), recognise=recognise, say=say)
    return profile, save(profile, out=out, data=data)


def gpus_of(text: str | None) -> tuple[int, ...] | None:
    """``all`` is every GPU (empty), ``0,2`` those two, nothing the first (None)."""
    if text is None:
        return None
    if text == "all":
        return ()
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts) or len(set(parts)) != len(parts):
        raise UsageError(f"--gpu: got {text!r}; expected a number, several such as 0,2, or all")
    return tuple(int(part) for part in parts)
