"""The lock: a project pins a sheet that is held and sound, and gets that one or an error."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tco.errors import MissingDataError
from tco.sheets.lock import lock, old, pinned, read_lock
from tco.sheets.store import Store
from tests.sheetkit import NOW, offer, sheet


@pytest.fixture
def store(tmp_path):
    held = Store(tmp_path / "home")
    with held.locked():
        held.put(sheet())
        held.put(sheet(offer("m-2")))
    return held


def test_the_lock_comes_before_the_current_sheet(store, tmp_path):
    path = tmp_path / "tco.lock"
    first, current = sorted(store.ids(), key=lambda held: held == store.current_id())
    assert pinned(store, path) == current
    assert lock(store, first[:10], path) == first
    assert pinned(store, path) == read_lock(path) == first
    assert lock(store, "current", path) == current == pinned(store, path)


def test_nothing_pulled_and_nothing_locked(tmp_path):
    store = Store(tmp_path / "none")
    assert pinned(store, tmp_path / "tco.lock") is None
    with pytest.raises(MissingDataError, match="nothing was pulled"):
        lock(store, "current", tmp_path / "tco.lock")


def test_a_locked_sheet_that_is_not_held_is_an_error(store, tmp_path):
    path = tmp_path / "tco.lock"
    path.write_text('{"sheet": "%s"}' % ("a" * 64), encoding="utf-8")
    with pytest.raises(MissingDataError, match="pins sheet aaaaaaaaaaaa"):
        pinned(store, path)


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"sheet": 3}', '{"sheet": "../x"}'])
def test_not_a_lock_file(store, tmp_path, text):
    (tmp_path / "tco.lock").write_text(text, encoding="utf-8")
    with pytest.raises(MissingDataError, match="not a lock file"):
        pinned(store, tmp_path / "tco.lock")


def test_a_damaged_sheet_is_not_locked(store, tmp_path):
    store.path(store.current_id()).write_bytes(b"")
    with pytest.raises(MissingDataError):
        lock(store, "current", tmp_path / "tco.lock")
    assert not (tmp_path / "tco.lock").exists()


@pytest.mark.parametrize(("days", "warned"), [(0, False), (45, False), (46, True)])
def test_age(days, warned):
    assert (old(NOW, NOW + timedelta(days=days)) is not None) == warned
