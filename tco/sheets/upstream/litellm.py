"""Reader of litellm's price file: undated, so each row is observed on the day of the snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from tco.errors import MissingDataError
from tco.sheets.upstream.common import IDLE_ZERO, Collector, Converted, RejectedError, plain, price, read_json
from tco.sheets.upstream.litellm_keys import PRODUCTS, Field, parse
from tco.sheets.upstream.names import BY_THE_SEAT, LOCAL, ROUTERS, is_free, provider_slug
from tco.sheets.upstream.off_peak import peak_schedule

# Their list prices are euros; the file has no currency and takes them for dollars (11 of 11 models differ so).
IN_EUROS = frozenset({"ovhcloud"})
CHAT = frozenset({"chat", "completion", "responses"})
SIZE_CLASS = re.compile(
    r"^(fireworks|together)-ai-.*\d(b|m)|^fireworks-ai-(default|moe)|^together-ai-(up-to|embedding)"
)
TOK_PER_MTOK = 1_000_000
# What callers of the registry write before a name, where it is not the seller as the file spells it.
PREFIXES = {"aws": "bedrock", "gcp": "vertex_ai", "google": "gemini", "fireworks": "fireworks_ai", "cohere": "cohere"}

Token = dict[tuple[str, int], dict[str, Decimal]]  # (product, context limit) -> meter -> USD per million tokens
Each = dict[str, dict[str, Decimal]]  # product -> event -> USD each


def convert(raw: bytes, *, retrieved: date, version: str) -> Converted:
    """Offers of the file; raises MissingDataError when the bytes are no such file."""
    entries = read_json(raw, "litellm")
    if not isinstance(entries, dict) or not entries or not all(isinstance(entry, dict) for entry in entries.values()):
        raise MissingDataError("litellm: no mapping of models to prices")
    into = Collector(f"litellm {version}", retrieved)
    # A key without the registry's prefix is the seller's own name and has the first claim to it.
    for name, entry in sorted(
        entries.items(), key=lambda part: _short(part[0], str(part[1].get("litellm_provider"))) != part[0]
    ):
        try:
            _take(into, name, entry)
        except RejectedError as error:
            into.reject(name, str(error))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            into.reject(name, f"malformed: {type(error).__name__} {error}")
    return into.done()


def _take(into: Collector, name: str, entry: Mapping[str, Any]) -> None:
    seller, mode = str(entry.get("litellm_provider") or ""), str(entry.get("mode") or "chat")
    _check(name, seller)
    provider = provider_slug(seller)
    tokens, each = _prices(into, name, entry, mode)
    _without_idle_zeros(into, name, tokens, each, mode)
    if not tokens and not each:
        raise RejectedError("no price that can be represented")
    rows = list(_rows(into, provider, tokens, each))
    rows += _timed(into, name, entry, tokens, rows)
    rows += _fast(into, entry, rows)
    stated = {
        "rates": tuple(rows), "adjustments": tuple(_adjustments(into, entry)), "free": is_free(name),
        "floating": provider in ROUTERS, "context_tok": _count(entry.get("max_input_tokens")),
        "max_output_tok": _count(entry.get("max_output_tokens")), "retired": _day(entry.get("deprecation_date")),
    }  # fmt: skip
    short = _short(name, seller)
    into.add(name, provider, short, stated, (f"{PREFIXES.get(provider, seller)}/{short}",))


def _check(name: str, seller: str) -> None:
    if not seller or seller.startswith("one of "):
        raise RejectedError("no model: an example or a rule of the file")
    if seller in LOCAL:
        raise RejectedError("software on the user's own machine, not sold")
    if seller in BY_THE_SEAT:
        raise RejectedError("sold by the seat, its tokens are not billed")
    if seller in IN_EUROS:
        raise RejectedError("a list price in euros, stated as dollars")
    if "commitment" in name:
        raise RejectedError("reserved capacity by the hour, not a price by the token")
    if SIZE_CLASS.match(name):
        raise RejectedError("a class of sizes, not a model")


def _short(name: str, seller: str) -> str:
    """The seller's own name of the model: the key without the registry's prefix."""
    first, _, rest = name.partition("/")
    known = {seller, seller.split("-")[0], seller.replace("_", "-"), provider_slug(seller)}
    return rest if rest and (first in known or provider_slug(first) == provider_slug(seller)) else name


def _prices(into: Collector, name: str, entry: Mapping[str, Any], mode: str) -> tuple[Token, Each]:
    tokens: Token = {}
    each: Each = {}
    for key, stated in entry.items():
        part = parse(key, mode)
        if part is None or stated is None:
            continue
        if isinstance(part, str):
            into.reject(name, part=str(key), why=part)
            continue
        if part.meter:
            tokens.setdefault((part.product, part.limit_tok), {})[part.meter] = price(stated, TOK_PER_MTOK)
        else:
            _event(each, part, price(stated, divisor=part.divisor))
    _search_fee(each, entry)
    for tier in entry.get("tiered_pricing") or ():
        if "range" not in tier:
            into.reject(name, part="tiered_pricing", why="tiers by something else than the length of the prompt")
            continue
        limit = int(tier["range"][0])
        for key, stated in tier.items():
            part = parse(key, mode)
            if isinstance(part, Field) and part.meter:
                tokens.setdefault((part.product, limit), {})[part.meter] = price(stated, TOK_PER_MTOK)
    return tokens, each


def _event(each: Each, part: Field, usd: Decimal) -> None:
    held = each.setdefault(part.product, {})
    # The same second or pixel is priced from both sides, of which one is 0.
    held[part.event] = max(usd, held.get(part.event, usd))


def _search_fee(each: Each, entry: Mapping[str, Any]) -> None:
    sizes = entry.get("search_context_cost_per_query") or {}
    fees = {
        size: price(sizes[f"search_context_size_{size}"])
        for size in ("low", "medium", "high")
        if f"search_context_size_{size}" in sizes
    }
    if "medium" in fees:
        each.setdefault("", {})["web_search"] = fees["medium"]
    if len(set(fees.values())) > 1:
        each[""] |= {f"web_search_{size}": fees[size] for size in ("low", "high") if size in fees}


def _without_idle_zeros(into: Collector, name: str, tokens: Token, each: Each, mode: str) -> None:
    """Drop zeros that say "not billed this way"; a zero that may say "free" stays and is held for review."""
    paid = any(usd > 0 for meters in (*tokens.values(), *each.values()) for usd in meters.values())
    for meters in tokens.values():
        for meter, usd in list(meters.items()):
            if usd == 0 and paid and mode not in CHAT:
                del meters[meter]
                into.reject(name, part=str(meter), why=IDLE_ZERO)
    for events in each.values():
        for event, usd in list(events.items()):
            if usd == 0:
                del events[event]
                into.reject(name, part=str(event), why=IDLE_ZERO)
    for held in (tokens, each):
        for key in [key for key, meters in held.items() if not meters]:
            del held[key]  # type: ignore[arg-type]


def _rows(into: Collector, provider: str, tokens: Token, each: Each) -> Iterator[dict[str, Any]]:
    for product in dict.fromkeys([product for product, _ in tokens] + list(each)):
        when = dict(PRODUCTS.get(product, {}))
        base, events = tokens.get((product, 0), {}), each.get(product, {})
        if base or events:
            yield into.row(when=when, usd_per_mtok=base, usd_each=events)
        limits = {limit for held, limit in tokens if limit and held in (product, "")} if base else set()
        limits |= {limit for held, limit in tokens if limit and held == product}
        for limit in sorted(limits):
            # xAI bills a prompt of exactly the limit at the higher rate, the others do not.
            threshold = {"gte" if provider == "xai" else "gt": limit}
            stated = tokens.get((product, limit), {})
            if stated:
                yield into.row(when={**when, "prompt_tok": threshold}, usd_per_mtok=stated)
            assumed = _in_ratio(base, tokens.get(("", 0), {}), tokens.get(("", limit), {})) if product else {}
            assumed = {meter: usd for meter, usd in assumed.items() if meter not in stated}
            if assumed and not stated:
                note = "no long-context rate stated: the standard rates' ratio is taken"
                yield into.row(when={**when, "prompt_tok": threshold}, usd_per_mtok=assumed, kind="assumed", note=note)


def _in_ratio(
    base: Mapping[str, Decimal], standard: Mapping[str, Decimal], dear: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """Long-context rates of a product that states none: its base times the standard rates' step."""
    return {
        meter: plain((usd * dear[meter] / standard[meter]).normalize())
        for meter, usd in base.items()
        if meter in dear and standard.get(meter)
    }


