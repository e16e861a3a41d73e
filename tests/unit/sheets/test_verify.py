"""Verification: a sound sheet has no finding, and each rule finds its own."""

from __future__ import annotations

import gzip

import pytest

from tco.errors import MissingDataError
from tco.sheets.sheet import dumps
from tco.sheets.store import Store
from tco.sheets.verify import offers, verify
from tests.sheetkit import litellm, offer, pulled, row, sheet


@pytest.fixture
def store(tmp_path):
    (tmp_path / "a.json").write_bytes(litellm(3))
    held = Store(tmp_path / "home")
    pulled(held, f"litellm={tmp_path / 'a.json'}")
    return held


def test_a_sound_one(store):
    label, found = verify(store)
    assert (label, found) == (store.current_id()[:12], [])
    assert verify(store, store.current_id()[:8])[1] == []


def test_nothing_to_verify(tmp_path):
    with pytest.raises(MissingDataError, match="tco prices pull"):
        verify(Store(tmp_path / "none"))
    with pytest.raises(MissingDataError, match="no such sheet"):
        verify(Store(tmp_path / "none"), str(tmp_path / "x.json"))


def test_an_edited_file(store, tmp_path):
    path = tmp_path / "s.json"
    path.write_bytes(dumps(sheet()).replace(b'"input":"1"', b'"input":"3"'))
    assert [each.rule for each in verify(store, str(path))[1]] == ["hash"]
    path.write_bytes(dumps(sheet()))
    assert verify(store, str(path))[1] == []


def test_edited_source_data(store):
    for path in store.raw.iterdir():
        path.write_bytes(gzip.compress(b"{}"))
    assert [each.rule for each in verify(store)[1]] == ["source"]


def test_an_edited_parent(store, tmp_path):
    first = store.current_id()
    (tmp_path / "b.json").write_bytes(litellm(3, factor=1.1))
    pulled(store, f"litellm={tmp_path / 'b.json'}")
    store.path(first).write_bytes(b"{}")
    assert [each.rule for each in verify(store)[1]] == ["parent"]
    store.path(first).unlink()
    assert verify(store)[1] == []  # a sheet may travel without its ancestors


@pytest.mark.parametrize(("usd_in", "usd_out"), [("3", "2"), ("0", "1"), ("2000", "3000"), ("0.0001", "1")])
def test_implausible_prices(usd_in, usd_out):
    assert {each.rule for each in offers([offer("m", row(usd_in, usd_out))])} == {"plausibility"}


def test_duplicates():
    (found,) = offers([offer("m"), offer("m")])
    assert (found.rule, found.where) == ("duplicate", "acme/m")


def test_ambiguous_rates():
    (found,) = offers([offer("m", row("1", "2"), row("1.5", "2"))])
    assert (found.rule, found.message) == ("ambiguous", "two prices of input (standard) since 2026-01-01: 1 and 1.5")
    assert offers([offer("m", row("1", "2"), row("1.0", "2"), row("0.5", "2", promo=True))]) == []
