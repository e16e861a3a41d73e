"""Each format, on a small file, with its trap: what one name means there, and what a tool counts wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tco.bench.importers import registry
from tco.bench.importers.source import load
from tco.describe.profile import measured
from tco.errors import InvalidInputError, UsageError
from tests.unit.bench import files
from tests.unit.bench.reading import profile_of, row_of, write

approx: Any = pytest.approx


def test_vllm_serve_maps_each_latency_and_reads_the_asked_concurrency(tmp_path: Path) -> None:
    row = row_of(write(tmp_path, files.VLLM), engine="vllm")
    assert (row.arrival, row.concurrency) == ("closed", 2)  # max_concurrent_requests says 4, which never was
    assert (row.input_tok, row.output_tok) == (100.0, 20.0)
    assert row.output_tok_per_s == approx(8.0)
    assert row.ttft_ms == {"mean": 100.0, "p50": 90.0, "p99": 200.0}
    assert (row.tpot_ms["mean"], row.itl_ms["mean"], row.e2e_ms["mean"]) == (20.0, 21.0, 480.0)
    assert row.is_usable


def test_vllm_counts_that_chunks_contradict_are_flagged_until_the_asked_length_settles_it(tmp_path: Path) -> None:
    path = write(tmp_path, files.VLLM_MISCOUNTED)
    row = row_of(path, engine="vllm")
    assert not row.is_usable
    assert "80 tokens were counted in 40 chunks" in row.flags[0]
    assert not row_of(path, engine="vllm", output_tok=20.0).flags  # two tokens a chunk, as asked
    wrong = row_of(path, engine="vllm", output_tok=10.0)
    assert any("80 of 4 requests, not 40" in flag for flag in wrong.flags)


def test_vllm_answers_that_ended_early_are_noted_not_flagged(tmp_path: Path) -> None:
    row = row_of(write(tmp_path, files.VLLM), engine="vllm", output_tok=40.0)
    assert row.is_usable
    assert any("ended early: 20.0 tokens of 40" in note for note in row.notes)


@pytest.mark.parametrize(
    ("changed", "arrival", "concurrency"),
    [
        ({"max_concurrency": 1}, "single", 1),
        ({"max_concurrency": None}, "burst", None),
        ({"max_concurrency": None, "request_rate": 2.0}, "poisson", None),
        ({"max_concurrency": None, "request_rate": 2.0, "burstiness": 0.5}, "gamma", None),
        ({"max_concurrency": None, "request_rate": None}, "unstated", None),
    ],
)
def test_arrivals_of_vllm(tmp_path: Path, changed: dict[str, Any], arrival: str, concurrency: int | None) -> None:
    row = row_of(write(tmp_path, files.VLLM | changed), engine="vllm")
    assert (row.arrival, row.concurrency) == (arrival, concurrency)


def test_a_run_without_an_answer_measured_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no request was answered"):
        row_of(write(tmp_path, files.VLLM | {"completed": 0}), engine="vllm")


def test_failed_requests_are_those_not_completed_where_no_count_says(tmp_path: Path) -> None:
    held = {name: value for name, value in files.VLLM.items() if name != "failed"} | {"num_prompts": 7}
    assert row_of(write(tmp_path, held), engine="vllm").n_failed == 3


def test_vllm_throughput_counts_prompts_so_no_output_rate_follows(tmp_path: Path) -> None:
    held = {"elapsed_time": 40.0, "num_requests": 1000, "total_num_tokens": 1_280_000, "requests_per_second": 25.0,
            "tokens_per_second": 32_000.0}  # fmt: skip
    path = write(tmp_path, held)
    assert row_of(path).output_tok_per_s is None
    assert row_of(path).total_tok_per_s == 32_000.0
    assert row_of(path, output_tok=128.0).output_tok_per_s == approx(25.0 * 128)


def test_vllm_latency_is_of_a_whole_batch_in_seconds(tmp_path: Path) -> None:
    held = {"avg_latency": 2.0, "latencies": [2.0, 2.0], "percentiles": {"50": 2.0, "99": 2.1}}
    path = write(tmp_path, held)
    row = row_of(path)
    assert (row.e2e_ms["mean"], row.e2e_ms["p99"], row.output_tok_per_s) == (2000.0, 2100.0, None)
    assert row_of(path, output_tok=100.0, concurrency=8).output_tok_per_s == approx(8 * 100 / 2.0)


def test_sglang_reads_a_bare_infinity_and_doubts_lengths_that_are_all_as_asked(tmp_path: Path) -> None:
    doubted = row_of(write(tmp_path, files.SGLANG % 130, "run.jsonl"))
    assert (doubted.concurrency, doubted.engine, doubted.engine_version) == (2, "sglang", "0.5.1")
    assert doubted.e2e_ms["mean"] == 500.0
    assert doubted.estimated
    assert not doubted.is_usable
    agreed = row_of(write(tmp_path, files.SGLANG % 64, "run.jsonl"))
    assert not agreed.estimated


def test_every_line_of_sglang_is_a_run(tmp_path: Path) -> None:
    assert len(profile_of(write(tmp_path, (files.SGLANG % 64) * 3, "run.jsonl")).rows) == 3


@pytest.mark.parametrize("schema", [None, 1, 2])
def test_guidellm_calls_tpot_inter_token_latency(tmp_path: Path, schema: int | None) -> None:
    row = row_of(write(tmp_path, files.guidellm(schema)), engine="vllm")
    assert row.tpot_ms["mean"] == 15.1  # time_per_output_token_ms, 15.6, is E2E/n
    assert not row.itl_ms
    assert row.e2e_ms["mean"] == 2000.0
    assert (row.concurrency, row.output_tok_per_s, row.n_requests) == (4, 256.0, 4)
    assert row.n_failed == (None if schema is None else 1)
    assert row.notes == (() if schema is None else ("slow client",))


def test_guidellm_of_an_unknown_schema_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"metadata\.version: got schema 3; expected none"):
        row_of(write(tmp_path, files.guidellm(3)), engine="vllm")


def test_guidellm_that_counted_itself_is_estimated(tmp_path: Path) -> None:
    held = files.guidellm(2)
    held["benchmarks"][0]["config"]["prefer_response_metrics"] = False
    assert row_of(write(tmp_path, held), engine="vllm").estimated


def test_guidellm_at_a_rate_has_no_concurrency(tmp_path: Path) -> None:
    held = files.guidellm(2)
    held["benchmarks"][0]["config"]["strategy"] = {"type_": "poisson", "rate": 3.0}
    row = row_of(write(tmp_path, held), engine="vllm")
    assert (row.arrival, row.concurrency, row.request_per_s_asked) == ("poisson", None, 3.0)
    held["benchmarks"][0]["config"]["strategy"] = {"type_": "synchronous"}
    assert row_of(write(tmp_path, held), engine="vllm").concurrency == 1


def test_aiperf_uses_the_servers_count_and_divides_again(tmp_path: Path) -> None:
    row = row_of(write(tmp_path, files.AIPERF), engine="vllm")
    assert (row.output_tok, row.output_tok_per_s, row.input_tok) == (16.0, 8.0, 80.0)
    assert row.tpot_ms == {"mean": 3000.0 / 15, "p50": 2700.0 / 15}  # its inter_token_latency, 100 ms, divides by 31
    assert row.itl_ms["mean"] == 210.0
    assert (row.arrival, row.concurrency) == ("closed", 2)
    assert not row.estimated


def test_aiperf_leaves_tpot_out_where_answers_differ_in_length(tmp_path: Path) -> None:
    usage = files.metric(16.0, "tokens", min=10.0, max=22.0)
    row = row_of(write(tmp_path, files.AIPERF | {"usage_completion_tokens": usage}), engine="vllm")
    assert not row.tpot_ms
    assert any("left out" in note for note in row.notes)


def test_aiperf_without_usage_is_estimated_and_keeps_its_tpot(tmp_path: Path) -> None:
    held = {name: value for name, value in files.AIPERF.items() if "usage" not in name}
    row = row_of(write(tmp_path, held), engine="vllm")
    assert row.estimated
    assert (row.output_tok, row.tpot_ms["mean"]) == (32.0, 100.0)


def test_aiperf_that_was_cancelled_is_flagged(tmp_path: Path) -> None:
    assert row_of(write(tmp_path, files.AIPERF | {"was_cancelled": True}), engine="vllm").flags


def test_aiperf_at_a_rate(tmp_path: Path) -> None:
    phases = {"phases": [{"kind": "profiling", "type": "poisson", "rate": 3.0}]}
    row = row_of(write(tmp_path, files.AIPERF | {"input_config": phases}), engine="vllm")
    assert (row.arrival, row.concurrency, row.request_per_s_asked) == ("poisson", None, 3.0)


@pytest.mark.parametrize(
    "config",
    [
        {"model": ["Qwen/Qwen3-8B"], "concurrency": 4},
        {"model_names": ["Qwen/Qwen3-8B"], "perf_analyzer": {"stimulus": {"concurrency": 4}}},
        {"endpoint": {"model_names": ["Qwen/Qwen3-8B"]}, "loadgen": {"concurrency": 4}},
    ],
)
def test_genai_perf_has_no_totals_so_means_times_requests_stand_for_them(tmp_path: Path, config: Any) -> None:
    held = {
        "request_throughput": files.metric(2.0, "requests/sec"), "request_count": files.metric(8.0, "count"),
        "time_to_first_token": files.metric(50.0, "ms"), "inter_token_latency": files.metric(10.0, "ms"),
        "output_sequence_length": files.metric(100.0, "tokens"), "input_sequence_length": files.metric(30.0, "tokens"),
        "input_config": config,
    }  # fmt: skip
    row = row_of(write(tmp_path, held), engine="vllm", model=None)
    assert (row.how.tool, row.concurrency, row.duration_s, row.input_tok) == ("genai-perf", 4, 4.0, 30.0)
    assert (row.output_tok_per_s, row.tpot_ms["mean"], row.estimated) == (200.0, 10.0, True)


def test_aiperf_latency_in_an_unknown_unit_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"unit: got 'ticks'; expected one of"):
        row_of(write(tmp_path, files.AIPERF | {"request_latency": files.metric(4.0, "ticks")}), engine="vllm")


def test_aiperf_csv_says_the_same_as_its_json(tmp_path: Path) -> None:
    row = row_of(write(tmp_path, files.AIPERF_CSV, "x.csv"), engine="vllm")
    other = row_of(write(tmp_path, files.AIPERF), engine="vllm")
    for name in ("output_tok", "output_tok_per_s", "input_tok", "tpot_ms", "itl_ms", "e2e_ms", "n_requests"):
        assert getattr(row, name) == getattr(other, name), name
    assert row.concurrency is None


def test_aiperf_requests_are_put_together_by_the_servers_count(tmp_path: Path) -> None:
    lines = [
        files.aiperf_request(start_s=0.0, ttft_ms=100.0, e2e_ms=1600.0, usage=16),
        files.aiperf_request(start_s=1.0, ttft_ms=200.0, e2e_ms=3200.0, usage=16),
        files.aiperf_request(start_s=0.0, ttft_ms=9.0, e2e_ms=99.0, usage=16, phase="warmup"),
    ]
    row = row_of(write(tmp_path, "\n".join(lines), "x.jsonl"), engine="vllm")
    assert (row.n_requests, row.n_failed) == (2, 0)
    assert row.duration_s == approx(4.2)
    assert row.output_tok_per_s == approx(32 / 4.2)
    assert row.tpot_ms["mean"] == approx((100.0 + 200.0) / 2)  # (E2E - TTFT) / 15
    assert row.itl_ms == {"mean": 20.0, "min": 10.0, "max": 30.0, "p50": 20.0, "p90": 30.0, "p95": 30.0, "p99": 30.0}


def test_aiperf_requests_without_usage_or_without_success(tmp_path: Path) -> None:
    line = files.aiperf_request(start_s=0.0, ttft_ms=100.0, e2e_ms=1600.0, usage=None)
    row = row_of(write(tmp_path, f"{line}\n{line}", "x.jsonl"), engine="vllm")
    assert (row.estimated, row.output_tok) == (True, 32.0)
    failed = json.dumps(json.loads(line) | {"error": {"code": 500}})
    with pytest.raises(InvalidInputError, match="no request was answered"):
        row_of(write(tmp_path, f"{failed}\n{failed}", "x.jsonl"), engine="vllm")
    stopped = line.replace('"request_end_ns": 1795314409600000000', '"request_end_ns": 1')
    with pytest.raises(InvalidInputError, match="end before they start"):
        row_of(write(tmp_path, f"{stopped}\n{stopped}", "x.jsonl"), engine="vllm")
    with pytest.raises(InvalidInputError, match="expected one of"):
        row_of(write(tmp_path, f"{line}\n{line}".replace('"ms"', '"ticks"'), "x.jsonl"), engine="vllm")


def test_inference_perf_is_in_seconds_and_its_rate_is_put_right(tmp_path: Path) -> None:
    row = row_of(write(tmp_path, files.INFERENCE_PERF), engine="vllm")
    assert row.output_tok_per_s == approx(16.0)  # it says 31, by the client's count
    assert not row.tpot_ms
    assert (row.itl_ms["mean"], row.ttft_ms["p95"], row.e2e_ms["p50"]) == (21.0, 300.0, 600.0)
    assert (row.request_per_s_asked, row.n_failed) == (2.0, 1)
    assert row.flags == ("1 of 11 requests failed: the rest had less load than was asked for",)


def test_inference_perf_without_the_servers_count_is_estimated_and_keeps_tpot(tmp_path: Path) -> None:
    held = json.loads(json.dumps(files.INFERENCE_PERF))
    del held["successes"]["output_tokens"]
    row = row_of(write(tmp_path, held), engine="vllm")
    assert (row.estimated, row.output_tok, row.tpot_ms["mean"]) == (True, 31.0, 20.0)


def test_inference_perf_summary_is_no_operating_point(tmp_path: Path) -> None:
    held = files.INFERENCE_PERF | {"load_summary": {"count": 10}}
    assert "all stages" in row_of(write(tmp_path, held), engine="vllm").flags[0]
    held = held | {"successes": {"count": 0}}
    with pytest.raises(InvalidInputError, match="no request was answered"):
        row_of(write(tmp_path, held), engine="vllm")


def test_inference_perf_requests(tmp_path: Path) -> None:
    failed = files.INFERENCE_PERF_REQUEST | {"error": "timeout"}
    row = row_of(write(tmp_path, [files.INFERENCE_PERF_REQUEST, failed]), engine="vllm")
    assert (row.n_requests, row.n_failed, row.output_tok, row.output_tok_per_s) == (1, 1, 16.0, 8.0)
    assert (row.ttft_ms["mean"], row.tpot_ms["mean"], row.e2e_ms["mean"]) == (500.0, 100.0, 2000.0)
    silent = json.loads(json.dumps(files.INFERENCE_PERF_REQUEST))
    del silent["info"]["response_metrics"]["server_usage"]
    assert row_of(write(tmp_path, [silent]), engine="vllm").estimated
    with pytest.raises(InvalidInputError, match="no request was answered"):
        row_of(write(tmp_path, [failed]), engine="vllm")
    with pytest.raises(InvalidInputError, match="end before they start"):
        row_of(write(tmp_path, [files.INFERENCE_PERF_REQUEST | {"end_time": 1.0}]), engine="vllm")


def test_llama_bench_tells_prompt_answer_and_both_apart(tmp_path: Path) -> None:
    held = [files.LLAMA_PROMPT, files.LLAMA_BENCH, files.LLAMA_BOTH]
    prompt, answer, both = profile_of(write(tmp_path, held), dtype=None, hardware=None, model=None).rows
    assert (prompt.prefill_tok_per_s, prompt.output_tok_per_s) == (5120.0, None)
    assert prompt.ttft_ms == {"mean": 100.0}
    assert (answer.output_tok_per_s, answer.output_tok_per_s_std, answer.n_repeats) == (125.0, 1.0, 2)
    assert (answer.tpot_ms, answer.input_tok) == ({"mean": 8.0}, None)
    assert not answer.is_usable  # it answers from an empty context
    assert (both.total_tok_per_s, both.output_tok_per_s) == (640.0, 128.0)  # 640 tokens in 1 s, 128 of them made
    assert {(row.hardware, row.dtype, row.model, row.kv_dtype) for row in (prompt, answer, both)} == {
        ("rtx-4090", "q4_k_m", "qwen3-8b", "fp16")
    }


def test_llama_bench_as_csv_and_json_lines(tmp_path: Path) -> None:
    names = [name for name in files.LLAMA_BENCH if name != "samples_ts"]
    text = ",".join(names) + "\n" + ",".join(f'"{files.LLAMA_BENCH[name]}"' for name in names) + "\n"
    assert row_of(write(tmp_path, text, "x.csv"), dtype=None, hardware=None).output_tok_per_s == 125.0
    lines = "\n".join(json.dumps(each) for each in (files.LLAMA_BENCH, files.LLAMA_PROMPT))
    assert len(profile_of(write(tmp_path, lines, "x.jsonl"), dtype=None, hardware=None).rows) == 2


def test_llama_bench_as_markdown(tmp_path: Path) -> None:
    prompt, answer = profile_of(write(tmp_path, files.LLAMA_MARKDOWN, "x.md"), dtype=None).rows
    assert (prompt.prefill_tok_per_s, prompt.prefill_tok_per_s_std, prompt.dtype) == (5120.0, 51.2, "q4_k_m")
    assert (answer.output_tok_per_s, answer.input_tok, answer.output_tok) == (100.0, 4096.0, 128.0)
    assert answer.engine_version == "5163"
    broken = files.LLAMA_MARKDOWN.replace("tg128 @ d4096", "something")
    with pytest.raises(InvalidInputError, match=r"x\.md:4:1: got test 'something'"):
        profile_of(write(tmp_path, broken, "x.md"))


def test_llama_bench_on_a_processor_names_the_processor(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"--hardware \(it says 'AMD Ryzen 7', a name not known here\)"):
        row_of(write(tmp_path, files.LLAMA_BENCH | {"backends": "CPU"}), hardware=None)


def test_llama_batched_bench_counts_answers_over_the_whole_time(tmp_path: Path) -> None:
    row = row_of(write(tmp_path, files.BATCHED))
    assert (row.concurrency, row.output_tok_per_s) == (2, 20.0)  # 2 x 50 tokens in 5 s; `speed` counts prompts too
    assert (row.ttft_ms["mean"], row.tpot_ms["mean"]) == (1000.0, 80.0)
    assert row_of(write(tmp_path, files.BATCHED | {"is_pp_shared": 1})).flags
    with pytest.raises(InvalidInputError, match="expected a whole number"):
        row_of(write(tmp_path, files.BATCHED | {"pl": 1.5}))


def test_ollama_counts_in_nanoseconds_without_the_load(tmp_path: Path) -> None:
    row = row_of(write(tmp_path, files.OLLAMA), dtype="q4_k_m")
    assert (row.prefill_tok_per_s, row.output_tok_per_s) == (200.0, 20.0)  # 50 tokens in 0.5 + 2.0 s
    assert (row.ttft_ms["mean"], row.tpot_ms["mean"]) == (500.0, 40.0)
    cached = {name: value for name, value in files.OLLAMA.items() if not name.startswith("prompt")}
    assert "cached" in row_of(write(tmp_path, cached)).flags[0]


def test_ollama_bench_gathers_repeats_and_reads_the_format(tmp_path: Path) -> None:
    row = row_of(write(tmp_path, files.OLLAMA_BENCH, "x.csv"), dtype=None)
    assert (row.dtype, row.output_tok_per_s, row.n_repeats) == ("q4_k_m", 55.0, 2)
    assert row.output_tok_per_s_std == approx(7.0711, abs=1e-4)
    assert row.prefill_tok_per_s == 12800.0
    assert not row.is_usable


def test_llmperf_inter_token_latency_is_neither_tpot_nor_itl(tmp_path: Path) -> None:
    row = row_of(write(tmp_path, files.LLMPERF), engine="vllm")
    assert not row.tpot_ms
    assert not row.itl_ms
    assert row.estimated
    assert row.ttft_ms == {"mean": 200.0, "p95": 500.0}
    assert (row.concurrency, row.request_per_s, row.n_failed) == (4, approx(1.2), 2)


def test_optimum_benchmark_checks_its_units(tmp_path: Path) -> None:
    row = row_of(write(tmp_path, files.OPTIMUM), engine="other")
    assert (row.output_tok_per_s, row.prefill_tok_per_s, row.joules_per_tok) == (140.0, 1500.0, 1.0)
    assert row.ttft_ms["mean"] == 20.0
    held = json.loads(json.dumps(files.OPTIMUM))
    held["decode"]["throughput"]["unit"] = "samples/s"
    with pytest.raises(InvalidInputError, match="got 'samples/s'; expected tokens/s"):
        row_of(write(tmp_path, held), engine="other")


def test_inferencex_without_a_unit_is_an_error_not_a_guess(tmp_path: Path) -> None:
    path = write(tmp_path, files.INFERENCEX)
    with pytest.raises(InvalidInputError, match=r"median_ttft 0\.265 has no unit"):
        row_of(path, engine="vllm")
    row = row_of(path, engine="vllm", unit="s")
    assert (row.ttft_ms["p50"], row.tpot_ms["p50"], row.e2e_ms["p50"]) == (265.0, approx(21.4), 3000.0)


def test_inferencex_in_the_wrong_unit_contradicts_littles_law(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="the unit is another"):  # 4 at once, 1.33 a second: 3 s each
        row_of(write(tmp_path, files.INFERENCEX), engine="vllm", unit="ms")


def test_inferencex_aggregates_are_per_gpu(tmp_path: Path) -> None:
    path = write(tmp_path, files.INFERENCEX_AGGREGATE)
    row = row_of(path, unit="s", n_gpus=None, dtype=None, hardware=None, model=None)
    assert (row.n_gpus, row.output_tok_per_s, row.total_tok_per_s) == (2, 1000.0, 2000.0)
    assert (row.hardware, row.engine, row.dtype, row.ttft_ms) == ("h200-sxm", "tensorrt-llm", "fp8", {"p50": 100.0})
    with pytest.raises(InvalidInputError, match="how many GPUs"):
        row_of(write(tmp_path, files.INFERENCEX_AGGREGATE | {"tp": 0}), unit="s")


def test_nvbandwidth_counts_a_copied_byte_once_and_memory_moves_it_twice(tmp_path: Path) -> None:
    found = profile_of(write(tmp_path, files.NVBANDWIDTH), hardware=None, model=None, dtype=None)
    assert found.micro is not None
    assert found.micro.copy_gb_per_s == measured(4301.0, "GB/s", source="nvbandwidth v0.8, result.json")
    assert (found.machine.hardware, found.machine.driver, found.rows) == ("h200-sxm", "580.1", ())
    held = json.loads(json.dumps(files.NVBANDWIDTH).replace('"Passed"', '"Waived"'))
    waived = profile_of(write(tmp_path, held)).micro
    assert waived is not None
    assert waived.copy_gb_per_s.model_dump() == {"not_measured": "device_local_copy: Waived"}
    held = json.loads(json.dumps(files.NVBANDWIDTH).replace("2150.5", "N/A"))
    with pytest.raises(InvalidInputError, match="no bandwidth above 0"):
        profile_of(write(tmp_path, held))


def test_babelstream_fills_the_microbenchmarks(tmp_path: Path) -> None:
    found = profile_of(write(tmp_path, files.BABELSTREAM, "x.csv")).micro
    assert found is not None
    numbers = [found.copy_gb_per_s, found.triad_gb_per_s, found.read_gb_per_s]
    assert [getattr(each, "value", None) for each in numbers] == approx([7.48661, 7.30862, 5.92932])


def test_mlenergy_gives_the_steady_state_and_joules(tmp_path: Path) -> None:
    row = row_of(write(tmp_path, files.MLENERGY), engine="vllm", hardware=None)
    assert (row.output_tok_per_s, row.power_w, row.joules_per_tok) == (500.0, 300.0, 0.6)
    assert (row.hardware, row.concurrency) == ("h100-sxm", 128)
    task = row_of(write(tmp_path, files.MLENERGY_TASK), engine="vllm", hardware=None, dtype=None)
    assert (task.hardware, task.dtype, task.joules_per_tok, task.itl_ms) == ("b200", "bf16", 0.2, {"p50": 3.2})


def test_an_energy_log_needs_the_tokens_it_spans(tmp_path: Path) -> None:
    path = write(tmp_path, files.ZEUS, "x.csv")
    row = row_of(path, engine="vllm", n_gpus=2)
    assert (row.power_w, row.joules_per_tok) == (400.0, None)
    row = row_of(path, engine="vllm", n_gpus=2, tokens=1000.0)
    assert (row.output_tok_per_s, row.joules_per_tok) == (200.0, 2.0)


def test_codecarbon_never_records_zero_joules(tmp_path: Path) -> None:
    text = files.CODECARBON.format(gpu_kwh=0.001, n_gpus=1, gpu="1 x NVIDIA H200")
    assert row_of(write(tmp_path, text, "x.csv"), engine="vllm").power_w == approx(360.0)
    text = files.CODECARBON.format(gpu_kwh=0.0, n_gpus=1, gpu="1 x NVIDIA H200")
    row = row_of(write(tmp_path, text, "x.csv"), engine="vllm")
    assert (row.power_w, row.energy_reason[:12]) == (None, "not measured")
    text = files.CODECARBON.format(gpu_kwh=0.0, n_gpus=0, gpu="")
    row = row_of(write(tmp_path, text, "x.csv"), engine="llama.cpp")
    assert row.power_w == approx(720.0)
    assert "estimates" in row.energy_reason


@pytest.mark.parametrize("joules", ["0,0", "1500.0,0", "1500.0,"])
def test_a_gpu_that_zeus_has_no_energy_of_is_not_one_of_zero_joules(tmp_path: Path, joules: str) -> None:
    text = files.ZEUS.replace("1500.0,500.0", joules)
    zeus = row_of(write(tmp_path, text, "x.csv"), engine="vllm", n_gpus=2)
    assert (zeus.power_w, zeus.energy_reason[:12]) == (None, "not measured")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('data: {"choices":[]}\n', "a raw stream of a server"),
        ("# HELP x Tokens\n# TYPE x counter\nx 1\n", "counters of a server since it started"),
        ('{"summary": {}, "metrics": {}}', "metrics of a server beside a run"),
        ('{"detail": "Unexpected fields"}', "an error message of a server"),
        ("just words\n", "no known benchmark result; formats: mlenergy"),
        ('{"benchmarks": [', r"x:1:17: not valid JSON: Expecting value"),
        ("[]", "no known benchmark result"),
    ],
)
def test_what_is_no_result_is_refused_with_the_reason(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        row_of(write(tmp_path, text, "x"))


def test_a_format_can_be_named_and_must_exist(tmp_path: Path) -> None:
    path = write(tmp_path, files.VLLM)
    assert row_of(path, name="vllm-serve", engine="vllm").how.format == "vllm-serve"
    with pytest.raises(UsageError, match="--format: got 'nonsense'; expected one of"):
        row_of(path, name="nonsense")
    with pytest.raises(InvalidInputError, match="no measurement in it"):
        registry.drafts(load(write(tmp_path, files.LLAMA_MARKDOWN[:200], "x.md")), name="llama-bench-md", unit=None)
