"""Reader of models.dev's ``api.json``: undated USD per million tokens of many resellers, a third opinion."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from tco.errors import MissingDataError
from tco.sheets.upstream.common import Collector, Converted, RejectedError, price, read_json
from tco.sheets.upstream.names import BY_THE_SEAT, LOCAL, ROUTERS, is_free, provider_slug

METERS: dict[str, str] = {
    "input": "input", "output": "output", "reasoning": "reasoning", "cache_read": "cache_read",
    "cached_input": "cache_read",
    "cache_input": "cache_read", "cache_write": "cache_write", "cached_write": "cache_write",
    "input_audio": "audio_input", "output_audio": "audio_output", "citation": "citation",
}  # fmt: skip
LONG_CONTEXT_TOK = 200_000
ONLY_INPUT = re.compile(r"embed|rerank|voyage|bge-|gte-")
# Their list prices are in euros; the file has no currency and takes them for dollars.
IN_EUROS = frozenset({"ovhcloud"})


def convert(raw: bytes, *, retrieved: date, version: str) -> Converted:
    """Offers of the file; raises MissingDataError when the bytes are no such file."""
    providers = read_json(raw, "models.dev")
    well_formed = isinstance(providers, dict) and all(
        isinstance(part, dict) and "models" in part for part in providers.values()
    )
    if not providers or not well_formed:
        raise MissingDataError("models.dev: no mapping of providers with models")
    into = Collector(f"models.dev {version}", retrieved)
    for spelling, provider in providers.items():
        for ident, model in provider["models"].items():
            name = f"{spelling}/{ident}"
            try:
                _take(into, spelling, name, ident, model)
            except RejectedError as error:
                into.reject(name, str(error))
            except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
                into.reject(name, f"malformed: {type(error).__name__} {error}")
    return into.done()


def _take(into: Collector, spelling: str, name: str, ident: str, model: Mapping[str, Any]) -> None:
    _check(spelling)
    cost = model.get("cost")
    if not cost:
        raise RejectedError("no price is stated, which does not make it free")
    rows = list(_rows(into, name, spelling, cost))
    if not rows:
        raise RejectedError("no price that can be represented")
    provider = provider_slug(spelling)
    limit = model.get("limit") or {}
    stated = {
        "rates": tuple(rows), "name": str(model.get("name") or ""), "free": is_free(ident),
        "floating": provider in ROUTERS,
        "context_tok": limit.get("context") or None, "max_output_tok": limit.get("output") or None,
        "released": _day(model.get("release_date")),
    }  # fmt: skip
    into.add(name, provider, ident, stated)


def _check(spelling: str) -> None:
    if spelling in LOCAL:
        raise RejectedError("software on the user's own machine, not sold")
    if spelling in BY_THE_SEAT or "coding-plan" in spelling or "token-plan" in spelling:
        raise RejectedError("sold by the seat, its tokens are not billed")
    if spelling in IN_EUROS:
        raise RejectedError("a list price in euros, stated as dollars")


def _rows(into: Collector, name: str, spelling: str, cost: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    base = {METERS[key]: price(usd) for key, usd in cost.items() if key in METERS}
    for key in cost:
        if key not in METERS and key not in ("tiers", "context_over_200k"):
            into.reject(name, part=str(key), why="no meter of this kind, or its unit is not stated")
    if base.get("output") == 0 and base.get("input") and ONLY_INPUT.search(name.lower()):
        del base["output"]
    if not base:
        return
    yield into.row(usd_per_mtok=base)
    tiers = {int(tier["tier"]["size"]): tier for tier in cost.get("tiers") or ()}
    if "context_over_200k" in cost:
        tiers.setdefault(LONG_CONTEXT_TOK, cost["context_over_200k"])
    for size, tier in sorted(tiers.items()):
        threshold = {"gte" if spelling == "xai" else "gt": size}
        dear = {METERS[key]: price(usd) for key, usd in tier.items() if key in METERS}
        if dear:
            yield into.row(when={"prompt_tok": threshold}, usd_per_mtok=dear)


def _day(stated: object) -> date | None:
    try:
        return date.fromisoformat(stated) if isinstance(stated, str) else None
    except ValueError:
        return None
