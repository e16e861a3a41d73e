"""Small result files as the tools write them: shapes from their sources, numbers made up so that each trap shows."""

from __future__ import annotations

import json
from typing import Any

VLLM: dict[str, Any] = {
    "date": "20261120-101500", "endpoint_type": "openai", "backend": "openai", "model_id": "Qwen/Qwen3-8B",
    "num_prompts": 4, "request_rate": "inf", "burstiness": 1.0, "max_concurrency": 2, "duration": 10.0,
    "completed": 4, "failed": 0, "total_input_tokens": 400, "total_output_tokens": 80, "request_throughput": 0.4,
    "output_throughput": 8.0, "total_token_throughput": 48.0, "max_concurrent_requests": 4,
    "mean_ttft_ms": 100.0, "median_ttft_ms": 90.0, "p99_ttft_ms": 200.0, "mean_tpot_ms": 20.0, "median_tpot_ms": 19.0,
    "mean_itl_ms": 21.0, "median_itl_ms": 20.5, "mean_e2el_ms": 480.0, "median_e2el_ms": 470.0,
}  # fmt: skip
# Each answer came in 10 chunks and the client counted 20 tokens.
VLLM_MISCOUNTED = VLLM | {"output_lens": [20, 20, 20, 20], "itls": [[0.02] * 9] * 4}

SGLANG = (
    '{"backend": "sglang-oai", "request_rate": Infinity, "max_concurrency": 2, "random_input_len": 64, '
    '"random_output_len": 16, "duration": 4.0, "completed": 4, "total_input_tokens": 256, "total_output_tokens": 64, '
    '"total_output_tokens_retokenized": %d, "mean_e2e_latency_ms": 500.0, "median_e2e_latency_ms": 450.0, '
    '"mean_ttft_ms": 60.0, "median_ttft_ms": 50.0, "mean_tpot_ms": 7.0, "mean_itl_ms": 8.0, '
    '"max_concurrent_requests": 6, "output_lens": [16, 16, 16, 16], "server_info": {"version": "0.5.1", '
    '"model_path": "Qwen/Qwen3-8B"}}\n'
)


def spread(mean: float, **more: float) -> dict[str, Any]:
    """A distribution as GuideLLM writes one."""
    return {"mean": mean, "median": mean, "std_dev": 0.0, "count": 4, "percentiles": {"p50": mean, "p95": mean}} | more


GUIDELLM_METRICS = {
    name: {"successful": spread(value), "errored": spread(value)}
    for name, value in {
        "prompt_token_count": 512.0, "output_token_count": 128.0, "output_tokens_per_second": 256.0,
        "requests_per_second": 2.0, "time_to_first_token_ms": 80.0, "inter_token_latency_ms": 15.1,
        "time_per_output_token_ms": 15.6, "request_latency": 2.0,
    }.items()
}  # fmt: skip


def guidellm(schema: int | None) -> dict[str, Any]:
    """A report of one benchmark in a schema; None is 0.3, which has no number."""
    strategy = {"strategy": {"type_": "concurrent", "streams": 4}}
    benchmark: dict[str, Any] = {"metrics": dict(GUIDELLM_METRICS), "duration": 30.0, "start_time": 1795316702.5}
    if schema is None:
        return {"benchmarks": [benchmark | {"args": strategy, "start_time": 0.0}]}
    benchmark["config"] = strategy | {"backend": {"model": "Qwen/Qwen3-8B"}, "prefer_response_metrics": True}
    benchmark["metrics"]["request_totals"] = {"successful": 4, "errored": 1}
    benchmark["warnings"] = [{"message": "slow client"}]
    return {"metadata": {"version": schema, "guidellm_version": "0.8.1"}, "benchmarks": [benchmark]}


def metric(avg: float, unit: str, **more: float) -> dict[str, Any]:
    """A metric of AIPerf."""
    return {"unit": unit, "avg": avg} | more


# The server counted 16 tokens an answer, the client 32; AIPerf's own TPOT divides 3,100 ms by 31.
AIPERF: dict[str, Any] = {
    "schema_version": "1.4", "aiperf_version": "0.13.0", "request_throughput": metric(0.5, "requests/sec"),
    "request_count": metric(4.0, "requests"), "benchmark_duration": metric(8.0, "sec"),
    "time_to_first_token": metric(900.0, "ms", p50=800.0, p95=1500.0), "request_latency": metric(4000.0, "ms"),
    "inter_token_latency": metric(100.0, "ms"), "inter_chunk_latency": metric(210.0, "ms"),
    "decode_duration": metric(3000.0, "ms", p50=2700.0), "total_osl": metric(128.0, "tokens"),
    "total_isl": metric(256.0, "tokens"), "total_usage_completion_tokens": metric(64.0, "tokens"),
    "total_usage_prompt_tokens": metric(320.0, "tokens"),
    "usage_completion_tokens": metric(16.0, "tokens", min=16.0, max=16.0),
    "input_config": {"models": {"items": [{"name": "Qwen/Qwen3-8B"}]},
                     "phases": [{"kind": "warmup", "concurrency": 1}, {"kind": "profiling", "concurrency": 2}]},
    "was_cancelled": False, "is_complete": True, "start_time": "2026-11-20T10:15:00",
}  # fmt: skip

