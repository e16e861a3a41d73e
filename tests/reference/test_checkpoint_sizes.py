"""Weight bytes against the sizes of published checkpoints: ``metadata.total_size`` of ``model.safetensors.index.json``
in the model's repository on the Hugging Face hub, or the bytes of a GGUF file. Read 2026-11-22, some of them in
mirrors of those files; nothing is tuned to them: the shapes are those of each model's ``config.json``.

Left out: files that hold a tied head twice (Qwen3 0.6B and 1.7B, Falcon 7B); an engine keeps it once.
"""

from __future__ import annotations

import pytest

from tco.describe.hardware import Dtype
from tco.files.catalogue import Catalogue
from tco.perform.memory import weights_bytes

CATALOGUE = Catalogue()
WITHIN_FRAC = 0.01

# Model, format, bytes: dense, tied embeddings, mixture of experts, latent attention.
PUBLISHED: tuple[tuple[str, Dtype, int, str], ...] = (
    ("llama-2-7b", "bf16", 13_476_835_328, "meta-llama/Llama-2-7b-hf"),
    ("llama-3-8b", "bf16", 16_060_522_496, "meta-llama/Meta-Llama-3-8B"),
    ("llama-3.1-8b", "bf16", 16_060_522_496, "meta-llama/Llama-3.1-8B"),
    ("llama-3-70b", "bf16", 141_107_412_992, "meta-llama/Meta-Llama-3-70B-Instruct"),
    ("llama-3.1-70b", "bf16", 141_107_412_992, "meta-llama/Llama-3.1-70B-Instruct"),
    ("llama-3.3-70b", "bf16", 141_107_412_992, "meta-llama/Llama-3.3-70B-Instruct"),
    ("llama-3.2-3b", "bf16", 6_425_499_648, "meta-llama/Llama-3.2-3B-Instruct, tied"),
    ("r1-distill-llama-8b", "bf16", 16_060_522_496, "deepseek-ai/DeepSeek-R1-Distill-Llama-8B"),
    ("mistral-7b", "bf16", 14_483_464_192, "mistralai/Mistral-7B-v0.1"),
    ("phi-3-mini", "bf16", 7_642_159_104, "microsoft/Phi-3-mini-128k-instruct"),
    ("qwen2.5-7b", "bf16", 15_231_233_024, "Qwen/Qwen2.5-7B-Instruct, with biases"),
    ("qwen2.5-14b", "bf16", 29_540_067_328, "Qwen/Qwen2.5-14B"),
    ("qwen2.5-32b", "bf16", 65_527_752_704, "Qwen/Qwen2.5-32B"),
    ("r1-distill-qwen-32b", "bf16", 65_527_752_704, "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B"),
    ("qwen3-4b", "bf16", 8_044_936_192, "Qwen/Qwen3-4B, tied"),
    ("qwen3-8b", "bf16", 16_381_470_720, "Qwen/Qwen3-8B"),
    ("qwen3-14b", "bf16", 29_536_614_400, "Qwen/Qwen3-14B"),
    ("qwen3-32b", "bf16", 65_524_246_528, "Qwen/Qwen3-32B"),
    ("gemma-2-2b", "bf16", 5_228_683_776, "google/gemma-2-2b-it, tied"),
    ("gemma-2-9b", "bf16", 18_483_411_968, "google/gemma-2-9b-it, tied"),
    ("mixtral-8x7b", "bf16", 93_405_585_408, "mistralai/Mixtral-8x7B-v0.1, experts"),
    ("qwen3-30b-a3b", "bf16", 61_064_245_248, "Qwen/Qwen3-30B-A3B, experts"),
    ("qwen3-235b-a22b", "bf16", 470_187_269_120, "Qwen/Qwen3-235B-A22B, experts"),
    ("gpt-oss-20b", "mxfp4", 13_761_264_768, "openai/gpt-oss-20b: only experts are quantised"),
    ("gpt-oss-120b", "mxfp4", 65_248_815_744, "openai/gpt-oss-120b: only experts are quantised"),
    ("llama-3.1-8b", "fp8", 9_081_280_648, "FP8 checkpoint of Llama-3.1-8B-Instruct, one scale a channel"),
    ("llama-3.1-8b", "q4_k_m", 4_920_738_944, "library/llama3.1 8b-instruct-q4_K_M at Ollama, GGUF"),
)  # fmt: skip

DEEPSEEK_V3 = 688_586_727_753  # deepseek-ai/DeepSeek-V3, fp8, with the multi-token prediction layer


def computed_bytes(name: str, dtype: Dtype) -> float:
    """Bytes from the shape alone: a checkpoint's size stated in the profile is not used."""
    return weights_bytes(model=CATALOGUE.model(name).model_copy(update={"checkpoint_gb": {}}), dtype=dtype)


@pytest.mark.parametrize(("name", "dtype", "published", "where"), PUBLISHED)
def test_weights_are_as_large_as_the_published_file(name: str, dtype: Dtype, published: int, where: str) -> None:
    assert computed_bytes(name, dtype) == pytest.approx(published, rel=WITHIN_FRAC), where


def test_at_least_twenty_models() -> None:
    assert len({name for name, *_ in PUBLISHED}) >= 20


def test_latent_attention_in_fp8() -> None:
    """DeepSeek's file holds 61 layers and one for multi-token prediction, which plain serving does not load.

    That layer, from config.json: 256 experts of 3 x 7168 x 2048 and a shared one, latent attention (7168 x 1536 +
    1536 x 24576 + 7168 x 576 + 512 x 32768 + 16384 x 7168) in FP8, and 16 bit for the router, the projection of
    14336 to 7168 and its own copies of the embedding and the head of 129280 x 7168.
    """
    quantised = 257 * 3 * 7168 * 2048 + 7168 * 1536 + 1536 * 24576 + 7168 * 576 + 512 * 32768 + 16384 * 7168
    layer = quantised + 2 * (256 * 7168 + 14336 * 7168 + 2 * 129280 * 7168)
    assert computed_bytes("deepseek-v3", "fp8") + layer == pytest.approx(DEEPSEEK_V3, rel=0.001)
    assert CATALOGUE.model("deepseek-v3").checkpoint_gb["fp8"] == pytest.approx(DEEPSEEK_V3 / 1e9, rel=1e-5)
