"""The sample files beside the checkout: real runs whose truth is known, public files, files true to a schema.

Truth of the llama.cpp files: 16 tokens an answer. Of the scripted server: TTFT 100 ms, ITL 50 ms, 100 tokens.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tco.describe.profile import ProfileRow
from tco.errors import InvalidInputError
from tests.unit.bench.reading import profile_of, row_of

approx: Any = pytest.approx


@pytest.fixture(scope="module")
def samples(shared_data: Path) -> Path:
    return shared_data / "bench_outputs"


def served(samples: Path, name: str, **given: Any) -> ProfileRow:
    return row_of(samples / name, **({"engine": "vllm"} | given))


def test_vllm_counted_374_tokens_where_192_were_made(samples: Path) -> None:
    row = served(samples, "real/vllm_0.33.0_bench_serve_detailed_llamacpp.json")
    assert (row.n_requests, row.output_tok) == (12, approx(374 / 12))
    assert "374 tokens were counted in 193 chunks" in row.flags[0]
    asked = served(samples, "real/vllm_0.33.0_bench_serve_detailed_llamacpp.json", output_tok=16.0)
    assert any("374 of 12 requests, not 192" in flag for flag in asked.flags)
    assert not row.is_usable


@pytest.mark.parametrize(
    "name", ["vllm_0.33.0_bench_serve_scripted_server", "guidellm_0.8.1_concurrent64_scripted_server"]
)
def test_the_scripted_server_has_50_ms_between_tokens(samples: Path, name: str) -> None:
    row = served(samples, f"real/{name}.json")
    assert row.concurrency == 64
    assert row.output_tok == 100.0
    assert row.tpot_ms["mean"] == approx(50.0, rel=0.02)
    assert 100.0 <= row.ttft_ms["mean"] <= 145.0  # the clients' own delay is in it
    assert row.is_usable


@pytest.mark.parametrize(
    ("name", "concurrency"),
    [
        ("aiperf_0.13.0_profile_export_aiperf.json", 2),
        ("aiperf_0.13.0_profile_export_aiperf.csv", None),
        ("aiperf_0.13.0_profile_export.jsonl", None),
        ("guidellm_0.8.1_concurrent2_llamacpp.json", 2),
        ("inference_perf_0.7.0_stage_0_lifecycle_metrics.json", None),
        ("inference_perf_0.7.0_per_request_lifecycle_metrics.json", None),
        ("sglang_0.5.10.post1_bench_serving.jsonl", 2),
    ],
)
def test_the_other_tools_come_to_16_tokens_an_answer(samples: Path, name: str, concurrency: int | None) -> None:
    row = served(samples, f"real/{name}")
    assert (row.output_tok, row.concurrency) == (16.0, concurrency)
    assert row.duration_s is not None
    assert row.n_requests is not None
    assert row.output_tok_per_s == approx(16.0 * row.n_requests / row.duration_s, rel=0.01)


def test_three_exports_of_one_aiperf_run_agree(samples: Path) -> None:
    names = ("profile_export_aiperf.json", "profile_export_aiperf.csv", "profile_export.jsonl")
    rows = [served(samples, f"real/aiperf_0.13.0_{name}") for name in names]
    for metric in ("ttft_ms", "tpot_ms", "itl_ms", "e2e_ms"):
        for stat in ("mean", "p50", "p95", "p99"):
            values = [getattr(row, metric)[stat] for row in rows]
            assert values == approx([values[0]] * 3, rel=1e-3), (metric, stat)


def test_single_requests_of_inference_perf_give_its_summary(samples: Path) -> None:
    single = served(samples, "real/inference_perf_0.7.0_per_request_lifecycle_metrics.json")
    stage = served(samples, "real/inference_perf_0.7.0_stage_0_lifecycle_metrics.json")
    for stat in ("mean", "p50", "p90", "p99"):
        assert single.ttft_ms[stat] == approx(stage.ttft_ms[stat], rel=1e-6)
        assert single.e2e_ms[stat] == approx(stage.e2e_ms[stat], rel=1e-6)
    assert (bool(single.tpot_ms), bool(stage.tpot_ms)) == (True, False)


def test_a_client_without_the_servers_count_is_estimated(samples: Path) -> None:
    row = served(samples, "public/inference_perf_kubecon2025_stage_3_lifecycle_metrics.json")
    assert row.estimated
    assert row.output_tok_per_s == approx(6955.73, rel=1e-4)
    assert row.tpot_ms == {}  # its 12 ms are between chunks, two a token: (1698 - 146) / 61.8 = 25 ms
    summary = served(samples, "public/inference_perf_kubecon2025_summary_lifecycle_metrics.json")
    assert "all stages" in summary.flags[0]


def test_inferencex_in_seconds(samples: Path) -> None:
    path = samples / "public" / "inferencex_glm5_vllm_variant_seconds.json"
    with pytest.raises(InvalidInputError, match="--latency-unit"):
        row_of(path, engine="vllm")
    assert row_of(path, engine="vllm", unit="s").tpot_ms["p50"] == approx(21.372, rel=1e-4)
    with pytest.raises(InvalidInputError, match="the unit is another"):
        row_of(path, engine="vllm", unit="ms")


@pytest.mark.parametrize("name", ["v0.3_report", "v0.5_schema1_report"])
def test_older_reports_of_guidellm(samples: Path, name: str) -> None:
    row = served(samples, f"schema_true/guidellm_{name}.json")
    assert (row.tpot_ms["mean"], row.output_tok_per_s, row.concurrency) == (15.1, 256.0, 4)


EXPECTED: dict[str, dict[str, Any]] = {
    "schema_true/vllm_bench_throughput.json": {"total_tok_per_s": 30992.7, "output_tok_per_s": None},
    "schema_true/vllm_bench_latency.json": {"e2e_ms": {"mean": 1012.0, "p50": 1010.0, "p90": 1018.0, "p99": 1020.0}},
    "schema_true/ollama_generate_final.json": {"prefill_tok_per_s": approx(26 / 0.130079)},
    "schema_true/ollama_bench.csv": {"prefill_tok_per_s": 12800.0, "input_tok": 128.0},
    "schema_true/llmperf_summary.json": {"tpot_ms": {}, "itl_ms": {}, "estimated": True, "concurrency": 4},
    "schema_true/optimum_benchmark_report.json": {
        "output_tok_per_s": 140.0,
        "joules_per_tok": approx(3.6 / 2.2),
    },
    "schema_true/zeus_window_log.csv": {"power_w": approx(374.549, rel=1e-5)},
    "real/codecarbon_3.3.2_emissions.csv": {"power_w": approx(27.3011, rel=1e-5)},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_rest(samples: Path, name: str) -> None:
    row = row_of(samples / name, dtype="q4_k_m", engine=None if "ollama" in name or "vllm" in name else "other")
    assert {key: getattr(row, key) for key in EXPECTED[name]} == EXPECTED[name]


def test_llama_cpp(samples: Path) -> None:
    path = samples / "schema_true" / "llama_bench.json"
    prompt, answer = profile_of(path, dtype=None, model=None, hardware=None).rows
    assert (prompt.prefill_tok_per_s, answer.output_tok_per_s) == (
        approx(7100.0),
        approx(118.88, rel=1e-4),
    )
    assert (answer.dtype, answer.model) == ("q4_k_m", "qwen2.5-7b")
    last = profile_of(samples / "schema_true" / "llama_batched_bench.jsonl").rows[-1]
    assert (last.concurrency, last.output_tok_per_s) == (8, approx(8 * 128 / 8.095, rel=1e-4))


def test_bandwidth(samples: Path) -> None:
    found = profile_of(samples / "schema_true" / "nvbandwidth.json", hardware=None).micro
    assert found is not None
    assert getattr(found.copy_gb_per_s, "value", None) == approx(4300.22)
    found = profile_of(samples / "real" / "babelstream_5.0_omp_1thread.csv").micro
    assert found is not None
    assert getattr(found.read_gb_per_s, "value", None) == approx(5.92932)


@pytest.mark.parametrize(
    "pattern", ["real/*.sse", "real/*.prom", "real/error_*", "real/*server_metrics*", "real/cpu_*"]
)
def test_files_beside_results_are_refused_with_a_reason(samples: Path, pattern: str) -> None:
    paths = sorted(samples.glob(pattern))
    assert paths
    for path in paths:
        with pytest.raises(InvalidInputError):
            row_of(path)
