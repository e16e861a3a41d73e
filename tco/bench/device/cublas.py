"""Matrix products through cuBLASLt by ctypes: D = A^T B with A (k, n) and B (k, m) column-major, as engines call it.

fp8 takes e4m3 inputs and gives bf16; on Ada and Hopper only this layout is supported.
Source: NVIDIA cuBLAS documentation, docs.nvidia.com/cuda/cublas, cublasLt API.
"""

from __future__ import annotations

import ctypes
import os
import site
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tco.bench.device.cuda import CudaError, Device

MatmulDtype = Literal["bf16", "fp8", "fp16"]
COMPUTE_32F, R_32F = 68, 0
DATA_TYPE: dict[MatmulDtype, int] = {"bf16": 14, "fp8": 28, "fp16": 2}  # CUDA_R_16BF, CUDA_R_8F_E4M3, CUDA_R_16F
ELEMENT_BYTES: dict[MatmulDtype, int] = {"bf16": 2, "fp8": 1, "fp16": 2}
RESULT: dict[MatmulDtype, MatmulDtype] = {"bf16": "bf16", "fp8": "bf16", "fp16": "fp16"}
TRANSPOSE_A, WORKSPACE_LIMIT, TRANSPOSED = 3, 1, 1
WORKSPACE_BYTES = 32 << 20
LIBRARIES = (*(f"libcublasLt.so.{major}" for major in (13, 12, 11)), "cublasLt64_13.dll", "cublasLt64_12.dll")
PATTERN_BYTES = 8 << 20


class _Heuristic(ctypes.Structure):
    _fields_ = (
        ("algorithm", ctypes.c_uint64 * 8), ("workspace_bytes", ctypes.c_size_t), ("state", ctypes.c_int),
        ("waves", ctypes.c_float), ("reserved", ctypes.c_int * 4),
    )  # fmt: skip


