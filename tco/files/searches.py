"""What ``all`` stands for: every offer and plan of a tier, and the machines searched for each model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from tco.describe.candidates import MachineCandidate
from tco.describe.model import Model
from tco.describe.offer import Tier
from tco.describe.option import MachineOption, Option
from tco.files.catalogue import Catalogue
from tco.files.options import Maker
from tco.files.policy import DEFAULT_MODELS
from tco.files.rentals import InForce, too_old


@dataclass
class Everything:
    """The whole of one tier: offers one by one, machines in groups, and what is left out with its reason."""

    options: list[Option] = field(default_factory=list)
    groups: list[tuple[MachineOption, ...]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def everything(
    tier: Tier, catalogue: Catalogue, maker: Maker, *, models: Sequence[Model], rentals: InForce, as_of: date
) -> Everything:
    """A tier of ``all`` on a day; ``models`` are those that machines serve."""
    found = Everything()
    _offers(found, tier, catalogue, maker, as_of)
    if tier == "api":
        _plans(found, catalogue, maker)
    elif tier == "self_hosted" and models:
        _owned(found, catalogue, maker, models)
    elif models:
        _rented(found, catalogue, maker, models, rentals)
    return found


def models_over_the_floor(catalogue: Catalogue) -> tuple[list[Model], list[tuple[str, str]]]:
    """The open models that have any score, and the scored or open ones that machines cannot be compared for.

    Whether a score is over the floor is decided, and said, option by option.
    """
    scored = {row.model for row in catalogue.scores}
    taken: list[Model] = []
    left_out: list[tuple[str, str]] = []
    for model in catalogue.all_models.values():
        why = why_not_hosted(model)
        if why and model.weights == "open":
            left_out.append((model.id, why))
        elif not why and model.id not in scored:
            left_out.append((model.id, "no score of it is known, and the workload has a quality floor"))
        elif not why:
            taken.append(model)
    return taken, left_out


def default_models(catalogue: Catalogue) -> tuple[list[Model], str]:
    """The models compared where the workload names none, and the warning that says so."""
    warning = f"candidates.models is not stated: machines are compared for {', '.join(DEFAULT_MODELS)}, "
    return [catalogue.model(name) for name in DEFAULT_MODELS], warning + "one open model of each size"


def why_not_hosted(model: Model) -> str:
    """Why machines cannot be compared for a model; empty when they can."""
    if model.weights != "open":
        return "its weights are closed"
    if model.status != "released":
        return f"it is {model.status}"
    if model.modality == "speech":
        return "it makes speech: it has no price per text token"
    return "" if model.shape is not None else "its shape is not known"


def _offers(found: Everything, tier: Tier, catalogue: Catalogue, maker: Maker, as_of: date) -> None:
    for offer in catalogue.offers:
        if offer.tier != tier:
            continue
        name = f"{offer.provider}/{offer.model}"
        if offer.modality == "speech":
            found.left_out.append((name, "it makes speech: it has no price per text token"))
        elif offer.retired is not None and offer.retired <= as_of:
            found.left_out.append((name, f"the offer ended on {offer.retired}; name it to use it anyway"))
        else:
            found.options.append(maker.tokens(offer, tier))


def _plans(found: Everything, catalogue: Catalogue, maker: Maker) -> None:
    for name, offer in catalogue.plans.items():
        if offer.kind_of_offer == "subscription":
            why = f"a seat is one person's: it is compared only where a workload names it (plan: {name})"
            found.left_out.append((f"{offer.provider}/{name}", why))
        else:
            found.options.append(maker.plan(name, "api"))


def _owned(found: Everything, catalogue: Catalogue, maker: Maker, models: Sequence[Model]) -> None:
    usable = []
    for name, hardware in catalogue.all_hardware.items():
        if hardware.status != "shipping":
            found.left_out.append((f"own:{name}", f"it is {hardware.status}; name it to compare it anyway"))
        elif not hardware.memory_gb:
            found.left_out.append((f"own:{name}", "its memory is not known"))
        else:
            usable.append(hardware)
    for model in models:
        plain = _nothing_stated(model)
        found.groups.append(tuple(maker.machine(plain, model, each, None, any_dtype=True) for each in usable))


def _rented(
    found: Everything, catalogue: Catalogue, maker: Maker, models: Sequence[Model], rentals: InForce
) -> None:  # fmt: skip
    found.left_out += rentals.left_out()
    found.warnings += too_old(rentals.old)
    for model in models:
        by_plan: dict[str, list[MachineOption]] = {}
        plain = _nothing_stated(model)
        for rental in rentals.fresh:
            option = maker.machine(plain, model, catalogue.hardware(rental.hardware), rental, any_dtype=True)
            by_plan.setdefault(rental.plan, []).append(option)
        found.groups += [tuple(group) for group in by_plan.values()]


def _nothing_stated(model: Model) -> MachineCandidate:
    """A candidate that leaves everything to the tool, whatever the machine."""
    return MachineCandidate(model=model.id, hardware="any")
