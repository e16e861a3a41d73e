"""The store: what is put comes back, nothing is overwritten, and a name finds one sheet."""

from __future__ import annotations

import gzip
import sys
import zlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.errors import MissingDataError, UsageError
from tco.sheets.home import home_folder
from tco.sheets.sheet import dumps, sheet_id
from tco.sheets.store import Store, bounded_gunzip, unpacked, write_whole
from tests.sheetkit import NOW, offer, sheet


@pytest.fixture
def store(tmp_path):
    held = Store(tmp_path / "home")
    with held.locked():
        pass
    return held


def test_nothing_yet(tmp_path):
    store = Store(tmp_path / "none")
    assert (store.current_id(), store.current(), store.ids()) == (None, None, [])
    assert not (tmp_path / "none").exists()  # to look is not to write
    with pytest.raises(MissingDataError, match="tco prices pull"):
        store.load("abcdef")


def test_what_is_put_comes_back_and_is_current(store):
    first, second = sheet(), sheet(offer("m-2"))
    ids = [store.put(first), store.put(second)]
    assert store.current_id() == ids[1]
    assert [store.load(held) for held in ids] == [first, second]
    assert store.load(ids[0][:8]) == first
    assert store.ids() == sorted(ids)


def test_the_same_content_is_written_once(store):
    held = store.put(sheet())
    before = store.path(held).stat()
    assert store.put(sheet()) == held
    after = store.path(held).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_an_ambiguous_beginning(store, monkeypatch):
    monkeypatch.setattr(Store, "ids", lambda _: ["abcdef" + "0" * 58, "abcdef" + "1" * 58])
    with pytest.raises(UsageError, match="ambiguous"):
        store.full_id("abcdef")


def test_a_sheet_under_a_foreign_name_is_refused(store):
    held = store.put(sheet())
    other = "f" * 64
    store.path(other).write_bytes(store.path(held).read_bytes())
    with pytest.raises(MissingDataError, match="edited by hand"):
        store.load(other)


def test_a_plain_file_is_a_sheet_too(tmp_path):
    path = tmp_path / "s.json"
    path.write_bytes(dumps(sheet()))
    assert unpacked(path) == sheet()
    assert sheet_id(unpacked(path)) == sheet_id(sheet())


def test_leftovers_are_swept_by_the_next_holder_of_the_lock(store):
    (store.sheets / ".tmp-1-x").write_text("half")
    (store.folder / ".tmp-dir").mkdir()
    with store.locked():
        assert not [*store.folder.rglob(".tmp-*")]


def test_raw_data_is_kept_under_its_hash(store):
    store.keep_raw("a" * 64, b"data")
    store.keep_raw("a" * 64, b"other")  # never overwritten
    store.keep_raw("../evil", b"data")
    assert store.raw_data("a" * 64) == b"data"
    assert store.raw_data("b" * 64) is None
    assert len([*store.raw.iterdir()]) == 1


@pytest.mark.parametrize(
    ("env", "platform", "expected"),
    [
        ({"TCO_HOME": "/x/y"}, "linux", "/x/y"),
        ({"XDG_DATA_HOME": "/data"}, "linux", "/data/tco"),
        ({"HOME": "/home/a"}, "linux", "/home/a/.local/share/tco"),
        ({"HOME": "/home/a"}, "darwin", "/home/a/Library/Application Support/tco"),
        ({"LOCALAPPDATA": "/local"}, "win32", "/local/tco"),
    ],
)
def test_home_folder(env, platform, expected, monkeypatch):
    for name in ("TCO_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert home_folder() == Path(expected)


@given(st.binary(max_size=300), st.integers(0, 300))
def test_gunzip_is_the_inverse_within_its_bound(data, limit):
    packed = gzip.compress(data, mtime=0)
    if len(data) <= limit:
        assert bounded_gunzip(packed, limit) == data
    else:
        with pytest.raises(zlib.error, match="more than"):
            bounded_gunzip(packed, limit)


OTHERS = [b"", gzip.compress(b"abc", mtime=0)[:-4], b"\x1f\x8bxx", gzip.compress(b"a", mtime=0) + b"more"]


@pytest.mark.parametrize("packed", OTHERS)
def test_gunzip_of_something_else(packed):
    with pytest.raises((EOFError, zlib.error)):
        bounded_gunzip(packed, 100)


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "f"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert [*tmp_path.iterdir()] == [path]


def test_a_later_sheet_does_not_touch_an_earlier_one(store):
    first = store.put(sheet())
    before = store.path(first).read_bytes()
    store.put(replace(sheet(offer("m-9")), parent=first, created_at=NOW + timedelta(days=1)))
    assert store.path(first).read_bytes() == before
