"""A profile: what it holds, where it is written, and that it is written whole or not at all."""

from __future__ import annotations

import os
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.bench import find
from tco.bench import profile as bench
from tco.describe.profile import NOT_TRIED, Machine, Micro, NotMeasured, Profile, measured, number
from tco.errors import InvalidInputError, MissingDataError, UnknownNameError, UsageError
from tco.files import profiles
from tco.files.marks import parse, validate
from tests.unit.bench.examples import AT, CPU, H200, H200_MICRO, profile, row


def test_a_profile_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    notes = ("12:30", "1e5", "2026-11-22", "yes", "- x: y", "a\nb", "0x1f", "", "é", "null", "1_000")
    held = profile(H200, H200_MICRO, rows=[row(), row(concurrency=None, flags=("wrong",))], notes=notes)
    path = bench.save(held, data=tmp_path)
    assert path == tmp_path / "hardware_profiles" / "local" / "h200-sxm-20261122-080000.yaml"
    assert profiles.load(path) == held


@given(st.floats(min_value=1e-15, max_value=1e15), st.text(min_size=1))
def test_any_number_and_any_text_survive_the_file(value: float, text: str) -> None:
    if any(not char.isprintable() for char in text):
        return
    held = profile(Machine(name=text, category="cpu"), Micro(read_gb_per_s=measured(value, "GB/s", note=text)))
    assert validate(parse(profiles.dump(held), "x"), Profile) == held


def test_times_are_kept_in_utc_to_the_second() -> None:
    at = AT.astimezone(timezone(timedelta(hours=2))).replace(microsecond=7)
    held = profile(at=at, rows=[row(measured_at=at)])
    assert (held.measured_at, held.rows[0].measured_at) == (AT, AT)


def test_an_interrupted_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bench.save(profile(), data=tmp_path)
    before = path.read_bytes()

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        bench.save(profile(notes=["new"]), data=tmp_path)
    assert path.read_bytes() == before
    assert [each.id for each in profiles.load_all(tmp_path)] == [profile().id]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(MissingDataError, match=r"cannot be written: .*; name another file with --out"):
        bench.save(profile(), out=tmp_path / "file" / "x.yaml")


def test_the_id_must_be_the_name_of_the_file(tmp_path: Path) -> None:
    path = bench.save(profile(), data=tmp_path)
    path.rename(path.with_name("other.yaml"))
    with pytest.raises(InvalidInputError, match=r"got 'xeon-2-8-20261122-080000'; expected 'other'"):
        profiles.load_all(tmp_path)


def test_problems_of_all_profiles_are_told_at_once_with_what_to_do(tmp_path: Path) -> None:
    folder = bench.save(profile(), data=tmp_path).parent
    (folder / "a.yaml").write_text("id: [a\n", encoding="utf-8")
    (folder / "b.yaml").write_text("", encoding="utf-8")
    with pytest.raises(InvalidInputError) as caught:
        profiles.load_all(tmp_path)
    assert [Path(each.path).name for each in caught.value.problems] == ["a.yaml", "b.yaml"]
    assert all("mend it, or move it out of its folder" in each.message for each in caught.value.problems)


def test_an_id_is_the_machine_what_was_done_and_the_second() -> None:
    assert bench.profile_id(H200, AT, "run") == "h200-sxm-run-20261122-080000"
    assert bench.profile_id(Machine(name="***", category="cpu"), AT) == "local-20261122-080000"
    assert bench.profile_id(Machine(name="x" * 300, category="cpu"), AT) == f"{'x' * 80}-20261122-080000"


def test_a_wrong_profile_says_where(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("schema: tco.profile/2\nid: x\nmachine: {category: cpu}\n", encoding="utf-8")
    with pytest.raises(InvalidInputError) as caught:
        profiles.load(path)
    assert {each.field for each in caught.value.problems} >= {"schema", "machine.name", "measured_at"}


def test_not_measured_is_no_number() -> None:
    assert number(NOT_TRIED) is None
    assert number(measured(2.0, "W")) == 2.0
    with pytest.raises(ValueError, match="at least 1 character"):
        NotMeasured(not_measured="")


def test_only_a_closed_loop_of_counted_tokens_stands_for_its_point() -> None:
    found = row().throughput(driver="580.1")
    assert found is not None
    assert found.is_local
    assert found.source == "own measurement of 2026-11-22: tco bench endpoint 0.1, driver 580.1"
    assert (found.ttft_ms, found.ttft_stat, found.itl_ms, found.busy_w) == (120.0, "mean", 9.0, 600.0)
    for changed in ({"concurrency": None}, {"estimated": True}, {"flags": ("no",)}, {"output_tok_per_s": None}):
        assert row(**changed).throughput() is None
    busy = row(ttft_ms={"p95": 3.0}, tpot_ms={"p50": 8.0}, contended=True).throughput()
    assert busy is not None
    assert (busy.ttft_stat, busy.itl_ms) == ("p95", 8.0)
    assert "machine shared while measured" in busy.source
    doubted = row(energy_flags=("counter and power samples are 9% apart",)).throughput()
    assert doubted is not None
    assert doubted.busy_w is None
    bare = row(ttft_ms={}, tpot_ms={}).throughput()
    assert bare is not None
    assert (bare.ttft_ms, bare.itl_ms) == (None, None)


def test_profiles_are_found_by_id_its_beginning_a_file_or_as_the_newest(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="nothing was measured here yet"):
        find.one("local", tmp_path)
    old = profile(H200, None, rows=[row()], at=AT.replace(day=1))
    new = profile()
    path = bench.save(old, data=tmp_path)
    bench.save(new, data=tmp_path)
    assert list(profiles.found(tmp_path)) == [new.id, old.id]
    assert find.one("local", tmp_path)[0] == new
    assert find.one("h200", tmp_path)[0] == old
    assert find.one(str(path), None)[0] == old
    bench.save(profile(H200, at=AT.replace(day=2)), data=tmp_path)
    with pytest.raises(UsageError, match="'h200' is the beginning of 2 profiles"):
        find.one("h200", tmp_path)
    with pytest.raises(UnknownNameError, match="no profile 'xeno'"):
        find.one("xeno", tmp_path)


def test_the_overlay_hides_a_profile_of_the_same_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, data = tmp_path / "home", tmp_path / "data"
    monkeypatch.setenv("TCO_HOME", str(home))
    bench.save(profile(notes=["home"]))
    bench.save(profile(notes=["data"]), data=data)
    assert [each.notes for each in profiles.load_all(data)] == [("data",)]
    assert [each.notes for each in profiles.load_all(None)] == [("home",)]
    assert profiles.local_ids(profiles.load_all(data)) != profiles.local_ids(profiles.load_all(None))
    assert CPU.hardware == "local"
