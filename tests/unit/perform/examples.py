"""Models and machines the performance tests share, written out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

from tco.describe.hardware import Hardware, Throughput
from tco.describe.model import LatentAttention, MixtureOfExperts, Model, Shape

SOURCED: dict[str, Any] = {"source": "tests", "as_of": date(2026, 1, 1), "kind": "published"}


def a_model(**changes: Any) -> Model:
    return Model.model_validate({"id": "m", "name": "M", "vendor": "v", "weights": "open", **SOURCED, **changes})


def a_gpu(**changes: Any) -> Hardware:
    base = {"id": "gpu", "name": "GPU", "vendor": "v", "category": "datacenter", "memory_gb": 80,
            "bandwidth_gb_per_s": 2000, "dense_tflops": {"bf16": 400}}  # fmt: skip
    return Hardware.model_validate({**base, **SOURCED, **changes})


def a_row(**changes: Any) -> Throughput:
    base = {"hardware": "rtx-4090", "n_gpus": 1, "model": "mistral-7b", "dtype": "bf16", "engine": "vllm",
            "concurrency": 4, "input_tok": 1000.0, "output_tok": 150.0, "output_tok_per_s": 210.0, "ttft_ms": 157.0,
            "ttft_stat": "p99", "source": "claims E26", "as_of": date(2026, 1, 1), "kind": "published"}  # fmt: skip
    return Throughput.model_validate({**base, **changes})


def shape_of(model: Model) -> Shape:
    assert model.shape is not None
    return model.shape


LLAMA_8B_SHAPE = Shape(n_layers=32, hidden=4096, n_heads=32, n_kv_heads=8, head_dim=128, ffn=14336, vocab=128256)
LLAMA_8B = a_model(id="llama-3.1-8b", shape=LLAMA_8B_SHAPE, context_tok=131072)
QWEN3_8B = a_model(
    id="qwen3-8b",
    shape=Shape(n_layers=36, hidden=4096, n_heads=32, n_kv_heads=8, head_dim=128, ffn=12288, vocab=151936),
)
LLAMA_70B = a_model(
    id="llama-3.1-70b",
    shape=Shape(n_layers=80, hidden=8192, n_heads=64, n_kv_heads=8, head_dim=128, ffn=28672, vocab=128256),
)
DEEPSEEK_R1 = a_model(
    id="deepseek-r1",
    shape=Shape(
        n_layers=61, hidden=7168, n_heads=128, n_kv_heads=128, head_dim=192, ffn=18432, vocab=129280,
        moe=MixtureOfExperts(n_experts=256, n_active=8, ffn=2048, shared_ffn=2048, n_dense_layers=3),
        mla=LatentAttention(kv_lora=512, q_lora=1536, rope_dim=64, nope_dim=128, v_dim=128),
    ),
)  # fmt: skip
GPT_OSS = a_model(
    id="gpt-oss-120b",
    shape=Shape(
        n_layers=36, hidden=2880, n_heads=64, n_kv_heads=8, head_dim=64, vocab=201088,
        moe=MixtureOfExperts(n_experts=128, n_active=4, ffn=2880), sliding_window_tok=128, sliding_layer_frac=0.5,
    ),
)  # fmt: skip
HUGINN = a_model(id="huginn", recurrence={"core_params_b": 1.5, "fixed_params_b": 2.0, "n_steps": 32})
RUMOURED = a_model(id="deepseek-v4", params_total_b=1000, params_active_b=37)
H100 = a_gpu(
    id="h100-sxm", bandwidth_gb_per_s=3350, dense_tflops={"bf16": 989, "fp8": 1979}, link_gb_per_s=900, max_w=700
)
RTX_4090 = a_gpu(
    id="rtx-4090", category="consumer", memory_gb=24, bandwidth_gb_per_s=1008, dense_tflops={"bf16": 165.2}, max_w=450
)
