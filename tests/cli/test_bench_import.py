"""``tco bench import``, ``list``, ``show``, ``diff``, and what ``perform`` and ``compare`` make of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tco.bench import profile as bench
from tco.describe.profile import NotMeasured
from tests.cli.conftest import Ran
from tests.unit.bench import files
from tests.unit.bench.examples import AT, H200, H200_MICRO, profile, row

Tco = Callable[..., Ran]
GIVEN = ("--hardware", "h200", "--dtype", "bf16", "--engine", "vllm", "--n-gpus", "1")


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder, empty."""
    monkeypatch.setenv("TCO_HOME", str(home / "own"))
    return home / "own" / "hardware_profiles" / "local"


@pytest.fixture
def result(home: Path) -> Path:
    path = home / "result.json"
    path.write_text(json.dumps(files.VLLM), encoding="utf-8")
    return path


def test_an_import_writes_a_profile_that_list_and_show_find(tco: Tco, store: Path, result: Path) -> None:
    ran = tco("bench", "import", result, *GIVEN)
    assert (ran.code, ran.err) == (0, "")
    (path,) = store.glob("*.yaml")
    assert f"Profile: {path}" in ran.out.replace("\n  ", " ")
    listed = tco("bench", "list", "--json").record
    assert listed["schema"] == "tco.bench_list/1"
    assert (listed["profiles"][0]["id"], listed["profiles"][0]["n_usable"]) == (path.stem, 1)
    assert path.stem in tco("bench", "list").out
    shown = tco("bench", "show", "local", "--json").record
    assert (shown["schema"], shown["path"]) == ("tco.bench_profile/1", str(path))
    assert shown["profile"]["rows"][0]["how"]["tool"] == "vllm bench serve"
    assert "qwen3-8b bf16 vllm 1 GPU x2 100/20" in tco("bench", "show", path.stem[:8]).out


def test_everything_missing_is_said_at_once_and_nothing_is_written(tco: Tco, store: Path, result: Path) -> None:
    ran = tco("bench", "import", result)
    assert (ran.code, ran.out) == (2, "")
    assert "give --hardware, --dtype, --engine, --n-gpus" in ran.err
    assert not store.exists()


