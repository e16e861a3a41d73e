"""The sheet that comes with the tool: one file a provider, so that one look-up reads one file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError
from tco.files.shipped import curated_names
from tco.sheets.sheet import read_offers

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


@cache
def offers_of(folder: Path, provider: str) -> tuple[TokenOffer, ...]:
    """The offers of one provider in ``pricing/sheet``, none without a file. Raises MissingDataError."""
    path = folder / f"{provider}.json"
    if not _NAME.fullmatch(provider) or provider == "index" or not path.is_file():
        return ()
    try:
        held = json.loads(path.read_bytes())
        return read_offers(held["offers"] if isinstance(held, dict) else held)
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise MissingDataError(f"{path}: damaged: {error}; install the tool again") from None


def providers(folder: Path) -> list[str]:
    """Everyone with a file in the shipped sheet."""
    return sorted(path.stem for path in folder.glob("*.json") if path.stem != "index")


def with_curated(curated: Iterable[TokenOffer], folder: Path) -> tuple[TokenOffer, ...]:
    """Curated offers under every registry's spelling, and those of the shipped sheet for what they lack."""
    return merged(
        spelt(curated, folder), (offer for provider in providers(folder) for offer in offers_of(folder, provider))
    )


def spelt(curated: Iterable[TokenOffer], folder: Path) -> tuple[TokenOffer, ...]:
    """Curated offers with the registries' other names for them as aliases."""
    more: dict[tuple[str, str], list[str]] = {}
    for provider in providers(folder):
        for name, model in curated_names(folder / f"{provider}.json").items():
            more.setdefault((provider, model), []).append(name)
    return tuple(
        offer.model_copy(update={"aliases": (*offer.aliases, *names)})
        if (names := more.get((offer.provider, offer.model)))
        else offer
        for offer in curated
    )


def merged(first: Iterable[TokenOffer], then: Iterable[TokenOffer]) -> tuple[TokenOffer, ...]:
    """The offers of ``first``, and those of ``then`` for every provider and model that it lacks."""
    found = {(offer.provider, offer.model): offer for offer in first}
    for offer in then:
        found.setdefault((offer.provider, offer.model), offer)
    return tuple(found.values())
