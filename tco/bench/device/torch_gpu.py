"""Kernels through torch: for AMD, Apple and Intel accelerators, and NVIDIA ones where cuBLASLt is not at hand.

Also the decode loop: a few layers of a real model's shape, stepped without an engine. What an engine adds on top of
it is its own overhead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tco.bench.device import timing
from tco.bench.device.cublas import MatmulDtype
from tco.bench.device.reading import missing
from tco.describe.model import Model, Shape
from tco.describe.profile import DecodeLoop, GbPerS, NotMeasured, measured
from tco.describe.record import Figure

SOURCE = "torch"
LOOP_LAYERS = 4
LOOP_S = 0.3
FAILURES = (RuntimeError, AttributeError, NotImplementedError, TypeError)
T = TypeVar("T")
FP8_MAX_ROWS_STEP = 16  # torch's fp8 product takes rows in multiples of this


def load() -> Any | None:
    """torch, or None where it is not installed."""
    try:
        import torch
    except (ImportError, OSError):  # the latter where one of its own libraries is missing
        return None
    return torch


def accelerator(torch: Any) -> str:
    """Name of torch's accelerator: cuda (also ROCm), mps, xpu; empty when it has none."""
    if torch.cuda.is_available():
        return "cuda"
    for name in ("mps", "xpu"):
        part = getattr(torch, name, None) or getattr(torch.backends, name, None)
        if part is not None and part.is_available():
            return name
    return ""


def synchronise(torch: Any, device: str) -> None:
    """Wait until the device has done what was asked; a CPU always has."""
    if device != "cpu":
        getattr(torch, device).synchronize()


def best(torch: Any, device: str, work: Callable[[], object], seconds: float) -> tuple[float, float]:
    """Least time of one call among batches, and the slowest over the fastest."""
    return timing.best(lambda: synchronise(torch, device), work, seconds)


def read_rate(torch: Any, device: str, n_bytes: int, seconds: float) -> GbPerS:
    """Rate of reading a large matrix once: its product with a vector."""
    n = n_bytes // 2 // 8192

    def rate() -> GbPerS:
        weights = torch.randn(n, 8192, device=device, dtype=torch.bfloat16)
        vector = torch.randn(8192, device=device, dtype=torch.bfloat16)
        took_s, spread = best(torch, device, lambda: weights @ vector, seconds)
        return _gb_per_s(2.0 * n * 8192, took_s, spread, "matrix times vector, bf16")

    return tried(rate)


