"""models.dev and OpenRouter: third opinions, read with the same care."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError
from tco.price.bill import Usage, bill
from tco.sheets.upstream import modelsdev, openrouter
from tco.sheets.upstream.common import Converted
from tco.sheets.upstream.names import PROVIDERS, provider_slug, slug, tier_of

DAY = date(2026, 8, 22)


def dev(cost: Any, provider: str = "togetherai", ident: str = "M", **more: Any) -> Converted:
    registry = {provider: {"id": provider, "models": {ident: {"id": ident, "cost": cost, **more}}}}
    return modelsdev.convert(json.dumps(registry).encode(), retrieved=DAY, version="1")


def routed(*models: dict[str, Any]) -> Converted:
    return openrouter.convert(json.dumps({"data": models}).encode(), retrieved=DAY, version="1")


def prices(offer: TokenOffer) -> list[tuple[dict[str, Any], dict[str, str]]]:
    return [
        (r.when.model_dump(exclude_defaults=True), {k: str(v) for k, v in r.usd_per_mtok.items()}) for r in offer.rates
    ]


def test_models_dev_is_usd_a_million() -> None:
    (offer,) = dev(
        {"input": 0.5, "output": 2, "cache_read": 0.05, "input_audio": 1},
        release_date="2026-04-24",
        limit={"context": 9},
    ).offers
    assert (offer.provider, offer.model, offer.aliases) == ("together", "m", ("togetherai/M", "M"))
    assert prices(offer) == [({}, {"input": "0.5", "output": "2", "cache_read": "0.05", "audio_input": "1"})]
    assert (offer.released, offer.context_tok) == (date(2026, 4, 24), 9)


def test_models_dev_tiers_are_stated_once() -> None:
    tiers = [{"tier": {"size": 200_000}, "input": 4}]
    (offer,) = dev({"input": 2, "output": 8, "tiers": tiers, "context_over_200k": {"input": 4}}).offers
    assert prices(offer)[1:] == [({"prompt_tok": {"gt": 200_000}}, {"input": "4"})]


@pytest.mark.parametrize(
    ("cost", "provider", "why"),
    [
        (None, "x", "no price is stated"),
        ({"input": 1}, "alibaba-coding-plan", "by the seat"),
        ({"input": 1}, "lmstudio", "own machine"),
        ({"input": 1}, "ovhcloud", "euros"),
        ({"request": 5}, "x", "no price that"),
        ({"input": "?"}, "x", "expected a price"),
    ],
)
def test_models_dev_leaves_out_with_a_reason(cost: Any, provider: str, why: str) -> None:
    found = dev(cost, provider)
    assert found.offers == ()
    assert why in found.rejected_rows[0][1]


def test_openrouter_is_usd_a_token_of_a_floating_route() -> None:
    pricing = {
        "prompt": "0.0000001",
        "completion": "0.0000002",
        "web_search": "0.0025",
        "image": "0.0000001",
        "request": "0",
    }
    (offer,) = routed({"id": "a/b", "canonical_slug": "a/b-2026", "created": 1_787_336_476, "pricing": pricing}).offers
    assert (offer.provider, offer.floating, offer.aliases, offer.released) == (
        "openrouter",
        True,
        ("a/b-2026",),
        date(2026, 8, 21),
    )
    assert prices(offer) == [({}, {"input": "0.1", "output": "0.2", "image_input": "0.1"})]
    assert offer.rates[0].usd_each == {"web_search": Decimal("0.0025")}


def test_openrouter_batch_is_a_condition_of_the_model() -> None:
    base = {"id": "a/b", "pricing": {"prompt": "0.000002", "completion": "0.000008"}}
    batch = {"id": "a/b:batch", "pricing": {"prompt": "0.000001", "completion": "0.000004"}}
    (offer,) = routed(base, batch).offers
    assert prices(offer)[1] == ({"processing": "batch"}, {"input": "1", "output": "4"})
    assert "a/b:batch" in offer.aliases


def test_openrouter_hours_and_thresholds() -> None:
    overrides = [
        {"utc_start": 1000, "utc_end": 100, "prompt": "0.000001", "completion": "0.000002"},
        {"utc_start": 100, "utc_end": 1000, "prompt": "0.000002", "completion": "0.000004"},
        {"min_prompt_tokens": 128_000, "prompt": "0.000003", "completion": "0.000006"},
    ]
    (offer,) = routed(
        {"id": "a/b", "pricing": {"prompt": "0.000001", "completion": "0.000002", "overrides": overrides}}
    ).offers
    usage = Usage(input_tok=1_000_000, output_tok=0)
    assert prices(offer)[1] == ({"prompt_tok": {"gte": 128_000}}, {"input": "3", "output": "6"})
    small = Usage(input_tok=100_000, output_tok=0)
    by_hour = [bill(offer, small, datetime(2026, 8, 22, hour, tzinfo=UTC)).usd for hour in (0, 1, 9, 10)]
    assert by_hour == [Decimal("0.1"), Decimal("0.2"), Decimal("0.2"), Decimal("0.1")]
    assert bill(offer, usage, datetime(2026, 8, 22, 0, tzinfo=UTC)).usd == 3


def test_openrouter_a_price_that_depends_is_none() -> None:
    found = routed({"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}})
    assert found.rejected_rows == (("openrouter/auto", "the price depends on where the request is sent"),)


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b"{}", b'{"data": []}', b'{"data": 3}', b'{"a": 1}'])
def test_what_is_no_registry_is_named(raw: bytes) -> None:
    with pytest.raises(MissingDataError, match=r"models\.dev"):
        modelsdev.convert(raw, retrieved=DAY, version="1")
    with pytest.raises(MissingDataError, match="openrouter"):
        openrouter.convert(raw, retrieved=DAY, version="1")


@pytest.mark.parametrize(
    ("spelling", "ours"),
    [
        ("bedrock_converse", "aws"),
        ("vertex_ai-llama_models", "gcp"),
        ("x-ai", "xai"),
        ("fireworks_ai-embedding-models", "fireworks"),
        ("fal_ai", "fal-ai"),
    ],
)
def test_providers_have_one_name(spelling: str, ours: str) -> None:
    assert provider_slug(spelling) == ours


def test_ids_and_tiers() -> None:
    assert slug("@cf/Meta/Llama 3.1:8B") == "cf/meta/llama-3.1-8b"
    assert (tier_of("openai"), tier_of("fireworks")) == ("api", "budget_cloud")


def test_spellings_of_known_providers_are_in_the_catalogue() -> None:
    from tco.files.catalogue import Catalogue

    catalogue = Catalogue(use_sheet=False)
    stated = {alias: row.id for row in catalogue.providers.values() for alias in row.aliases}
    wrong = {alias: ours for alias, ours in stated.items() if provider_slug(alias) not in (ours, slug(alias))}
    assert wrong == {}
    assert [alias for alias in stated if alias not in PROVIDERS and provider_slug(alias) != stated[alias]] == []


@pytest.mark.parametrize(
    ("file", "reader", "least"),
    [
        ("models_dev_api_reconstructed.json", modelsdev, 4_500),
        ("openrouter_models_api_2026-08-22.json", openrouter, 350),
    ],
)
def test_the_whole_registry(shared_data: Path, file: str, reader: Any, least: int) -> None:
    found = reader.convert((shared_data / "prices" / file).read_bytes(), retrieved=DAY, version="1")
    assert len(found.offers) >= least
    assert all(why and "malformed" not in why for _, why in found.rejected)
