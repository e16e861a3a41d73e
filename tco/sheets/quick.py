"""One look-up in a sheet without reading all of it as records: the hash is checked, one provider's offers are read."""

from __future__ import annotations

import json
import zlib
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError
from tco.sheets.sheet import read_offers
from tco.sheets.store import MAX_BYTES, WAY_OUT, Store, bounded_gunzip


@dataclass(frozen=True)
class Quick:
    """A sheet as plain values; records only of the provider that is asked for."""

    id: str
    document: dict[str, Any]

    @property
    def created_at(self) -> datetime:
        """When it was pulled."""
        return datetime.fromisoformat(self.document["created_at"])

    @cached_property
    def _by_provider(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for record in self.document["offers"]:
            found.setdefault(record["provider"], []).append(record)
        return found

    def offers_of(self, provider: str, models: Container[str]) -> tuple[TokenOffer, ...]:
        """The offers of one provider for the models named by id."""
        return read_offers(record for record in self._by_provider.get(provider, ()) if record["model"] in models)

    def named(self, name: str) -> tuple[TokenOffer, ...]:
        """The offers of any provider that go by a name, in lower case: id, alias or provider/model."""
        found = [record for record in self.document["offers"] if _goes_by(record, name)]
        return read_offers(found)


def _goes_by(record: dict[str, Any], name: str) -> bool:
    model: str = record["model"]
    return name in (model, f"{record['provider']}/{model}") or name in map(str.lower, record.get("aliases", ()))


def quick(store: Store, held: str) -> Quick:
    """A sheet of the store, its hash verified: the id addresses the canonical JSON with the id cut out."""
    path = store.path(store.full_id(held))
    try:
        plain = bounded_gunzip(path.read_bytes(), MAX_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise MissingDataError(f"{path}: damaged or edited by hand: {error}; {WAY_OUT}") from None
    stated = f'"id":"{path.name[:64]}",'.encode("ascii")
    if plain.count(stated) != 1 or sha256(plain.replace(stated, b"", 1)).hexdigest() != path.name[:64]:
        raise MissingDataError(f"{path}: tampered: its content is not what its name says; {WAY_OUT}")
    return Quick(path.name[:64], json.loads(plain))