def _timed(
    into: Collector, name: str, entry: Mapping[str, Any], tokens: Token, rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Peak rows: the stated price is that of the peak hours, the base row becomes the off-peak one."""
    off_peak = entry.get("off_peak_pricing")
    if not off_peak:
        return []
    try:
        schedule = peak_schedule(off_peak)
    except RejectedError as error:
        raise RejectedError(f"time of day: {error}") from None
    base = next(row for row in rows if not row["when"])
    peak = into.row(when={"schedule": schedule}, usd_per_mtok=dict(tokens[("", 0)]))
    cheap = {
        part.meter: price(stated, TOK_PER_MTOK)
        for key, stated in off_peak.items()
        if isinstance(part := parse(key, "chat"), Field)
    }
    if missing := set(base["usd_per_mtok"]) - set(cheap):
        into.reject(
            name,
            part="off_peak_pricing",
            why=f"no off-peak price of {', '.join(sorted(missing))}: the peak price is taken",
        )
    base["usd_per_mtok"] = {**base["usd_per_mtok"], **cheap}
    return [peak]


def _fast(into: Collector, entry: Mapping[str, Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the fast speed, stated as a multiple of the standard rates."""
    multiple = (entry.get("provider_specific_entry") or {}).get("fast")
    if multiple is None:
        return []
    times = price(multiple)
    standard = [row for row in rows if not set(row["when"]) - {"prompt_tok"}]
    return [
        into.row(
            when={**row["when"], "speed": "fast"}, usd_each=dict(row.get("usd_each", {})),
            usd_per_mtok={meter: plain(usd * times) for meter, usd in row["usd_per_mtok"].items()},
        )
        for row in standard
    ]  # fmt: skip


def _adjustments(into: Collector, entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Surcharges on the whole bill for keeping the data in a region."""
    stated = {
        "eu": entry.get("regional_processing_uplift_multiplier_eu"),
        "us": entry.get("regional_processing_uplift_multiplier_us")
        or (entry.get("provider_specific_entry") or {}).get("us"),
    }
    common = {"source": into.source, "as_of": into.retrieved, "kind": "published", "since": into.retrieved}
    for region, multiplier in stated.items():
        if multiplier is not None and price(multiplier) != 1:
            yield {**common, "when": {"data_residency": region}, "multiplier": float(price(multiplier))}
    uplift = entry.get("regional_endpoint_uplift_multiplier")
    if uplift is not None and price(uplift) != 1:
        yield {
            **common,
            "when": {"region": "regional"},
            "multiplier": float(price(uplift)),
            "note": "any regional endpoint",
        }


def _count(stated: object) -> int | None:
    whole = isinstance(stated, int | Decimal) and not isinstance(stated, bool) and stated == int(stated) and stated >= 1
    return int(stated) if whole and isinstance(stated, int | Decimal) else None


def _day(stated: object) -> date | None:
    try:
        return date.fromisoformat(stated) if isinstance(stated, str) else None
    except ValueError:
        return None
