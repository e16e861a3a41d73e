"""What benchmark files call number formats, engines and models, as this project writes it."""

from __future__ import annotations

import re
from typing import cast, get_args

from tco.describe.hardware import Dtype
from tco.errors import MissingDataError
from tco.perform.groups import LOCAL_ENGINES

DTYPES: dict[str, Dtype] = {
    "f16": "fp16", "fp4": "nvfp4", "q4_k": "q4_k_m", "q4": "q4_0", "q8": "q8_0", "awq": "int4", "gptq": "int4",
    "w4a16": "int4", "int4-awq": "int4", "w8a8": "int8", "q6_k": "q8_0", "q5_k_m": "q4_k_m", "bfloat16": "bf16",
    "float16": "fp16", "f32": "fp32", "int4_g128": "int4", "q4f16_1": "int4",
}  # fmt: skip
# Formats of other names: the one with the nearest number of bits.
LIKE: tuple[tuple[re.Pattern[str], Dtype], ...] = (
    (re.compile(r"^(?:ud-)?i?q[123]"), "q2"), (re.compile(r"^(?:ud-)?i?q[45]"), "q4_k_m"),
    (re.compile(r"^(?:ud-)?q[68]|^[67](?:\.\d+)?[-_ ]?(?:bit|bpw)"), "q8_0"),
    (re.compile(r"nvfp4"), "nvfp4"), (re.compile(r"mxfp4"), "mxfp4"), (re.compile(r"fp8|mxfp8|e4m3|e5m2"), "fp8"),
    (re.compile(r"float8|f8|fp6"), "fp8"), (re.compile(r"^q0f16"), "fp16"),
    (re.compile(r"int4|w4|a4|awq|gptq|nf4|exl|hqq|4[-_. ]?0? ?(?:bit|bpw)"), "int4"),
    (re.compile(r"int8|w8|8[-_. ]?0? ?(?:bit|bpw)"), "int8"), (re.compile(r"[23]\.?\d* ?(?:bit|bpw)"), "q2"),
    (re.compile(r"[45]\.?\d* ?(?:bit|bpw)"), "q4_k_m"), (re.compile(r"bf16|bfloat|auto"), "bf16"),
    (re.compile(r"fp16|f16|float16|half|16[-_]?bit"), "fp16"), (re.compile(r"(?:fp|f|tf|float)32"), "fp32"),
)  # fmt: skip
# How names of engines begin, the longest first, and the engine; versions and vendors' builds follow.
ENGINE_NAMES = {
    "tensorrt-llm": "tensorrt-llm", "tensorrt_llm": "tensorrt-llm", "tensorrt llm": "tensorrt-llm",
    "trtllm": "tensorrt-llm", "trt-llm": "tensorrt-llm", "trt": "tensorrt-llm", "tensorrt": "tensorrt-llm",
    "vllm": "vllm", "sglang": "sglang", "sgl": "sglang", "lmdeploy": "lmdeploy-turbomind",
    "turbomind": "lmdeploy-turbomind", "llama.cpp": "llama.cpp", "llamacpp": "llama.cpp", "llama-cpp": "llama.cpp",
    "llama_cpp": "llama.cpp", "llama-bench": "llama.cpp", "llamafile": "llama.cpp", "koboldcpp": "llama.cpp",
    "ggml": "llama.cpp", "ollama": "ollama", "lm studio": "lm-studio", "lmstudio": "lm-studio", "mlc": "mlc-llm",
    "exllamav2": "exllamav2", "exllamav3": "exllamav2", "exl2": "exllamav2", "exllama": "exllama", "mlx": "mlx",
    "ktransformers": "ktransformers", "tgi": "tgi", "text-generation-inference": "tgi", "optimum-habana": "optimum",
    "optimum": "optimum",
}  # fmt: skip


def engine_of(name: str) -> str:
    """The engine's name as this project writes it."""
    plain = name.strip().lower()
    if plain in LOCAL_ENGINES:
        return plain
    begins = (start for start in sorted(ENGINE_NAMES, key=len, reverse=True) if plain.startswith(start))
    return ENGINE_NAMES[start] if (start := next(begins, "")) else plain


def dtype_of(name: str) -> Dtype:
    """A number format as this project writes it; raises MissingDataError where it is not known."""
    plain = name.strip().lower()
    plain = DTYPES.get(plain, plain)
    if plain in get_args(Dtype):
        return cast(Dtype, plain)
    for pattern, nearest in LIKE:
        if pattern.search(plain):
            return nearest
    raise MissingDataError(f"number format {name!r} is not known; known: {', '.join(get_args(Dtype))}")


def params_named(name: str) -> tuple[float | None, float | None]:
    """Parameters in billions that a name states, in all and active: 72B, 80B-A3B, 8x22B (its experts share a quarter).

    Of n experts of b billion two are active; shared weights are a quarter of one expert (assumed, after Mixtral).
    """
    plain = name.lower()
    experts = re.search(r"(\d+)x(\d+(?:\.\d+)?)b", plain)
    if experts:
        n, each = float(experts[1]), float(experts[2])
        return each * (0.25 + 0.75 * n), each * (0.25 + 0.75 * 2.0)
    total = re.search(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)b(?![a-z])", plain)
    active = re.search(r"-a(\d+(?:\.\d+)?)b(?![a-z])", plain)
    found = float(total[1]) if total else None
    return found, float(active[1]) if active and found else found