def copy_rate(torch: Any, device: str, n_bytes: int, seconds: float) -> GbPerS:
    """Rate of copying: bytes read plus bytes written."""

    def rate() -> GbPerS:
        held = torch.randn(n_bytes // 2, device=device, dtype=torch.bfloat16)
        target = torch.empty_like(held)
        took_s, spread = best(torch, device, lambda: target.copy_(held), seconds)
        return _gb_per_s(2.0 * held.numel() * 2, took_s, spread, "copy")

    return tried(rate)


def _gb_per_s(n_bytes: float, took_s: float, spread: float, note: str) -> Figure:
    rate = n_bytes / took_s / 1e9
    return measured(rate, "GB/s", low=rate / spread, high=rate, note=note, source=SOURCE)


def tried(work: Callable[[], T]) -> T | NotMeasured:
    """The result, or torch's reason why there is none: memory exhausted, a type that the device lacks."""
    try:
        return work()
    except FAILURES as error:
        return missing(f"{type(error).__name__}: {error}".splitlines()[0])


def release(torch: Any, device: str) -> None:
    """Give back the memory torch keeps for later."""
    part = getattr(torch, device, None)
    if part is not None and hasattr(part, "empty_cache"):
        part.empty_cache()


def decode_loop(
    torch: Any, device: str, model: Model, *, dtype: MatmulDtype, n_seqs: int, context_tok: int
) -> DecodeLoop:
    """Step time of ``LOOP_LAYERS`` layers at a batch and a context, in a CUDA graph where there is one.

    Grouped-query attention over random weights and cache; norms, rotary embedding and sampling are left out, so
    the step is a floor. ``tok_per_s`` is of the whole model: sequences over layers / LOOP_LAYERS times the step.
    """
    shape = model.shape
    how = f"torch {torch.__version__}, {LOOP_LAYERS} layers, random weights"
    held = DecodeLoop(
        model=model.id, dtype=dtype, n_layers=LOOP_LAYERS, n_seqs=n_seqs, context_tok=context_tok, how=how
    )
    if shape is None or not shape.ffn or shape.moe or shape.mla:
        why = missing(f"{model.id} has no dense shape")
        return held.model_copy(update={"step_s": why, "tok_per_s": why})

    def timed() -> tuple[float, float]:
        with torch.inference_mode():
            step = _step(torch, device, shape, dtype, n_seqs, context_tok)
            return best(torch, device, _captured(torch, device, step), LOOP_S)

    found = tried(timed)
    release(torch, device)
    if isinstance(found, NotMeasured):
        return held.model_copy(update={"step_s": found, "tok_per_s": found})
    took_s, spread = found
    rate = n_seqs / (took_s * shape.n_layers / LOOP_LAYERS)
    step_s = measured(took_s, "s", low=took_s, high=took_s * spread, source=SOURCE)
    speed = measured(rate, "tok/s", low=rate / spread, high=rate, source=SOURCE)
    return held.model_copy(update={"step_s": step_s, "tok_per_s": speed})


def _step(torch: Any, device: str, shape: Shape, dtype: str, n_seqs: int, context_tok: int) -> Callable[[], object]:
    width, kv = shape.n_heads * shape.head_dim, shape.n_kv_heads * shape.head_dim
    sizes = (
        (width + 2 * kv, shape.hidden),
        (shape.hidden, width),
        (2 * shape.ffn, shape.hidden),
        (shape.hidden, shape.ffn),
    )
    layers = [[_linear(torch, device, dtype, *size) for size in sizes] for _ in range(LOOP_LAYERS)]
    cache = [
        torch.randn(
            2, n_seqs, shape.n_kv_heads, max(context_tok, 1), shape.head_dim, device=device, dtype=torch.bfloat16
        )
        for _ in range(LOOP_LAYERS)
    ]
    start = torch.randn(n_seqs, shape.hidden, device=device, dtype=torch.bfloat16)
    functional = torch.nn.functional

    def step() -> object:
        state = start
        for (qkv, out, up, down), (keys, values) in zip(layers, cache, strict=True):
            asked = qkv(state)[:, :width].view(n_seqs, shape.n_heads, 1, shape.head_dim)
            mixed = functional.scaled_dot_product_attention(asked, keys, values, enable_gqa=True)
            state = state + out(mixed.reshape(n_seqs, width))
            gate, raised = up(state).chunk(2, dim=-1)
            state = state + down(functional.silu(gate) * raised)
        return state

    return step


def _linear(torch: Any, device: str, dtype: str, n: int, k: int) -> Callable[[Any], Any]:
    weights = torch.randn(n, k, device=device, dtype=torch.bfloat16) * (k**-0.5)
    if dtype == "bf16":
        return lambda rows: torch.nn.functional.linear(rows, weights)
    narrow = weights.to(torch.float8_e4m3fn)
    one = torch.ones((), device=device, dtype=torch.float32)

    def product(rows: Any) -> Any:
        short = -len(rows) % FP8_MAX_ROWS_STEP
        padded = torch.nn.functional.pad(rows, (0, 0, 0, short)) if short else rows
        found = torch._scaled_mm(
            padded.to(torch.float8_e4m3fn), narrow.t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16
        )
        return found[: len(rows)]

    return product


def _captured(torch: Any, device: str, step: Callable[[], object]) -> Callable[[], object]:
    """The step as a graph replay, so that launches do not count; as it is where there are no graphs."""
    if device != "cuda":
        return step
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    replay: Callable[[], object] = graph.replay
    return replay
