"""``--hardware``: every open model of the catalogue on one machine, in place of a workload's own machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tco.decide.assess import load_of
from tco.describe.candidates import MachineCandidate
from tco.describe.hardware import Hardware
from tco.describe.model import Model
from tco.describe.option import MachineOption
from tco.describe.scenario import Scenario
from tco.errors import MissingDataError
from tco.files.catalogue import Catalogue
from tco.files.options import Maker
from tco.files.searches import why_not_hosted
from tco.perform.size import smallest_layout
from tco.units import BYTES_PER_GB


def only_on(scenario: Scenario, name: str, data: Path | None) -> Scenario:
    """The scenario with the machine ``name`` (``local``: the one measured here) as the only one to own.

    Models are those the workload names, else every open one; those that do not fit are left out with the reason.
    What the workload states of this machine (price, watts, GPUs, engine) holds for all of them.
    Raises UnknownNameError for a machine nobody knows.
    """
    catalogue = Catalogue(data)
    hardware = catalogue.hardware(name)
    stated = _stated(scenario, catalogue, hardware)
    options: list[MachineOption] = []
    left_out: list[tuple[str, str]] = []
    for model in _models(scenario, catalogue):
        option = _option(Maker(catalogue), model, hardware, stated)
        why = why_not_hosted(model) or _too_small(option, scenario)
        if why:
            left_out.append((option.id, why))
        else:
            options.append(option)
    kept = [each for each in scenario.options if each.tier != "self_hosted"]
    searched = [group for group in scenario.searched if group[0].tier != "self_hosted"]
    return replace(
        scenario, options=(*kept, *options), searched=tuple(searched), left_out=(*scenario.left_out, *left_out)
    )


def _models(scenario: Scenario, catalogue: Catalogue) -> Sequence[Model]:
    named = scenario.workload.candidates.models
    if named:
        return [catalogue.model(name) for name in named]
    return [model for model in catalogue.all_models.values() if model.weights == "open"]


def _stated(scenario: Scenario, catalogue: Catalogue, hardware: Hardware) -> MachineCandidate | None:
    """What the workload states of this machine: of its first candidate on it."""
    held = scenario.workload.candidates.self_hosted or ()
    found = (each for each in held if isinstance(each, MachineCandidate))
    return next((each for each in found if catalogue.hardware(each.hardware).id == hardware.id), None)


def _option(maker: Maker, model: Model, hardware: Hardware, stated: MachineCandidate | None) -> MachineOption:
    candidate = MachineCandidate(model=model.id, hardware=hardware.id)
    if stated is not None:
        same = maker.catalogue.known_model(stated.model) == model
        own = {"model": model.id} if same else {"model": model.id, "throughput": None, "dtype": None}
        candidate = stated.model_copy(update=own)
    return maker.machine(candidate, model, hardware, None)


def _too_small(option: MachineOption, scenario: Scenario) -> str:
    """Why the model does not fit; empty when it does."""
    try:
        built = smallest_layout(option, load_of(scenario.plan(option.model_id)))
    except MissingDataError as error:
        return str(error)
    short_gb = -float(built.margin_bytes) / BYTES_PER_GB
    return f"does not fit: {short_gb:,.1f} GB per GPU short" if short_gb > 0 else ""
