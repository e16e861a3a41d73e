"""Reader of genai-prices, the registry that dates its prices: its wheel's data module, JSON export, or v2 feed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from tco.sheets.upstream.common import NO_START, Collector, Converted, RejectedError, day_before, price
from tco.sheets.upstream.genai_source import read
from tco.sheets.upstream.names import ROUTERS, is_free, provider_slug

# A price key -> (meter or event, divisor to reach USD per Mtok or USD each).
METERS: dict[str, str] = {
    "input_mtok": "input", "output_mtok": "output", "output_reasoning_mtok": "reasoning",
    "output_citation_mtok": "citation",
    "cache_read_mtok": "cache_read", "cache_write_mtok": "cache_write", "cache_write_5m_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h", "input_audio_mtok": "audio_input", "output_audio_mtok": "audio_output",
    "cache_audio_read_mtok": "audio_cache_read", "cache_audio_write_mtok": "audio_cache_write",
    "input_image_mtok": "image_input", "output_image_mtok": "image_output", "cache_image_read_mtok": "image_cache_read",
    "input_video_mtok": "video_input", "output_video_mtok": "video_output",
}  # fmt: skip
EVENTS: dict[str, tuple[str, int]] = {
    "web_searches_kcount": ("web_search", 1_000), "storage_searches_kcount": ("file_search", 1_000),
    "requests_kcount": ("request", 1_000), "input_text_messages_kcount": ("message", 1_000),
    "input_document_kpages": ("page", 1_000), "input_annotated_document_kpages": ("annotated_page", 1_000),
    "input_mchars": ("character", 1_000_000), "input_audio_hours": ("audio_hour", 1), "audio_hours": ("audio_hour", 1),
}  # fmt: skip
# Request contexts the registry distinguishes -> conditions of a row. A default is the standard rate itself.
CONTEXTS: dict[tuple[str, str], dict[str, str]] = {
    ("processing", "batch"): {"processing": "batch"},
    ("service_tier", "flex"): {"service_tier": "flex"},
    ("service_tier", "priority"): {"service_tier": "priority"},
    ("service_tier", "fast"): {"speed": "fast"},
    ("speed", "fast"): {"speed": "fast"},
}
DEFAULTS = {("service_tier", "default"), ("search_type", "web")}
WORKING_DAYS = (0, 1, 2, 3, 4)
# DeepSeek's peak hours are Monday to Friday (its pricing page); the registry has no weekdays and bills weekends twice.
PEAK_HOURS = {("deepseek", "01:00", "04:00"), ("deepseek", "06:00", "10:00")}

Prices = Mapping[str, Any]
Piece = tuple[date | None, date | None, Prices]


def convert(raw: bytes, *, retrieved: date, version: str) -> Converted:
    """Offers of the registry; raises MissingDataError when the bytes are no such registry."""
    providers = read(raw)
    into = Collector(f"genai-prices {version}", retrieved)
    for provider in providers:
        spelling = str(provider.get("id", ""))
        for model in provider["models"]:
            name = f"{spelling}/{model.get('id', '')}"
            try:
                _take(into, spelling, name, model)
            except RejectedError as error:
                into.reject(name, str(error))
            except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
                into.reject(name, f"malformed: {type(error).__name__} {error}")
    return into.done()


def _take(into: Collector, spelling: str, name: str, model: Mapping[str, Any]) -> None:
    ident = str(model["id"])
    # The registry lists Claude on Vertex AI under Google; the Gemini API does not sell it.
    provider = "gcp" if spelling == "google" and ident.startswith("claude") else provider_slug(spelling)
    stated = model["prices"] if isinstance(model["prices"], list) else [{"prices": model["prices"]}]
    if not any(part["prices"] for part in stated):
        if not is_free(ident):
            raise RejectedError("no price is stated, which does not make it free")
        stated = [{"prices": {"input_mtok": 0, "output_mtok": 0}}]
    pieces = _pieces([part for part in stated if "start_time" not in (part.get("constraint") or {})])
    rows = [row for piece in pieces for row in _rows(into, name, provider, piece, {})]
    rows += _timed_rows(into, name, provider, stated, pieces)
    rows += _variant_rows(into, name, provider, model.get("price_variants") or [], pieces)
    if not rows:
        raise RejectedError("no price that can be represented")
    window = model.get("context_window")
    into.add(
        name, provider, ident,
        {
            "rates": tuple(rows), "name": str(model.get("name") or ""), "free": is_free(ident),
            "floating": provider in ROUTERS, "context_tok": window if isinstance(window, int) and window > 0 else None,
        },
        tuple(_exact_names(model.get("match") or {})),
    )  # fmt: skip


def _exact_names(clause: Mapping[str, Any]) -> Iterator[str]:
    """The spellings that match exactly; patterns are no names."""
    if isinstance(clause.get("equals"), str):
        yield clause["equals"]
    for part in clause.get("or") or ():
        yield from _exact_names(part)


def _pieces(stated: list[Mapping[str, Any]]) -> list[Piece]:
    """Prices by period, each until the next begins; the first may have no start."""
    dated = sorted(((_start(part), part["prices"]) for part in stated), key=lambda part: part[0] or date.min)
    ends = [start for start, _ in dated[1:]] + [None]
    return [
        (start, end, prices) for (start, prices), end in zip(dated, ends, strict=True) if start is None or start != end
    ]


def _start(part: Mapping[str, Any]) -> date | None:
    text = (part.get("constraint") or {}).get("start_date")
    return date.fromisoformat(text) if text else None


def _since(into: Collector, start: date | None, end: date | None) -> dict[str, Any]:
    """When a row began: stated, or at the latest the day before the next one, or first seen in this snapshot."""
    if start is not None:
        return {"since": start}
    if end is not None and end <= into.retrieved:
        return {"since": day_before(end), "note": NO_START}
    return {}


def _rows(into: Collector, name: str, provider: str, piece: Piece, when: Mapping[str, Any]) -> list[dict[str, Any]]:
    start, end, prices = piece
    meters, events = _prices(into, name, provider, prices)
    period = {**_since(into, start, end), "until": end}
    base = {meter: tiers[0] for meter, tiers in meters.items()}
    rows = [into.row(**period, when=dict(when), usd_per_mtok=base, usd_each=events)] if base or events else []
    for limit in sorted({limit for tiers in meters.values() for limit in tiers if limit}):
        dear = {meter: tiers[limit] for meter, tiers in meters.items() if limit in tiers}
        # xAI bills a prompt of exactly the limit at the higher rate, the others do not.
        threshold = {"gte" if provider == "xai" else "gt": limit}
        rows.append(into.row(**period, when={**when, "prompt_tok": threshold}, usd_per_mtok=dear))
    return rows


def _prices(
    into: Collector, name: str, provider: str, prices: Prices
) -> tuple[dict[str, dict[int, Decimal]], dict[str, Decimal]]:
    """Prices of tokens by meter and context limit (0 is the base), and of events."""
    meters: dict[str, dict[int, Decimal]] = {}
    events: dict[str, Decimal] = {}
    for key, stated in prices.items():
        if stated is None:
            continue
        if key in METERS:
            meters[METERS[key]] = _tiers(stated)
        elif key == "requests_kcount" and provider == "perplexity":
            # The fee of a search, which the registry adds to every request.
            events["web_search"] = price(stated, divisor=1_000)
        elif key in EVENTS and not isinstance(stated, dict):
            event, divisor = EVENTS[key]
            events[event] = price(stated, divisor=divisor)
        else:
            into.reject(name, part=str(key), why="no meter of this kind")
    return meters, events


def _tiers(stated: Any) -> dict[int, Decimal]:
    if not isinstance(stated, dict):
        return {0: price(stated)}
    return {0: price(stated["base"]), **{int(tier["start"]): price(tier["price"]) for tier in stated["tiers"]}}


def _timed_rows(
    into: Collector, name: str, provider: str, stated: list[Mapping[str, Any]], pieces: list[Piece]
) -> list[dict[str, Any]]:
    """Rows by time of day: windows of equal prices are one schedule, in force since the last dated change."""
    windows: dict[tuple[tuple[str, str], ...], list[tuple[str, str]]] = {}
    prices: dict[tuple[tuple[str, str], ...], Prices] = {}
    for part in stated:
        limits = part.get("constraint") or {}
        if "start_time" in limits:
            key = tuple(sorted((meter, str(value)) for meter, value in part["prices"].items()))
            windows.setdefault(key, []).append((limits["start_time"][:5], limits["end_time"][:5]))
            prices[key] = part["prices"]
    rows = []
    for key, held in windows.items():
        peak = all((provider, *window) in PEAK_HOURS for window in held)
        schedule: dict[str, Any] = {"tz": "UTC", "windows": tuple(held)}
        if peak:
            schedule["weekdays"] = WORKING_DAYS
        start = pieces[-1][0] if pieces else None
        rows += _rows(into, name, provider, (start, None, prices[key]), {"schedule": schedule})
    return rows


def _variant_rows(
    into: Collector, name: str, provider: str, variants: list[Mapping[str, Any]], pieces: list[Piece]
) -> list[dict[str, Any]]:
    """Rows of batch, flex, priority and fast: what the variant states, over the base price of the same days."""
    found: dict[tuple[tuple[str, str], ...], list[Mapping[str, Any]]] = {}
    for variant in variants:
        context = tuple(sorted(variant["when"].items()))
        if len(context) == 1 and context[0] in DEFAULTS:
            continue
        if any(part not in CONTEXTS for part in context):
            into.reject(name, part=str(dict(context)), why="no condition of this kind")
        elif "start_time" in (variant.get("constraint") or {}):
            into.reject(name, part=str(dict(context)), why="time of day within a variant")
        else:
            found.setdefault(context, []).append(variant)
    rows = []
    for context, held in found.items():
        when = {key: value for part in context for key, value in CONTEXTS[part].items()}
        for piece in _overlaid(_pieces(held), pieces):
            rows += _rows(into, name, provider, piece, when)
    return rows


def _overlaid(variants: list[Piece], base: list[Piece]) -> Iterator[Piece]:
    for first, last, prices in variants:
        for start, end, under in base:
            since = max((day for day in (first, start) if day), default=None)
            until = min((day for day in (last, end) if day), default=None)
            if since is None or until is None or since < until:
                yield since, until, {**under, **prices}
