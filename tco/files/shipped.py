"""Look-ups in the price sheet that comes with the tool: only the offers asked for are validated."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError

INDEX = "index.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,120}")


def find(folder: Path, name: str, provider: str | None, curated: Iterable[TokenOffer]) -> list[TokenOffer]:
    """Offers of the sheet for what has no curated price; a registry's spelling of a curated model is that model.

    Raises MissingDataError with the reason when the only price is held for review.
    """
    if provider is not None and not _NAME.fullmatch(provider):  # a name someone wrote is no path to somewhere else
        return []
    asked = [folder / f"{provider}.json"] if provider else sorted(folder.glob("*.json"))
    paths = [path for path in asked if path.name != INDEX and path.is_file()]
    same = {(path.stem, model) for path in paths if (model := curated_names(path).get(name.lower()))}
    found = [offer for offer in curated if (offer.provider, offer.model) in same] or shipped_offers(paths, name)
    why = "" if found else held_for_review(folder / INDEX, name, provider)
    if why:
        raise MissingDataError(f"{name}: no price to bill by, held for review: {why}")
    return found


def shipped_offers(paths: Iterable[Path], name: str) -> list[TokenOffer]:
    """The offers called ``name`` (id, else alias, else provider/model; exactly, case aside) in files of the sheet.

    Raises MissingDataError when a file is damaged.
    """
    wanted = name.lower()
    by_id: list[TokenOffer] = []
    by_alias: list[TokenOffer] = []
    for path in paths:
        held = _read(path)
        for stated in held["offers"]:
            if wanted == stated["model"]:
                by_id.append(_offer(path, stated))
            elif wanted in _aliases(stated):
                by_alias.append(_offer(path, stated))
    return by_id or by_alias


def curated_names(path: Path) -> dict[str, str]:
    """Upstream spellings of models with a curated price, in lower case, and the id that each stands for."""
    return {name: str(model) for name, model in _read(path).get("aliases", {}).items()}


def held_for_review(index: Path, name: str, provider: str | None) -> str:
    """Why no offer of that id is in the sheet although a registry has one; empty when there is no such reason."""
    try:
        held = json.loads(index.read_bytes())["held"]
    except (OSError, ValueError, KeyError):
        return ""
    return next((str(why) for seller, model, why in held if model == name.lower() and provider in (None, seller)), "")


def _aliases(stated: Mapping[str, Any]) -> list[str]:
    return [f"{stated['provider']}/{stated['model']}", *(alias.lower() for alias in stated.get("aliases", ()))]


@cache
def _read(path: Path) -> dict[str, Any]:
    try:
        held = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise MissingDataError(f"{path}: damaged: {error}; install the tool again") from None
    if not isinstance(held, dict) or not isinstance(held.get("offers"), list):
        raise MissingDataError(f"{path}: damaged: no list of offers; install the tool again")
    return held


def _offer(path: Path, stated: Mapping[str, Any]) -> TokenOffer:
    try:
        return TokenOffer.model_validate_json(json.dumps(stated))
    except ValidationError as error:
        raise MissingDataError(f"{path}: damaged: {error}; install the tool again") from None
