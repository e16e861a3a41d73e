"""A pull: what comes in is what can be looked up, and what is not pulled again stays."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from tco.errors import MissingDataError
from tco.sheets.origin import parse_origin
from tco.sheets.pull import fetched, opinions, pull
from tco.sheets.store import Store
from tests.sheetkit import NOW, litellm, offer, pulled, row

OPENROUTER = json.dumps(
    {
        "data": [
            {
                "id": "acme/m",
                "name": "M",
                "context_length": 8192,
                "pricing": {"prompt": "0.000001", "completion": "0.000002"},
            }
        ]
    }
).encode()


@pytest.fixture
def files(tmp_path):
    (tmp_path / "a.json").write_bytes(litellm(20))
    (tmp_path / "b.json").write_bytes(litellm(20, factor=1.5))
    (tmp_path / "or.json").write_bytes(OPENROUTER)
    return tmp_path


def test_by_hand(files):
    store = Store(files / "home")
    done = pulled(store, f"litellm@1.0.0={files / 'a.json'}")
    assert (done.parent, done.changes, done.warnings) == (None, None, ())
    assert store.current() == done.sheet
    first = next(held for held in done.sheet.offers if held.model.endswith("model-0"))
    assert first.rates[0].usd_per_mtok == {"input": Decimal("0.1"), "output": Decimal("0.3")}
    source = done.sheet.sources[0]
    assert (source.name, source.version, source.retrieved_at) == ("litellm", "1.0.0", NOW)


def test_the_second_pull_knows_the_first(files):
    store = Store(files / "home")
    first = pulled(store, f"litellm={files / 'a.json'}")
    second = pulled(store, f"litellm={files / 'b.json'}", now=NOW + timedelta(days=3))
    assert second.parent == first.id == second.sheet.parent
    assert second.changes is not None
    assert [each.ratio for each in second.changes.changed] == [pytest.approx(1.5)] * 40
    rows = second.sheet.offers[0].rates
    assert [held.observed for held in rows][-1] == (NOW.date(), NOW.date() + timedelta(days=3))
    assert store.load(first.id) == first.sheet


def test_a_source_that_is_not_pulled_again_stays(files):
    store = Store(files / "home")
    pulled(store, f"litellm={files / 'a.json'}")
    done = pulled(store, f"openrouter={files / 'or.json'}")
    assert [source.name for source in done.sheet.sources] == ["litellm", "openrouter"]
    assert len(done.sheet.offers) == 21
    said = opinions(store, done.sheet)
    assert [(source.name, len(offers)) for source, offers in said] == [("litellm", 20), ("openrouter", 1)]


def test_a_source_whose_data_is_gone_is_said_to_be_left_out(files):
    store = Store(files / "home")
    pulled(store, f"litellm={files / 'a.json'}")
    for path in store.raw.iterdir():
        path.unlink()
    done = pulled(store, f"openrouter={files / 'or.json'}")
    assert "litellm" in done.warnings[0]
    for path in store.raw.iterdir():
        path.unlink()
    with pytest.raises(MissingDataError, match="tco prices pull --source openrouter"):
        opinions(store, done.sheet)


def test_curated_rows_come_first(files):
    ours = offer("acme/model-0", row("9", "10"), provider="deepinfra")
    store = Store(files / "home")
    done = pull(store, [parse_origin(f"litellm={files / 'a.json'}")], now=NOW, curated=[ours], say=lambda _: None)
    held = next(held for held in done.sheet.offers if held.model == "acme/model-0")
    assert held.rates[0].usd_per_mtok["input"] == Decimal(9)


def test_fetched_keeps_nothing(files, tmp_path):
    said = fetched([parse_origin(f"litellm={files / 'a.json'}")], now=NOW, say=lambda _: None)
    assert [(name, len(offers)) for name, offers in said] == [("litellm", 20)]
    assert not (tmp_path / "home").exists()
