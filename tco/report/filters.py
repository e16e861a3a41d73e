"""Which rows of ``tco list`` are asked for: by hardware, provider or model, where the rows have one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from tco.errors import UnknownNameError, UsageError
from tco.files.catalogue import Catalogue
from tco.files.checks import offers_named

Row = dict[str, Any]
Held = Callable[[Row], str | None]


def _column(name: str) -> Held:
    return lambda row: row[name]


def _seller(row: Row) -> str:
    return str(row["id"]).partition("/")[0]


def _sold(row: Row) -> str:
    return str(row["id"]).partition("/")[2]


# By option and list, what a row says of it.
APPLIES: dict[str, dict[str, Held]] = {
    "hardware": {"hardware": _column("id"), "rentals": _column("hardware")},
    "provider": {
        "prices": _seller, "rentals": _column("provider"), "plans": _column("provider"), "providers": _column("id"),
    },
    "model": {
        "models": _column("id"), "prices": _sold, "plans": _column("model"), "quality": _column("model"),
    },
}  # fmt: skip


def check(what: str, asked: Mapping[str, str | None]) -> None:
    """Raise UsageError for an option whose matter the list does not have."""
    for option, name in asked.items():
        if name is not None and what not in APPLIES[option]:
            raise UsageError(f"--{option} does not apply to {what}; it applies to: {', '.join(APPLIES[option])}")


def chosen(what: str, rows: list[Row], asked: Mapping[str, str | None], catalogue: Catalogue) -> list[Row]:
    """The rows of the names asked for, ids or aliases; raises UnknownNameError for a name nobody has."""
    for option, name in asked.items():
        if name is not None:
            held, ids = APPLIES[option][what], _ids(option, name, catalogue)
            rows = [row for row in rows if held(row) in ids]
    return rows


def _ids(option: str, name: str, catalogue: Catalogue) -> Collection[str]:
    if option == "hardware":
        return {catalogue.hardware(name).id}
    if option == "provider":
        seller = catalogue.provider_id(name)
        if seller not in catalogue.sellers:
            raise UnknownNameError("provider", name, catalogue.sellers, "tco list providers")
        return {seller}
    return _model_ids(name, catalogue)


def _model_ids(name: str, catalogue: Catalogue) -> Collection[str]:
    """A profile's id, and the ids under which the model is priced, planned or scored."""
    profile, wanted = catalogue.known_model(name), name.lower()
    known = {offer.model for offer in catalogue.offers} | {row.model for row in catalogue.scores}
    known |= {plan.model for plan in catalogue.plans.values() if plan.model}
    ids = {profile.id, wanted} if profile else {wanted}
    ids |= {offer.model for offer in offers_named(catalogue.offers, ids)}
    if profile is None and not ids & known:
        raise UnknownNameError("model", name, known | set(catalogue.all_models), "tco list models")
    return ids