AIPERF_CSV = """\
Metric,avg,min,max,sum,p1,p5,p10,p25,p50,p75,p90,p95,p99,std
Decode Duration (ms),3000.00,,,,,,,,2700.00,,,,,
Inter Token Latency (ms),100.00,,,,,,,,,,,,,
Inter Chunk Latency (ms),210.00,,,,,,,,,,,,,
Request Latency (ms),4000.00,,,,,,,,,,,,,
Time to First Token (ms),900.00,,,,,,,,800.00,,,1500.00,,
Usage Completion Tokens (tokens),16.00,16.00,16.00,64.00,,,,,,,,,,

Metric,Value
Benchmark Duration (sec),8.00
Request Count,4.00
Request Throughput (requests/sec),0.50
Total Output Sequence Length (tokens),128.00
Total Usage Completion Tokens (tokens),64.00
Total Usage Prompt Tokens (tokens),320.00
"""


def aiperf_request(
    *, start_s: float, ttft_ms: float, e2e_ms: float, usage: int | None, phase: str = "profiling"
) -> str:
    """One line of AIPerf's export of single requests; the client counted 32 tokens."""
    start = int(1795314408e9 + start_s * 1e9)
    metrics: dict[str, Any] = {
        "time_to_first_token": {"value": ttft_ms, "unit": "ms"}, "request_latency": {"value": e2e_ms, "unit": "ms"},
        "output_sequence_length": {"value": 32, "unit": "tokens"},
        "input_sequence_length": {"value": 64, "unit": "tokens"},
        "inter_chunk_latency": {"value": [10.0, 30.0], "unit": "ms"},
    }  # fmt: skip
    if usage is not None:
        metrics["usage_completion_tokens"] = {"value": usage, "unit": "tokens"}
    about = {"benchmark_phase": phase, "request_start_ns": start, "request_end_ns": start + int(e2e_ms * 1e6)}
    return json.dumps({"metadata": about, "metrics": metrics})


INFERENCE_PERF: dict[str, Any] = {
    "load_summary": {"count": 10, "requested_rate": 2.0}, "failures": {"count": 1},
    "successes": {
        "count": 10, "throughput": {"requests_per_sec": 1.0, "output_tokens_per_sec": 31.0},
        "latency": {
            "request_latency": {"mean": 0.7, "median": 0.6}, "time_to_first_token": {"mean": 0.08, "p95": 0.3},
            "time_per_output_token": {"mean": 0.02}, "normalized_time_per_output_token": {"mean": 0.03},
            "inter_token_latency": {"mean": 0.021},
        },
        "prompt_tokens": {"mean": 58.0}, "output_len": {"mean": 31.0}, "output_tokens": {"mean": 16.0},
    },
}  # fmt: skip

INFERENCE_PERF_REQUEST: dict[str, Any] = {
    "start_time": 100.0, "end_time": 102.0, "request": "{}", "response": "data: {}", "error": None,
    "info": {"input_tokens": 55, "response_metrics": {
        "output_tokens": 31, "server_usage": {"completion_tokens": 16, "prompt_tokens": 55},
        "chunk_times": [100.5, 102.0],
    }},
}  # fmt: skip

LLAMA_BENCH: dict[str, Any] = {
    "build_commit": "8cf427ff", "build_number": 5163, "cpu_info": "AMD Ryzen 7", "gpu_info": "NVIDIA GeForce RTX 4090",
    "backends": "CUDA", "model_filename": "models/Qwen3-8B-Q4_K_M.gguf", "model_type": "qwen3 8B Q4_K - Medium",
    "n_gpu_layers": 99, "type_k": "f16", "type_v": "f16", "n_prompt": 0, "n_gen": 128, "n_depth": 0,
    "test_time": "2026-11-20T11:58:50Z", "avg_ts": 125.0, "stddev_ts": 1.0, "samples_ts": [124.0, 126.0],
}  # fmt: skip
LLAMA_PROMPT = LLAMA_BENCH | {"n_prompt": 512, "n_gen": 0, "avg_ts": 5120.0, "samples_ts": [5120.0, 5120.0]}
LLAMA_BOTH = LLAMA_BENCH | {"n_prompt": 512, "n_gen": 128, "avg_ts": 640.0}

LLAMA_MARKDOWN = """\
| model                  |     size |   params | backend | ngl |          test |             t/s |
| ---------------------- | -------: | -------: | ------- | --: | ------------: | --------------: |
| qwen3 8B Q4_K - Medium | 4.68 GiB |   8.19 B | CUDA    |  99 |         pp512 | 5120.00 ± 51.20 |
| qwen3 8B Q4_K - Medium | 4.68 GiB |   8.19 B | CUDA    |  99 | tg128 @ d4096 |   100.00 ± 1.00 |

build: 8cf427ff (5163)
"""

BATCHED = {"pl": 2, "pp": 100, "tg": 50, "t_pp": 1.0, "speed_pp": 200.0, "t_tg": 4.0, "speed_tg": 25.0, "t": 5.0,
           "speed": 60.0, "is_pp_shared": 0}  # fmt: skip

