"""The machine measured here as hardware, and the speeds that follow for models never run on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tco.bench import profile as bench
from tco.describe.profile import LOCAL, Machine, Micro, measured
from tco.errors import InvalidInputError, MissingDataError
from tco.files import local, overlay, profiles
from tco.files.catalogue import Catalogue
from tco.files.sizing import sized
from tests.unit.bench.examples import AT, CPU, CPU_MICRO, H200, H200_MICRO, gemm, profile, row

approx: Any = pytest.approx


def shown(folder: Path, *held: Any) -> Catalogue:
    folder.mkdir(exist_ok=True)
    for each in held:
        bench.save(each, data=folder)
    return Catalogue(folder, use_sheet=False)


def perform(folder: Path | None, **more: Any) -> Any:
    asked: dict[str, Any] = {
        "model": "qwen3-8b", "hardware": "local", "n_gpus": 1, "dtype": "bf16", "kv_dtype": "bf16", "batch": None,
        "input_tok": 1000, "output_tok": 250, "engine": "vllm", "data": folder,
    }  # fmt: skip
    return sized(**(asked | more))


def test_a_machine_the_catalogue_does_not_know_works_from_its_numbers(tmp_path: Path) -> None:
    found = shown(tmp_path, profile()).hardware("local")
    assert (found.id, found.name, found.category) == ("local", "Xeon 2.8 (measured here 2026-11-22)", "cpu")
    assert found.memory_gb is not None
    assert (found.memory_gb.value, found.unpriced) == (64.0, "a machine of your own")
    assert found.bandwidth_gb_per_s is not None
    assert found.bandwidth_gb_per_s.value == 12.0
    assert {name: each.value for name, each in found.dense_tflops.items()} == {"fp32": 0.1, "bf16": 0.1}
    assert found.ceilings is not None
    assert found.ceilings.n_threads == 1


def test_a_known_machine_keeps_its_profile_and_gets_its_own_ceilings(tmp_path: Path) -> None:
    catalogue = shown(tmp_path, profile(H200, H200_MICRO))
    found, base = catalogue.hardware("LOCAL"), catalogue.hardware("h200-sxm")
    assert (found.id, found.prices, base.ceilings) == (base.id, base.prices, None)
    assert found.ceilings is not None
    assert found.ceilings.bandwidth_gb_per_s is not None
    assert found.ceilings.bandwidth_gb_per_s.value == 4000.0  # of the product that reads weights, not the plain read
    assert {name: each.value for name, each in found.ceilings.tflops.items()} == {"bf16": 760.0, "fp8": 1200.0}


def test_without_a_measurement_the_command_that_makes_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="nothing was measured here yet; `tco bench run` measures this machine"):
        shown(tmp_path).hardware("local")


def test_the_newest_profile_with_microbenchmarks_is_the_machine(tmp_path: Path) -> None:
    later = profile(H200, None, rows=[row()], at=AT.replace(hour=9))
    assert profiles.newest([later, profile()]) == profile()
    assert profiles.newest([later]) == later
    assert profiles.newest([]) is None
    found = shown(tmp_path, later).hardware("local")
    assert found.ceilings is None


def test_speeds_follow_the_measured_bandwidth(tmp_path: Path) -> None:
    """Twice the measured bandwidth, nearly twice the answers on a processor: nothing else bounds them."""
    slow = perform(shown(tmp_path / "a", profile()).overlay, engine="llama.cpp", dtype="q8_0").alone
    quick = CPU_MICRO.model_copy(update={
        "read_gb_per_s": measured(24.0, "GB/s"), "gemm": (gemm("fp32", 1024, tflops=0.2),),
    })  # fmt: skip
    fast = perform(shown(tmp_path / "b", profile(micro=quick)).overlay, engine="llama.cpp", dtype="q8_0").alone
    assert slow.itl_s / fast.itl_s == approx(2.0, rel=0.01)
    assert 0.3 < slow.output_tok_per_s < 12.0 / 8.0  # below 12 GB/s over 8 GB of weights


def test_rows_of_the_machine_give_the_engines_share_for_other_models(tmp_path: Path) -> None:
    without = shown(tmp_path / "a", profile(H200, H200_MICRO))
    fitted = perform(without.overlay)
    assert "the fitted constants of vllm" in fitted.held.deployment.notes[0]
    at = perform(without.overlay, model="llama-3.1-8b", batch=32).at
    assert at is not None
    half = row(output_tok_per_s=at.output_tok_per_s / 2.0)
    with_rows = shown(tmp_path / "b", profile(H200, H200_MICRO, rows=[half]))
    found = with_rows.hardware("local")
    assert found.ceilings is not None
    assert found.ceilings.shares["vllm"].decode.value == approx(0.5)
    slower = perform(with_rows.overlay)
    assert slower.alone.itl_s == approx(2.0 * fitted.alone.itl_s, rel=0.02)
    assert "engine efficiency 0.50 on answers, 0.50 on prompts (1 row measured here)" in slower.held.deployment.notes[0]
    assert "gpu" not in slower.held.unseen


def test_only_clean_rows_of_known_models_tell_of_the_engine(tmp_path: Path) -> None:
    catalogue = shown(tmp_path, profile(H200, H200_MICRO))
    machine = catalogue.hardware("local")
    bad = [
        row(flags=("wrong",)), row(estimated=True), row(contended=True), row(model="nobodys-model"),
        row(output_tok_per_s=None), row(model="llama-3.1-8b", dtype="bf16", engine="vllm", concurrency=None),
    ]  # fmt: skip
    assert local.engine_shares(bad, machine, catalogue.profiled) == {}
    assert local.engine_shares([row()], catalogue.hardware("h200-sxm"), catalogue.profiled) == {}


def test_prompts_and_answers_timed_apart_give_two_shares(tmp_path: Path) -> None:
    catalogue = shown(tmp_path, profile())
    machine = catalogue.hardware("local")
    more: dict[str, Any] = {"hardware": LOCAL, "engine": "llama.cpp", "dtype": "q8_0", "concurrency": 1}
    answer = row(**more, input_tok=None, output_tok=128.0, output_tok_per_s=0.9)
    prompt = row(**more, input_tok=512.0, output_tok=None, output_tok_per_s=None, prefill_tok_per_s=2.0)
    share = local.engine_shares([answer, answer, prompt], machine, catalogue.profiled)["llama.cpp"]
    assert share.n_rows == 2
    assert share.decode.value != share.prefill.value
    assert 0.3 < share.decode.value < 1.0
    assert share.decode.low == approx(share.decode.value)


def test_a_model_that_cannot_be_sized_tells_nothing(tmp_path: Path) -> None:
    catalogue = shown(
        tmp_path, profile(Machine(name="odd", category="cpu"), Micro(copy_gb_per_s=measured(9.0, "GB/s")))
    )
    machine = catalogue.hardware("local")
    assert (machine.memory_gb, machine.bandwidth_gb_per_s is not None) == (None, True)
    assert local.engine_shares([row(hardware=LOCAL)], machine, catalogue.profiled) == {}


def test_rows_are_those_of_the_same_machine() -> None:
    other = Machine(name="another", category="cpu")
    ours, theirs = row(hardware=LOCAL, concurrency=1), row(hardware=LOCAL, concurrency=2)
    held = [profile(rows=[ours]), profile(other, rows=[theirs])]
    assert local.of_machine(held, CPU) == [ours]
    assert local.of_machine([profile(H200, rows=[row(), ours])], H200) == [row()]


def test_rows_join_the_catalogue_before_all_others(tmp_path: Path) -> None:
    catalogue = shown(tmp_path, profile(H200, None, rows=[row(), row(estimated=True)]))
    assert (catalogue.throughput[0].is_local, catalogue.throughput[1].is_local) == (True, False)
    assert any(name.startswith("local@") for name in catalogue.sheet_ids)
    assert not any(name.startswith("local@") for name in shown(tmp_path / "none").sheet_ids)


def test_rows_of_a_machine_without_an_id_do_not_pass_to_another_one(tmp_path: Path) -> None:
    old = profile(Machine(name="sold", category="cpu"), None, rows=[row(hardware=LOCAL)], at=AT.replace(day=1))
    assert [each.hardware for each in profiles.throughput_of([old])] == [LOCAL]
    assert profiles.throughput_of([profile(), old]) == ()
    assert len(profiles.throughput_of([profile(rows=[row(hardware=LOCAL)]), old])) == 1
    assert len(profiles.throughput_of([profile(), profile(H200, None, rows=[row()], at=AT.replace(day=1))])) == 1


def test_of_a_point_measured_again_the_newest_undisturbed_row_counts() -> None:
    def one(day: int, tok_per_s: float, **more: Any) -> Any:
        at = AT.replace(day=day)
        return profile(H200, None, rows=[row(output_tok_per_s=tok_per_s, measured_at=at, **more)], at=at)

    def speeds(*held: Any) -> list[float | None]:
        return [each.output_tok_per_s for each in profiles.throughput_of(held)]

    old, new = one(1, 9000.0), one(2, 5000.0, input_tok=1050.0)
    assert speeds(new, old) == speeds(old, new) == [5000.0]
    assert speeds(one(3, 1000.0, contended=True), new, old) == [5000.0]
    assert speeds(one(3, 1000.0, contended=True)) == [1000.0]
    assert speeds(one(3, 1000.0, flags=("wrong",)), new) == [5000.0]
    assert speeds(one(3, 1000.0, concurrency=64), new, old) == [1000.0, 5000.0]
    assert speeds(one(3, 1000.0, input_tok=2000.0), new, old) == [1000.0, 5000.0]


def test_profiles_of_an_overlay_are_checked(tmp_path: Path) -> None:
    catalogue = shown(tmp_path, profile())
    overlay.check(catalogue)
    (tmp_path / "hardware_profiles" / "local" / "bad.yaml").write_text("id: bad\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"bad\.yaml"):
        overlay.check(catalogue)


def test_where_nothing_was_measured_the_record_is_not_even_loaded() -> None:
    code = (
        "import sys; from tco.files.catalogue import Catalogue; Catalogue().throughput; "
        "sys.exit('tco.describe.profile' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
