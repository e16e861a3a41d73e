"""The quick look-up says what the whole sheet says, and is no way around its hash."""

from __future__ import annotations

import gzip

import pytest

from tco.errors import MissingDataError
from tco.sheets import lock
from tco.sheets.quick import quick
from tco.sheets.sheet import dumps
from tco.sheets.store import Store
from tests.sheetkit import NOW, offer, sheet


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("TCO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    held = Store()
    with held.locked():
        held.put(sheet(offer("m-1", aliases=("M-One",)), offer("m-1", provider="other"), offer("m-2")))
    return held


def test_it_says_what_the_whole_sheet_says(store):
    whole, found = store.current(), quick(store, store.current_id())
    assert found.created_at == NOW == whole.created_at
    assert found.offers_of("acme", {"m-1", "m-2"}) == tuple(each for each in whole.offers if each.provider == "acme")
    assert [each.model for each in found.offers_of("acme", {"m-2"})] == ["m-2"]
    assert found.offers_of("nobody", {"m-1"}) == ()
    assert [each.provider for each in found.named("m-1")] == ["acme", "other"]
    assert [each.provider for each in found.named("other/m-1")] == ["other"]
    assert [each.model for each in found.named("m-one")] == ["m-1"]


def used() -> str | None:
    found = lock.opened()
    return found.id if found else None


def test_the_sheet_to_use(store, tmp_path):
    first = store.current_id()
    with store.locked():
        store.put(sheet())
    assert used() == store.current_id() != first
    lock.lock(store, first)
    assert used() == first


def test_none_to_use(tmp_path, monkeypatch):
    monkeypatch.setenv("TCO_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    assert lock.opened() is None


@pytest.mark.parametrize("edit", [(b'"input":"1"', b'"input":"3"'), (b'"id":"', b'"ie":"'), (b"}", b"},")])
def test_tampered(store, edit):
    path = store.path(store.current_id())
    path.write_bytes(gzip.compress(dumps(store.current()).replace(*edit)))
    with pytest.raises(MissingDataError, match="tco prices pull"):
        quick(store, store.current_id())
    path.write_bytes(b"\x1f\x8b")
    with pytest.raises(MissingDataError, match="damaged"):
        quick(store, store.current_id())