@lru_cache
def random_bytes(dtype: MatmulDtype, seed: int = 0) -> bytes:
    """Random numbers of a type, in -2..2: zeros would draw less power and run faster."""
    rng = np.random.default_rng(seed)
    if dtype == "fp8":
        return bytes(rng.integers(0, 256, PATTERN_BYTES, dtype=np.uint8) & np.uint8(0xBF))  # no large exponents, no NaN
    numbers = rng.uniform(-2.0, 2.0, PATTERN_BYTES // 2).astype(np.float32)
    if dtype == "fp16":
        return numbers.astype(np.float16).tobytes()
    words = numbers.view(np.uint32) >> np.uint32(16)
    return words.astype(np.uint16).tobytes()


def library() -> Any:
    """cuBLASLt where the system or an installed package has it; raises CudaError where none is."""
    folders = [*site.getsitepackages(), *sys.path]
    packaged = (path for each in folders for path in Path(each).glob("nvidia/*/lib/libcublasLt.so.*"))
    placed = (path for each in _prefixes() for path in Path(each).glob("lib*/libcublasLt.so.*"))
    for name in (*LIBRARIES, *map(str, (*packaged, *placed))):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise CudaError("cuBLASLt is not installed")


def _prefixes() -> list[str]:
    """Where toolkits and environments put libraries that the loader does not know of."""
    return [os.environ[name] for name in ("CUDA_HOME", "CUDA_PATH", "CONDA_PREFIX") if os.environ.get(name)]


@dataclass(frozen=True, slots=True)
class Product:
    """One shape, ready to run; ``run(i)`` enqueues it with the i-th of the rotating weights."""

    lib: Any
    handle: ctypes.c_void_p
    descriptor: ctypes.c_void_p
    layouts: tuple[ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    chosen: _Heuristic
    weights: tuple[int, ...]
    rows: int
    out: int
    workspace: int
    stream: ctypes.c_void_p

    def run(self, i: int) -> None:
        """Enqueue one product."""
        one, zero = ctypes.c_float(1.0), ctypes.c_float(0.0)
        a, b, d = self.layouts
        _check(
            "cublasLtMatmul",
            self.lib.cublasLtMatmul(
                self.handle, self.descriptor, ctypes.byref(one), _at(self.weights[i % len(self.weights)]), a,
                _at(self.rows), b, ctypes.byref(zero), _at(self.out), d, _at(self.out), d,
                ctypes.byref(self.chosen), _at(self.workspace), ctypes.c_size_t(WORKSPACE_BYTES), self.stream,
            ),
        )  # fmt: skip


@contextmanager
def product(
    device: Device, lib: Any, *, dtype: MatmulDtype, m: int, n: int, k: int, n_weights: int
) -> Iterator[Product]:
    """Weights, rows and result on the device and an algorithm chosen; raises CudaError where none supports the type."""
    handle, descriptor, preference = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    pattern = random_bytes(dtype)
    size = ELEMENT_BYTES[dtype]
    with ExitStack() as held:

        def made(name: str, gone: str, target: ctypes.c_void_p, *arguments: Any) -> ctypes.c_void_p:
            _check(name, getattr(lib, name)(ctypes.byref(target), *arguments))
            held.callback(getattr(lib, gone), target)
            return target

        made("cublasLtCreate", "cublasLtDestroy", handle)
        made("cublasLtMatmulDescCreate", "cublasLtMatmulDescDestroy", descriptor, ctypes.c_int(COMPUTE_32F),
             ctypes.c_int(R_32F))  # fmt: skip
        _transpose(lib, descriptor)

        def layout(kind: int, rows: int, columns: int) -> ctypes.c_void_p:
            return made(
                "cublasLtMatrixLayoutCreate", "cublasLtMatrixLayoutDestroy", ctypes.c_void_p(), ctypes.c_int(kind),
                ctypes.c_uint64(rows), ctypes.c_uint64(columns), ctypes.c_int64(rows),
            )  # fmt: skip

        kind, result = DATA_TYPE[dtype], RESULT[dtype]
        layouts = (layout(kind, k, n), layout(kind, k, m), layout(DATA_TYPE[result], n, m))
        made("cublasLtMatmulPreferenceCreate", "cublasLtMatmulPreferenceDestroy", preference)
        chosen = _chosen(lib, handle, descriptor, layouts, preference)
        weights = tuple(held.enter_context(device.buffer(n * k * size, pattern)) for _ in range(n_weights))
        rows = held.enter_context(device.buffer(m * k * size, pattern))
        out = held.enter_context(device.buffer(m * n * ELEMENT_BYTES[result], pattern))
        workspace = held.enter_context(device.buffer(WORKSPACE_BYTES, pattern))
        held.callback(device.synchronise)
        yield Product(
            lib, handle, descriptor, layouts, chosen, weights, rows, out, workspace, device.stream
        )  # fmt: skip


def _transpose(lib: Any, descriptor: ctypes.c_void_p) -> None:
    which, transposed = ctypes.c_int(TRANSPOSE_A), ctypes.c_int32(TRANSPOSED)
    code = lib.cublasLtMatmulDescSetAttribute(descriptor, which, ctypes.byref(transposed), ctypes.c_size_t(4))
    _check("cublasLtMatmulDescSetAttribute", code)


def _chosen(lib: Any, handle: Any, descriptor: Any, layouts: tuple[Any, Any, Any], preference: Any) -> _Heuristic:
    limit = ctypes.c_size_t(WORKSPACE_BYTES)
    _check(
        "cublasLtMatmulPreferenceSetAttribute",
        lib.cublasLtMatmulPreferenceSetAttribute(
            preference, ctypes.c_int(WORKSPACE_LIMIT), ctypes.byref(limit), ctypes.c_size_t(ctypes.sizeof(limit))
        ),
    )
    found, n_found = _Heuristic(), ctypes.c_int()
    a, b, d = layouts
    code = lib.cublasLtMatmulAlgoGetHeuristic(
        handle, descriptor, a, b, d, d, preference, ctypes.c_int(1), ctypes.byref(found), ctypes.byref(n_found)
    )
    _check("cublasLtMatmulAlgoGetHeuristic", code)
    if n_found.value == 0:
        raise CudaError("cuBLASLt has no algorithm for this type on this GPU")
    return found


def _at(address: int) -> ctypes.c_void_p:
    return ctypes.c_void_p(address)


def _check(name: str, code: int) -> None:
    if code != 0:
        reason = "not supported on this GPU" if code == 15 else f"status {code}"
        raise CudaError(f"{name}: {reason}")
