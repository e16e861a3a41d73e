"""Reader of OpenRouter's model list: the price of a floating route on one day, never that of a contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tco.errors import MissingDataError
from tco.sheets.upstream.common import Collector, Converted, RejectedError, price, read_json
from tco.sheets.upstream.names import is_free

METERS: dict[str, str] = {
    "prompt": "input", "completion": "output", "internal_reasoning": "reasoning", "input_cache_read": "cache_read",
    "input_cache_write": "cache_write", "input_cache_write_1h": "cache_write_1h", "audio": "audio_input",
    "audio_output": "audio_output", "input_audio_cache": "audio_cache_read", "image_output": "image_output",
}  # fmt: skip
EVENTS = {"web_search": "web_search", "request": "request"}
# An image is priced by the token since 2026, by the piece before; no image token costs this much, no image so little.
MAX_IMAGE_TOKEN_USD = Decimal("0.0005")
TOK_PER_MTOK = 1_000_000
BATCH = ":batch"


def convert(raw: bytes, *, retrieved: date, version: str) -> Converted:
    """Offers of the list, all of provider ``openrouter``; raises MissingDataError when the bytes are no such list."""
    document = read_json(raw, "openrouter")
    models = document.get("data") if isinstance(document, dict) else None
    if not isinstance(models, list) or not models or not all(isinstance(model, dict) for model in models):
        raise MissingDataError("openrouter: no list `data` of models")
    into = Collector(f"openrouter {version}", retrieved)
    batch = {
        str(model.get("id", "")).removesuffix(BATCH): model
        for model in models
        if str(model.get("id", "")).endswith(BATCH)
    }
    for model in models:
        name = str(model.get("id", ""))
        if (
            name.removesuffix(BATCH) in batch
            and name.endswith(BATCH)
            and any(other.get("id") == name.removesuffix(BATCH) for other in models)
        ):
            continue  # a condition of the model without the suffix
        try:
            _take(into, name, model, batch.get(name))
        except RejectedError as error:
            into.reject(name, str(error))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            into.reject(name, f"malformed: {type(error).__name__} {error}")
    return into.done()


def _take(into: Collector, name: str, model: Mapping[str, Any], batch: Mapping[str, Any] | None) -> None:
    rows = list(_rows(into, name, model["pricing"], {}))
    aliases = [str(model["canonical_slug"])] if model.get("canonical_slug") else []
    if batch is not None:
        rows += _rows(into, f"{name}{BATCH}", batch["pricing"], {"processing": "batch"})
        aliases.append(f"{name}{BATCH}")
    if not rows:
        raise RejectedError("no price that can be represented")
    created = model.get("created")
    stated = {
        "rates": tuple(rows), "name": str(model.get("name") or ""), "free": is_free(name), "floating": True,
        "context_tok": model.get("context_length") or None,
        "released": datetime.fromtimestamp(created, UTC).date() if isinstance(created, int) and created > 0 else None,
    }  # fmt: skip
    into.add(name, "openrouter", name, stated, tuple(aliases))


def _rows(into: Collector, name: str, pricing: Mapping[str, Any], when: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if str(pricing.get("prompt", "")).startswith("-"):
        raise RejectedError("the price depends on where the request is sent")
    tokens, events = _prices(into, name, pricing)
    if tokens or events:
        yield into.row(when=dict(when), usd_per_mtok=tokens, usd_each=events)
    windows: list[tuple[str, str]] = []
    peak: dict[str, Decimal] = {}
    for override in pricing.get("overrides") or ():
        dear, _ = _prices(into, name, override)
        if "min_prompt_tokens" in override:
            yield into.row(when={**when, "prompt_tok": {"gte": int(override["min_prompt_tokens"])}}, usd_per_mtok=dear)
        elif "utc_start" in override and any(usd != tokens.get(meter) for meter, usd in dear.items()):
            if peak and peak != dear:
                raise RejectedError("more than two prices over the day")
            peak = dear
            windows.append((_clock(override["utc_start"]), _clock(override["utc_end"])))
    if windows:
        schedule = {"tz": "UTC", "windows": tuple(windows)}
        yield into.row(when={**when, "schedule": schedule}, usd_per_mtok=peak)


def _prices(into: Collector, name: str, pricing: Mapping[str, Any]) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    tokens: dict[str, Decimal] = {}
    events: dict[str, Decimal] = {}
    for key, stated in pricing.items():
        if key in METERS:
            tokens[METERS[key]] = price(stated, TOK_PER_MTOK)
        elif key == "image":
            by_token = price(stated) < MAX_IMAGE_TOKEN_USD
            (tokens if by_token else events)["image_input"] = price(stated, TOK_PER_MTOK if by_token else 1)
        elif key in EVENTS:
            events[EVENTS[key]] = price(stated)
        elif key not in ("overrides", "min_prompt_tokens", "utc_start", "utc_end", "discount"):
            into.reject(name, part=str(key), why="no meter of this kind")
    return tokens, {event: usd for event, usd in events.items() if usd}


def _clock(hhmm: int) -> str:
    return f"{hhmm // 100:02d}:{hhmm % 100:02d}"
