"""Past prices of one model from files of snapshots: old registries, change points of litellm, OpenRouter's history."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError
from tco.sheets.diff import condition, prices
from tco.sheets.fetch import Fetched, fetch
from tco.sheets.origin import parse_origin
from tco.sheets.refs import names_of
from tco.sheets.sheet import SheetSource
from tco.sheets.steps import Step, history, order
from tco.sheets.upstream import CONVERTERS
from tco.sheets.upstream.names import provider_slug

# Vendors whose keys in litellm have no path segment that says who bills.
UNPREFIXED = ("openai", "anthropic", "cohere", "ai21", "deepseek")
# Column of the change-point table: condition and meter.
COLUMNS = {
    "input_cost_per_token_usd_per_mtok": ("", "input"),
    "output_cost_per_token_usd_per_mtok": ("", "output"),
    "cache_read_input_token_cost_usd_per_mtok": ("", "cache_read"),
    "cache_creation_input_token_cost_usd_per_mtok": ("", "cache_write"),
    "input_cost_per_token_batches_usd_per_mtok": ("batch", "input"),
    "input_cost_per_token_above_200k_tokens_usd_per_mtok": ("prompt > 200,000", "input"),
    "input_cost_per_token_above_272k_tokens_usd_per_mtok": ("prompt > 272,000", "input"),
}
Snapshot = tuple[str, dict[str, Decimal] | None]  # version; prices, None where it has none


def backfill(texts: Iterable[str], offers: Sequence[TokenOffer], *, say: Callable[[str], None]) -> list[Step]:
    """The steps that files of past prices hold for the model that ``offers`` are of, every provider by its own.

    A text is a file, or a source such as ``litellm@1.80.0`` or ``litellm@1.80.0=FILE``. Snapshots of one registry are
    put in the order of their versions. Raises MissingDataError.
    """
    offers = _one_each(offers)
    steps: list[Step] = []
    snapshots: dict[tuple[str, str, str], list[Snapshot]] = {}
    for text in texts:
        raw = _read(Path(text))
        if raw is not None and text.endswith(".csv"):
            steps += _change_points(raw, text, offers)
        elif raw is not None and _is_openrouter_history(raw):
            steps += _openrouter(raw, text, offers)
        else:
            steps += _registry(fetch(parse_origin(text), say=say), offers, snapshots)
    for (provider, model, when), seen in snapshots.items():
        steps += _between(sorted(seen, key=lambda part: version_key(part[0])), provider, model, when, "litellm")
    return sorted(steps, key=order)


def _one_each(offers: Sequence[TokenOffer]) -> list[TokenOffer]:
    """Each offer once, with the names that any list gives it."""
    found: dict[tuple[str, str], TokenOffer] = {}
    for offer in offers:
        held = found.setdefault((offer.provider, offer.model), offer)
        names = tuple(dict.fromkeys((*held.aliases, *offer.aliases)))
        found[(offer.provider, offer.model)] = held.model_copy(update={"aliases": names})
    return list(found.values())


def version_key(version: str) -> tuple[int, ...]:
    """A version in its order: 1.106.10 after 1.106.9."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.suffix in (".csv", ".json") and path.is_file() else None
    except OSError as error:
        raise MissingDataError(f"{path}: {error.strerror or error}; name a file that can be read") from None


def _between(seen: Sequence[Snapshot], provider: str, model: str, when: str, registry: str) -> list[Step]:
    """A step wherever a snapshot differs from the one before; no snapshot tells the day."""
    steps: list[Step] = []
    before: dict[str, Decimal] | None = None
    previous: str | None = None
    for version, usd in seen:
        if usd and usd != before:
            known = f"first seen in {registry} {version}" + (f", not yet in {previous}" if previous else "")
            if before is not None:
                known = f"changed between {registry} {previous} and {version}"
            steps.append(
                Step(
                    provider=provider, model=model, when=when, promo=False, since=None, until=None, usd=usd,
                    how="versions", known=known, source=f"{registry} {version}",
                )
            )  # fmt: skip
        before, previous = usd or before, version
    return steps


