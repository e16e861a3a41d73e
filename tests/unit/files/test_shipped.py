"""The sheet that comes with the tool: found by any exact name, whole, and what its index says."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError, UnknownNameError
from tco.files.catalogue import Catalogue, shipped_folder
from tco.files.shipped import curated_names, held_for_review, shipped_offers
from tco.sheets.build import without_held
from tco.sheets.plausible import problems
from tco.sheets.sheet import Sheet, SheetSource, read_offers, sheet_id
from tco.sheets.shipped import with_curated

FOLDER = shipped_folder() / "pricing" / "sheet"
FILES = sorted(path for path in FOLDER.glob("*.json") if path.stem != "index")
INDEX = json.loads((FOLDER / "index.json").read_bytes())


@pytest.fixture(scope="module")
def offers() -> tuple[TokenOffer, ...]:
    return tuple(offer for path in FILES for offer in read_offers(json.loads(path.read_bytes())["offers"]))


def test_it_covers_2000_models_with_the_curated_ones(offers: tuple[TokenOffer, ...]) -> None:
    pairs = {(offer.provider, offer.model) for offer in (*offers, *Catalogue(use_sheet=False).offers)}
    assert len(pairs) == len(offers) + len(Catalogue(use_sheet=False).offers) >= 5_000


def test_the_index_addresses_the_content(offers: tuple[TokenOffer, ...]) -> None:
    sources = tuple(
        SheetSource(**{**part, "retrieved_at": datetime.fromisoformat(part["retrieved_at"])})
        for part in INDEX["sources"]
    )
    sheet = Sheet(created_at=datetime.fromisoformat(INDEX["created_at"]), sources=sources, offers=offers)
    assert sheet_id(without_held(sheet)) == INDEX["id"]
    assert INDEX["n_offers"] == {path.stem: n for path in FILES if (n := len(json.loads(path.read_bytes())["offers"]))}


def test_no_price_in_it_is_implausible(offers: tuple[TokenOffer, ...]) -> None:
    assert [(offer.provider, offer.model, why) for offer in offers if (why := problems(offer))] == []


def test_each_row_names_source_and_date(offers: tuple[TokenOffer, ...]) -> None:
    names = {f"{part['name']} {part['version']}" for part in INDEX["sources"]}
    assert {row.source for offer in offers for row in offer.rates} <= names
    assert all(offer.rates for offer in offers)


def test_each_source_has_origin_hash_and_licence() -> None:
    for part in INDEX["sources"]:
        assert part["licence"]
        assert len(part["sha256"]) == 64
        assert part["origin"].startswith("package ")


@pytest.mark.parametrize(
    ("name", "provider", "model"),
    [
        ("grok-4.20", "x-ai", "grok-4.20"),
        ("gemini-2.5-pro", "gemini", "gemini-2.5-pro"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws", "us.anthropic.claude-sonnet-4-5-20250929-v1-0"),
        ("bedrock/eu.amazon.nova-pro-v1:0", "aws", "eu.amazon.nova-pro-v1-0"),
        ("accounts/fireworks/models/deepseek-v4-pro", "fireworks_ai", "deepseek-v4-pro"),
        ("gpt-4-1106-preview", "openai", "gpt-4-turbo"),
        ("whisper-large-v3", "groq", "whisper-large-v3"),
        ("wandb/openai/gpt-oss-120b", None, "openai/gpt-oss-120b"),
    ],
)
def test_the_registries_names_are_known(name: str, provider: str | None, model: str) -> None:
    assert Catalogue(use_sheet=False).offer(name, provider).model == model


def test_names_match_exactly() -> None:
    for near in ("grok-4.2", "grok-4.200", "us.anthropic.claude-sonnet-4-5"):
        with pytest.raises(UnknownNameError):
            Catalogue(use_sheet=False).offer(near, "xai" if near.startswith("grok") else "aws")


def test_a_curated_price_comes_before_a_shipped_one(offers: tuple[TokenOffer, ...]) -> None:
    shipped = {(offer.provider, offer.model) for offer in offers}
    assert not shipped & {(offer.provider, offer.model) for offer in Catalogue(use_sheet=False).offers}


def test_spellings_stand_for_curated_models() -> None:
    for path in FILES:
        curated = {offer.model for offer in Catalogue(use_sheet=False).offers_of(path.stem)}
        assert set(curated_names(path).values()) <= curated


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"offers": 3}', '{"offers": [{"model": "m", "provider": "p", "tier": 3}]}']
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(text)
    with pytest.raises(MissingDataError, match="damaged"):
        shipped_offers([path], "m")


def test_why_a_price_is_held() -> None:
    assert "outside" in held_for_review(FOLDER / "index.json", "jais-30b-chat", "azure")
    assert held_for_review(FOLDER / "index.json", "gpt-4o", "openai") == ""
    assert held_for_review(Path("nowhere.json"), "m", None) == ""


def test_lists_know_the_registries_spellings_too() -> None:
    found = [
        offer.model
        for offer in with_curated(Catalogue(use_sheet=False).offers, FOLDER)
        if "gpt-4-1106-preview" in offer.aliases
    ]
    assert found == ["gpt-4-turbo"]
