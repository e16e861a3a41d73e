"""The field names of litellm's price file, taken apart: meter or event, time to live, context limit, product."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

METERS: dict[str, str] = {
    "input_cost_per_token": "input", "output_cost_per_token": "output", "output_cost_per_reasoning_token": "reasoning",
    "citation_cost_per_token": "citation", "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write", "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "cache_creation_input_token_cost_above_12hr": "cache_write_12h",
    "input_cost_per_audio_token": "audio_input", "output_cost_per_audio_token": "audio_output",
    "cache_read_input_audio_token_cost": "audio_cache_read",
    "cache_creation_input_audio_token_cost": "audio_cache_write",
    "input_cost_per_image_token": "image_input", "output_cost_per_image_token": "image_output",
    "cache_read_input_image_token_cost": "image_cache_read",
    "input_cost_per_video_token": "video_input", "output_cost_per_video_token": "video_output",
}  # fmt: skip
EVENTS: dict[str, tuple[str, int]] = {
    "input_cost_per_request": ("request", 1), "input_cost_per_query": ("query", 1),
    "input_cost_per_text_message": ("message", 1), "code_interpreter_cost_per_session": ("session", 1),
    "input_cost_per_image": ("image_input", 1), "output_cost_per_image": ("image", 1),
    "input_cost_per_pixel": ("pixel", 1), "output_cost_per_pixel": ("pixel", 1),
    "input_cost_per_character": ("character", 1), "output_cost_per_character": ("character_output", 1),
    "input_cost_per_audio_per_second": ("audio_second", 1),
    "input_cost_per_video_per_second": ("video_input_second", 1),
    "output_cost_per_video_per_second": ("video_second", 1), "ocr_cost_per_page": ("page", 1),
    "annotation_cost_per_page": ("annotated_page", 1), "google_maps_grounding_cost_per_query": ("maps_query", 1),
    "file_search_cost_per_1k_calls": ("file_search", 1_000), "vector_store_cost_per_gb_per_day": ("storage_gb_day", 1),
    "input_cost_per_second": ("compute_second", 1), "output_cost_per_second": ("compute_second", 1),
    "cost_per_second": ("compute_second", 1),
}  # fmt: skip
# What a second of a model is, by what the model does.
SECONDS: dict[str, dict[str, str]] = {
    "audio_transcription": {"input_cost_per_second": "audio_second", "output_cost_per_second": "audio_second"},
    "realtime": {"input_cost_per_second": "audio_second", "output_cost_per_second": "audio_output_second"},
    "audio_speech": {"input_cost_per_second": "audio_second", "output_cost_per_second": "audio_output_second"},
    "video_generation": {"input_cost_per_second": "video_input_second", "output_cost_per_second": "video_second"},
}
PRODUCTS: dict[str, dict[str, str]] = {
    "batches": {"processing": "batch"}, "flex": {"service_tier": "flex"}, "balanced": {"service_tier": "balanced"},
    "priority": {"service_tier": "priority"}, "ultrafast": {"speed": "ultrafast"},
}  # fmt: skip
# Fields that speak of cost and are no price of their own.
NO_PRICE = frozenset(
    [
        "input_dbu_cost_per_token",
        "output_dbu_cost_per_token",
        "input_cost_per_token_cache_hit",
        "search_context_cost_per_query",
        "tiered_pricing",
        "off_peak_pricing",
        "cost_per_second",
        "provider_specific_entry",
    ]
)
UNKNOWN: dict[str, str] = {
    "explicit_cache_read_input_token_cost": "a second cache price beside the implicit one",
    "guardrail_cost_per_unit": "text units of a guardrail",
    "search_free_requests": "a quota of searches shared by several models",
}
_PRODUCT = re.compile(r"_(batches|flex|balanced|priority|ultrafast|decisions)$")
_LIMIT = re.compile(r"_above_(\d+)k_tokens")


@dataclass(frozen=True, slots=True)
class Field:
    """A price field: the meter (USD/token) or event (USD each) it prices, and under which conditions."""

    meter: str = ""
    event: str = ""
    divisor: int = 1
    limit_tok: int = 0
    product: str = ""


def parse(name: str, mode: str) -> Field | str | None:
    """A field name taken apart; a reason when it prices what no meter covers; None when it is no price."""
    if name in UNKNOWN:
        return UNKNOWN[name]
    if name in NO_PRICE or ("cost" not in name and "pricing" not in name):
        return None
    product = _PRODUCT.search(name)
    stem = name[: product.start()] if product else name
    limit = _LIMIT.search(stem)
    if limit:
        stem = stem[: limit.start()] + stem[limit.end() :]
    if product and product[1] not in PRODUCTS:
        return f"no condition {product[1]!r}"
    where: dict[str, Any] = {
        "limit_tok": int(limit[1]) * 1_000 if limit else 0,
        "product": product[1] if product else "",
    }
    if stem in METERS:
        return Field(meter=METERS[stem], **where)
    if stem not in EVENTS:
        return "no meter of this kind"
    if limit:
        return "a price of events by context length"
    event, divisor = EVENTS[stem]
    return Field(event=SECONDS.get(mode, {}).get(stem, event), divisor=divisor, **where)