def _change_points(raw: bytes, where: str, offers: Sequence[TokenOffer]) -> list[Step]:
    """The table of change points of litellm versions: key, from_version, state, prices by column."""
    reader = csv.DictReader(io.StringIO(raw.decode("utf-8", errors="replace")))
    if not {"key", "from_version", "state"} <= set(reader.fieldnames or ()):
        raise MissingDataError(
            f"{where}: no table of change points; expected the columns key, from_version, state and prices"
        )
    rows = list(reader)
    versions = sorted({row["from_version"] for row in rows}, key=version_key)
    found: list[Step] = []
    for offer in offers:
        keys = Counter(row["key"] for row in rows if _is_of(row["key"], offer))
        if not keys:
            continue
        key = max(sorted(keys), key=lambda name: (keys[name], name))  # the spelling that was kept up longest
        points = {row["from_version"]: row for row in rows if row["key"] == key}
        for when in sorted({when for when, _ in COLUMNS.values()}):
            found += _between(list(_states(points, versions, when)), offer.provider, offer.model, when, "litellm")
    return found


def _is_of(key: str, offer: TokenOffer) -> bool:
    names = names_of(offer)
    prefix, _, rest = key.lower().partition("/")
    if not rest:
        return key.lower() in names and offer.provider in UNPREFIXED
    return provider_slug(prefix) == offer.provider and (rest in names or rest.rpartition("/")[2] in names)


def _states(points: dict[str, dict[str, str]], versions: Sequence[str], when: str) -> Iterable[Snapshot]:
    now: dict[str, Decimal] | None = None
    for version in versions:
        if version in points:
            row = points[version]
            now = _usd(row, when) if row["state"] == "present" else None
        yield version, now


def _usd(row: dict[str, str], when: str) -> dict[str, Decimal] | None:
    """The prices of a row under a condition. A 0 in this registry is a missing price, not a free one."""
    found: dict[str, Decimal] = {}
    for column, (condition_text, meter) in COLUMNS.items():
        if condition_text == when and row.get(column):
            try:
                usd = Decimal(row[column])
            except InvalidOperation:
                raise MissingDataError(
                    f"change points: {row['key']}: {column}: got {row[column]!r}; expected a price"
                ) from None
            if usd > 0:
                found[meter] = usd
    return found or None


def _is_openrouter_history(raw: bytes) -> bool:
    return b'"points"' in raw[:4096] and b'"models"' in raw[:4096]


def _openrouter(raw: bytes, where: str, offers: Sequence[TokenOffer]) -> list[Step]:
    """OpenRouter's own list over time: a floating route, so it is never a vendor's price."""
    what = f"{where}: not OpenRouter's history"
    try:
        models: dict[str, Any] = json.loads(raw)["models"]
        names = set().union(*(names_of(offer) for offer in offers)) if offers else set()
        return [
            Step(
                provider="openrouter", model=name, when="", promo=False, since=date.fromisoformat(day), until=None,
                usd={"input": Decimal(str(usd_in)), "output": Decimal(str(usd_out))},
                how="observed", known="first seen then (a floating route)", source=Path(where).name,
            )
            for name, held in models.items() if name.lower() in names or name.lower().rpartition("/")[2] in names
            for day, usd_in, usd_out in held["points"] if usd_in and usd_out
        ]  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise MissingDataError(f"{what}: {error}; expected points [day, input, output]") from None


def _registry(
    found: Fetched, offers: Sequence[TokenOffer], snapshots: dict[tuple[str, str, str], list[Snapshot]]
) -> list[Step]:
    """A whole registry of the past: dated rows are steps, undated ones a snapshot of its version."""
    retrieved = datetime.now(UTC)
    source = SheetSource(
        name=found.kind,
        version=found.version,
        origin=found.origin,
        sha256=found.sha256,
        retrieved_at=retrieved,
        licence="",
    )
    held = CONVERTERS[source.name](found.data, retrieved=retrieved.date(), version=found.version).offers
    wanted = {(offer.provider, offer.model): names_of(offer) for offer in offers}
    ours = [offer for offer in held if _is_wanted(offer, wanted)]
    if found.kind != "litellm":
        return history(ours)
    for offer in ours:
        for row in offer.rates:
            place = offer.provider, offer.model, condition(row.when)
            snapshots.setdefault(place, []).append((found.version, prices(row)))
    return []


def _is_wanted(offer: TokenOffer, wanted: dict[tuple[str, str], set[str]]) -> bool:
    if (offer.provider, offer.model) in wanted:
        return True
    mine = names_of(offer) - {f"{offer.provider}/{offer.model}"}
    return any(provider == offer.provider and mine & names for (provider, _), names in wanted.items())
