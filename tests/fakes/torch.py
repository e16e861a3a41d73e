"""As much of torch as the decode loop needs, over NumPy: shapes are checked, values are real, nothing is fast."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np

__version__ = "0.0-standin"
bfloat16, float32, float8_e4m3fn = "bf16", "f32", "e4m3"


class Tensor(np.ndarray):
    """An array with torch's names for the few methods used."""

    def view(self, *shape: Any) -> Any:  # type: ignore[override]  # torch's meaning
        return super().view(*shape) if shape and not isinstance(shape[0], int) else self.reshape(shape)

    def to(self, _dtype: str) -> Tensor:
        return self

    def t(self) -> Tensor:
        return self.T

    def numel(self) -> int:
        return self.size

    def copy_(self, other: Tensor) -> Tensor:
        self[...] = other
        return self

    def chunk(self, n: int, dim: int) -> Any:
        return np.split(self, n, axis=dim)


def randn(*shape: int, device: str, dtype: str) -> Tensor:
    """Random numbers."""
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32).view(Tensor)


def ones(shape: tuple[int, ...], device: str, dtype: str) -> Tensor:
    """Ones."""
    return np.ones(shape, dtype=np.float32).view(Tensor)


empty_like = np.empty_like


def _attention(asked: Tensor, keys: Tensor, values: Tensor, *, enable_gqa: bool) -> Any:
    share = asked.shape[1] // keys.shape[1]
    assert enable_gqa
    scores = asked @ np.swapaxes(np.repeat(keys, share, axis=1), -1, -2) / asked.shape[-1] ** 0.5
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (scores / scores.sum(axis=-1, keepdims=True)) @ np.repeat(values, share, axis=1)


def _pad(rows: Tensor, sides: tuple[int, int, int, int]) -> Tensor:
    return np.pad(rows, ((sides[2], sides[3]), (sides[0], sides[1]))).view(Tensor)


def _scaled_mm(a: Tensor, b: Tensor, *, scale_a: Tensor, scale_b: Tensor, out_dtype: str) -> Any:
    assert len(a) % 16 == 0, "rows in multiples of 16"
    return a @ b * scale_a * scale_b


@contextmanager
def inference_mode() -> Any:
    """Nothing to record."""
    yield


functional = SimpleNamespace(
    linear=lambda rows, weights: rows @ weights.T, silu=lambda x: x * 0.5 * (1 + np.tanh(x / 2)), pad=_pad,
    scaled_dot_product_attention=_attention,
)  # fmt: skip
nn = SimpleNamespace(functional=functional)
cuda = SimpleNamespace(is_available=lambda: False)
mps = SimpleNamespace(is_available=lambda: True, synchronize=lambda: None)
backends = SimpleNamespace()