OLLAMA = {"model": "qwen3:8b", "created_at": "2026-11-20T10:15:00Z", "done": True, "load_duration": 6_000_000_000,
          "prompt_eval_count": 100, "prompt_eval_duration": 500_000_000, "eval_count": 50,
          "eval_duration": 2_000_000_000}  # fmt: skip

OLLAMA_BENCH = """\
NAME,STEP,COUNT,NS_PER_COUNT,TOKEN_PER_SEC
# Model: qwen3:8b | Params: 8.2B | Quant: Q4_K_M | Family: qwen3 | Size: 1 | VRAM: 1
qwen3:8b,prefill,128,78125.00,12800.00
qwen3:8b,generate,64,20000000.00,50.00
qwen3:8b,generate,64,16666666.67,60.00
"""

LLMPERF = {
    "version": "2023-08-31", "model": "Qwen/Qwen3-8B", "num_concurrent_requests": 4, "mean_output_tokens": 150,
    "results_ttft_s_mean": 0.2, "results_ttft_s_quantiles_p95": 0.5, "results_end_to_end_latency_s_mean": 3.0,
    "results_inter_token_latency_s_mean": 0.02, "results_number_input_tokens_mean": 550.0,
    "results_number_output_tokens_mean": 150.0, "results_mean_output_throughput_token_per_s": 180.0,
    "results_num_completed_requests": 100, "results_num_completed_requests_per_min": 72.0, "results_number_errors": 2,
    "timestamp": 1795313240,
}  # fmt: skip

OPTIMUM: dict[str, Any] = {
    "prefill": {"latency": {"unit": "s", "mean": 0.02, "count": 2},
                "throughput": {"unit": "tokens/s", "value": 1500.0}},
    "decode": {"latency": {"unit": "s", "mean": 0.9, "count": 2}, "throughput": {"unit": "tokens/s", "value": 140.0},
               "efficiency": {"unit": "tokens/kWh", "value": 3_600_000.0}},
}  # fmt: skip

INFERENCEX: dict[str, Any] = {
    "date": "20260213-141321", "model_id": "Qwen/Qwen3-8B", "num_prompts": 40, "request_rate": "inf", "burstiness": 1.0,
    "max_concurrency": 4, "duration": 30.0, "completed": 40, "total_input_tokens": 40960, "total_output_tokens": 5120,
    "median_ttft": 0.265, "p99_ttft": 0.58, "median_tpot": 0.0214, "median_e2el": 3.0,
}  # fmt: skip
INFERENCEX_AGGREGATE = {"hw": "h200-cw", "tp": 2, "conc": 8, "model": "Qwen/Qwen3-8B", "framework": "trt",
                        "precision": "fp8", "tput_per_gpu": 1000.0, "output_tput_per_gpu": 500.0,
                        "median_ttft": 0.1}  # fmt: skip

NVBANDWIDTH: dict[str, Any] = {"nvbandwidth": {
    "version": "v0.8", "Driver Version": "580.1", "GPU Device list": ["0: NVIDIA H200 (00000000:07:00)"],
    "testcases": [{"name": "device_local_copy", "status": "Passed", "bandwidth_matrix": [["2150.5"]]}],
}}  # fmt: skip

BABELSTREAM = """\
function,num_times,n_elements,sizeof,max_MB_per_sec,min_runtime,max_runtime,avg_runtime
Copy,20,16777216,8,7486.61,0.03,0.07,0.04
Mul,20,16777216,8,7225.81,0.03,0.05,0.04
Triad,20,16777216,8,7308.62,0.05,0.08,0.06
Dot,20,16777216,8,5929.32,0.04,0.06,0.05
"""

# 600 J in 2 s for 1,000 tokens at 0.6 J each: 500 tok/s and 300 W.
MLENERGY = VLLM | {
    "gpu_model": "H100", "num_gpus": 1, "max_num_seqs": 128, "max_concurrency": None, "steady_state_duration": 2.0,
    "steady_state_energy": 600.0, "steady_state_energy_per_token": 0.6,
}  # fmt: skip
MLENERGY_TASK = {"task": "gpqa", "configurations": [{
    "model_id": "Qwen/Qwen3-8B", "gpu_model": "B200", "num_gpus": 1, "weight_precision": "bfloat16",
    "max_num_seqs": 128,
    "energy_per_token_joules": 0.2, "avg_power_watts": 500.0, "avg_output_len": 646.0, "median_itl_ms": 3.2,
    "output_throughput_tokens_per_sec": 2500.0,
}]}  # fmt: skip

ZEUS = "start_time,window_name,elapsed_time,gpu0_energy,gpu1_energy\n1795313240.1,decode,5.0,1500.0,500.0\n"

CODECARBON = (
    "timestamp,duration,gpu_energy,energy_consumed,gpu_count,gpu_model,cpu_model,codecarbon_version\n"
    "2026-11-22T03:12:27,10.0,{gpu_kwh},0.002,{n_gpus},{gpu},Intel Xeon,3.3.2\n"
)
