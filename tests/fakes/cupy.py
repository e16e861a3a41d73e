"""As much of CuPy as the products need, over NumPy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

float16, float32 = np.float16, np.float32
freed: list[int] = []


class _Device:
    """A device that has always done what was asked."""

    def __init__(self, index: int) -> None:
        self.index = index

    def __enter__(self) -> _Device:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to restore."""

    def synchronize(self) -> None:
        """Nothing to wait for."""


cuda = SimpleNamespace(Device=_Device)


def _normal(shape: tuple[int, ...], dtype: Any) -> Any:
    return np.asarray(np.random.default_rng(0).standard_normal(shape), dtype=dtype)


random = SimpleNamespace(standard_normal=_normal)


def get_default_memory_pool() -> Any:
    """A pool that counts how often it was emptied."""
    return SimpleNamespace(free_all_blocks=lambda: freed.append(1))
