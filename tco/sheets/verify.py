"""Whether a sheet is what it says: its hash, its schema, the data it was made from, and prices that can be true."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Literal

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError
from tco.price.rates import instant
from tco.sheets import plausible
from tco.sheets.diff import condition, prices
from tco.sheets.sheet import Sheet
from tco.sheets.store import PREFIX, Store, unpacked

Rule = Literal["hash", "source", "parent", "duplicate", "ambiguous", "plausibility"]
_DATA = re.compile(r"\(data sha256:([0-9a-f]{64})\)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: which rule, where, what."""

    rule: Rule
    where: str
    message: str


def verify(store: Store, name: str | None = None) -> tuple[str, list[Finding]]:
    """A sheet's label and what is wrong with it; the current one by default. Raises MissingDataError without one."""
    path = _path(store, name)
    label = path.name.partition(".")[0][:12] if path.parent == store.sheets else str(path)
    if not path.is_file():
        raise MissingDataError(
            f"{path}: no such sheet; `tco prices list` shows those there are, `tco prices pull` makes one"
        )
    expected = path.name.removesuffix(".json.gz") if path.parent == store.sheets else None
    try:
        sheet = unpacked(path, expected=expected)
    except MissingDataError as error:
        return label, [Finding("hash", label, str(error))]
    return label, [*_sources(sheet, store), *_parent(sheet, store), *offers(sheet.offers)]


def _path(store: Store, name: str | None) -> Path:
    if name is None or name == "current":
        held = store.current_id()
        if held is None:
            raise MissingDataError(
                "nothing was pulled yet; `tco prices pull` fetches a sheet, `shipped` is what came with the tool"
            )
        return store.path(held)
    if not Path(name).is_file() and PREFIX.fullmatch(name):
        return store.path(store.full_id(name))
    return Path(name)


def offers(held: Iterable[TokenOffer]) -> list[Finding]:
    """Offers listed twice, and prices that ought to have been held for review."""
    listed = tuple(held)
    counted = Counter((offer.provider, offer.model) for offer in listed)
    twice = [
        Finding("duplicate", f"{provider}/{model}", f"listed {n} times; one offer a provider and model")
        for (provider, model), n in sorted(counted.items()) if n > 1
    ]  # fmt: skip
    odd = [
        Finding("plausibility", f"{offer.provider}/{offer.model}", why)
        for offer in listed
        for why in plausible.problems(offer)
    ]
    unclear = [
        Finding("ambiguous", f"{offer.provider}/{offer.model}", why) for offer in listed for why in _ambiguous(offer)
    ]
    return twice + unclear + odd


def _ambiguous(offer: TokenOffer) -> list[str]:
    """Rows of one condition that begin at the same instant with different prices: nobody can say which one holds."""
    found: dict[tuple[object, ...], dict[str, Decimal]] = {}
    problems = []
    for row in offer.rates:
        key = row.when, row.promo, row.kind == "rumoured", instant(row.since)
        before = found.setdefault(key, {})
        for meter, usd in prices(row).items():
            if before.setdefault(meter, usd) != usd:
                name = condition(row.when) or "standard"
                problems.append(f"two prices of {meter} ({name}) since {row.since}: {before[meter]:f} and {usd:f}")
    return problems


def _sources(sheet: Sheet, store: Store) -> list[Finding]:
    """The upstream data kept at the pull still has the hash that was noted."""
    found = []
    for source in sheet.sources:
        noted, data = _DATA.search(source.origin), store.raw_data(source.sha256)
        if noted and data is not None and sha256(data).hexdigest() != noted[1]:
            found.append(
                Finding("source", f"{source.name} {source.version}", "the data kept of it was changed; pull it again")
            )
    return found


def _parent(sheet: Sheet, store: Store) -> list[Finding]:
    if sheet.parent is None or sheet.parent not in store.ids():
        return []  # sheets are passed around without their ancestors
    try:
        store.load(sheet.parent)
    except MissingDataError as error:
        return [Finding("parent", sheet.parent[:12], str(error))]
    return []