def test_a_dry_run_and_other_places(tco: Tco, store: Path, result: Path, home: Path) -> None:
    assert tco("bench", "import", result, *GIVEN, "--dry-run", "--json").record["path"] is None
    assert not store.exists()
    out = home / "here.yaml"
    assert tco("bench", "import", result, *GIVEN, "--out", out).code == 0
    assert tco("bench", "show", out).code == 0
    (home / "data").mkdir()
    assert tco("bench", "import", result, *GIVEN, "--data", home / "data").code == 0
    assert len(list((home / "data" / "hardware_profiles" / "local").glob("*.yaml"))) == 1
    assert not store.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("show", "local"), 3, "nothing was measured here yet"),
        (("import", "nowhere.json"), 2, "nowhere.json: cannot be read"),
        (("import", "chat.yaml"), 2, "no known benchmark result"),
        (("import", "result.json", "--format", "x"), 2, "--format: got 'x'; expected one of: mlenergy"),
        (("import", "result.json", "--latency-unit", "h"), 2, "--latency-unit: got 'h'; expected s or ms"),
        (("import", "result.json", "--model", "qwen3-8c"), 2, "no model 'qwen3-8c'; did you mean"),
        (("import", "result.json", "--measured-on", "today"), 2, "--measured-on: got 'today'"),
        (("import", "result.json", "--dtype", "fp13"), 2, "--dtype: got 'fp13'; expected one of: fp32"),
    ],
)
def test_what_goes_wrong(
    tco: Tco, store: Path, result: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    ran = tco("bench", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err


def test_an_empty_list(tco: Tco, store: Path) -> None:
    assert tco("bench", "list", "--json").record == {"schema": "tco.bench_list/1", "profiles": []}


def test_a_difference_names_what_got_worse(tco: Tco, store: Path) -> None:
    before = bench.save(profile(H200, H200_MICRO, rows=[row()], at=AT.replace(day=1)))
    after = bench.save(profile(H200, None, rows=[row(tpot_ms={"mean": 10.0}), row(concurrency=1)]))
    ran = tco("bench", "diff", before.stem, after.stem)
    assert ran.code == 0
    assert "+11.1%" in ran.out
    assert "worse" in ran.out
    assert "only after: llama-3.1-8b bf16 vllm 1 GPU x1 1000/250" in ran.out
    ran = tco("bench", "diff", before.stem, after.stem, "--fail-on-worse", "--json")
    assert (ran.code, ran.record["is_worse"]) == (1, True)
    assert tco("bench", "diff", before.stem, before.stem, "--fail-on-worse").code == 0


def test_nothing_in_common(tco: Tco, store: Path) -> None:
    before = bench.save(profile(H200, None, rows=[row()], at=AT.replace(day=1)))
    after = bench.save(profile())
    out = tco("bench", "diff", before.stem, after.stem).out
    assert "no operating point and no microbenchmark in common" in out.replace("\n  ", " ")
    assert "Noise is" not in out  # nothing was compared


def test_every_part_of_a_profile_is_shown(tco: Tco, store: Path) -> None:
    machine = H200.model_copy(update={"throttling": ("power cap",), "contended": True, "n_gpus": 2, "os": "Linux"})
    silent = NotMeasured(not_measured="no driver")
    micro = H200_MICRO.model_copy(update={"flags": ("energy counters disagree",), "launch_s": silent})
    rows = [row(estimated=True, ttft_ms={"p95": 3.0}, energy_reason="GPUs only", contended=True, n_failed=2)]
    path = bench.save(profile(machine, micro, rows=rows, notes=["a note"]))
    out = tco("bench", "show", path.stem).out
    for words in ("2 x NVIDIA H200", "throttled: power cap", "shared with others", "flagged: energy counters disagree",
                  "token counts are estimated", "energy: GPUs only", "3 p95", "a note", "not measured: no driver",

                  "GEMM bf16 8192 x 4096 x 4096, sustained"):  # fmt: skip
        assert words in out, words


def test_perform_predicts_for_the_machine_measured_here(tco: Tco, store: Path) -> None:
    ran = tco("perform", "qwen3-8b", "local")
    assert (ran.code, "tco bench run" in ran.err) == (3, True)
    bench.save(profile())
    ran = tco("perform", "qwen3-8b", "local", "--engine", "llama.cpp", "--dtype", "q4_k_m", "--json")
    assert ran.record["hardware"] == "local"
    assert ran.record["output_tok_per_s_p10"] < ran.record["output_tok_per_s"] < ran.record["output_tok_per_s_p90"]
    assert any("0.64 on answers, 0.34 on prompts" in note for note in ran.record["notes"])


WORKLOAD: dict[str, Any] = {
    "name": "own", "demand": {"requests": "20k /month"}, "tokens": {"input": 1000, "output": 250},
    "candidates": {
        "api": ["openai/gpt-4o-mini"], "budget_cloud": [],
        "self_hosted": [{"model": "llama-3.1-8b", "hardware": "h200-sxm", "n_gpus": 1, "dtype": "bf16"}],
    },
    "site": {"electricity": 0.15},
}  # fmt: skip


def test_compare_prefers_the_own_measurement_and_meters_its_energy(tco: Tco, store: Path, home: Path) -> None:
    (home / "own.yaml").write_text(json.dumps(WORKLOAD), encoding="utf-8")
    before = tco("compare", "own.yaml", "--draws", "0", "--json").record
    dense = row(concurrency=1024, output_tok_per_s=9000.0, tpot_ms={"mean": 110.0}, joules_per_tok=600 / 9000)
    bench.save(profile(H200, H200_MICRO, rows=[dense]))
    after = tco("compare", "own.yaml", "--draws", "0", "--json").record

    def machine(held: dict[str, Any]) -> dict[str, Any]:
        return next(each for each in held["options"] if each["tier"] == "self_hosted")

    assert machine(before)["output_tok_per_s"] != 9000.0
    assert (machine(after)["basis"], machine(after)["output_tok_per_s"]) == ("measured", pytest.approx(9000.0))
    (line,) = [each for each in machine(after)["ledger"] if each["name"] == "energy: tokens, as measured"]
    assert line["kind"] == "measured"
    power = next(each for each in line["inputs"] if each["name"] == "machine.gpu_busy_w")
    assert (power["value"], power["source"].startswith("own measurement of 2026-11-22")) == (600.0, True)
    # 20,000 x 250 tokens x 600 W / 9,000 tok/s x PUE / 3.6e6
    pue = next(each["value"] for each in line["inputs"] if each["name"] == "site.pue")
    assert line["quantity"] == pytest.approx(20_000 * 250 * 600 / 9000 * pue / 3.6e6)
    assert any(each.startswith("local@") for each in after["provenance"]["price_sheets"])


def test_compare_on_one_machine_takes_every_open_model_that_fits(tco: Tco, store: Path, home: Path) -> None:
    bench.save(profile())
    stated = WORKLOAD["candidates"] | {"self_hosted": [
        {"model": "qwen3-8b", "hardware": "local", "machine": {"usd": 2000, "busy_w": 150, "idle_w": 60}},
    ]}  # fmt: skip
    (home / "own.yaml").write_text(json.dumps(WORKLOAD | {"candidates": stated}), encoding="utf-8")
    held = tco("compare", "own.yaml", "--hardware", "local", "--draws", "0", "--json").record
    own = [each for each in held["options"] if each["tier"] == "self_hosted"]
    assert {each["hardware"] for each in own} == {"local"}
    assert len({each["model"] for each in own}) > 20
    assert {each["engine"] for each in own} == {"llama.cpp"}
    assert any(each["usd_per_month"] for each in own)
    big = WORKLOAD | {"candidates": stated | {"models": ["deepseek-r1", "qwen3-8b"], "self_hosted": []}}
    (home / "big.yaml").write_text(json.dumps(big), encoding="utf-8")
    held = tco("compare", "big.yaml", "--hardware", "local", "--draws", "0", "--json").record
    own = [each for each in held["options"] if each["tier"] == "self_hosted"]
    assert [each["model"] for each in own] == ["qwen3-8b"]
    assert any(reason.endswith("a machine of your own; state machine.usd") for reason in own[0]["reasons"])
    shown = tco("compare", "big.yaml", "--hardware", "local", "--draws", "0", "--include-infeasible").out
    assert "deepseek-r1" in shown
    assert tco("compare", "own.yaml", "--hardware", "local", "--only", "api").code == 2
    assert tco("compare", "own.yaml", "--hardware", "h2000").code == 2


def test_a_workload_may_name_the_local_machine_only_once_it_was_measured(tco: Tco, store: Path, home: Path) -> None:
    stated = {"api": [], "budget_cloud": [], "self_hosted": [{"model": "qwen3-8b", "hardware": "local"}]}
    (home / "own.yaml").write_text(json.dumps(WORKLOAD | {"candidates": stated}), encoding="utf-8")
    ran = tco("compare", "own.yaml")
    assert (ran.code, "nothing was measured here yet" in ran.err) == (2, True)
    assert "own.yaml:1:" in ran.err
    bench.save(profile())
    assert tco("compare", "own.yaml", "--draws", "0", "--json").record["options"][0]["hardware"] == "local"
