from __future__ import annotations

from typing import Any

import pytest

from tco.perform.memory import cache_bytes
from tests.unit.perform import examples as x

approx: Any = pytest.approx


def test_a_stated_cache_comes_before_the_shape() -> None:
    # 20,000 bytes a token at 16 bits: half of that at 8, on one GPU or four.
    stated = x.a_model(shape=x.LLAMA_8B_SHAPE, kv_bytes_per_tok_16bit=20_000)
    for n_gpus in (1, 4):
        held = cache_bytes(model=stated, shape=x.LLAMA_8B_SHAPE, n_gpus=n_gpus, kv_dtype="fp8")
        assert held.full_bytes_per_tok == approx(10_000.0, rel=1e-3)
        assert (held.window_bytes_per_tok, held.state_bytes) == (0.0, 0.0)


def test_a_cache_from_the_shape() -> None:
    # Llama 3.1 8B: 2 x 32 layers x 8 heads x 128 x 2 bytes = 131,072.
    held = cache_bytes(model=x.LLAMA_8B, shape=x.LLAMA_8B_SHAPE, n_gpus=1, kv_dtype="bf16")
    assert held.full_bytes_per_tok == approx(131_072.0)
