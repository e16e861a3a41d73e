"""Products and decode loops through torch, in the sequence every accelerator shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tco.bench.device import gemm, timing, torch_gpu
from tco.bench.device.session import OUT_OF_TIME, Session
from tco.describe.model import Model
from tco.describe.profile import DecodeLoop, Gemm, NotMeasured

LOOP_BATCHES = (1, 32)
LOOP_CONTEXT_TOK = 1024
LOOP_NEEDS_S = 1.5  # one loop with its weights made
START_NEEDS_S = 6.0  # importing torch and its first use of the device
N_WEIGHTS = 4  # rotating, 0.5 GB together: more than any L2 cache


def products(torch: Any, where: str, session: Session, *, index: int) -> list[Gemm]:
    """Products of decoding at several batches and a large one sustained, bf16."""
    choose(torch, where, index)
    session.say("products through torch")
    found = [_decode(torch, where, session, m) for m in gemm.DECODE_ROWS]
    session.say(f"prefill product through torch, {session.plan.sustained_s:g} s")
    found.append(_sustained(torch, where, session))
    torch_gpu.release(torch, where)
    return found


def choose(torch: Any, where: str, index: int) -> None:
    """Work on this GPU from now on."""
    if where in ("cuda", "xpu"):
        getattr(torch, where).set_device(index)


def _random(torch: Any, where: str, *shape: int) -> Any:
    return torch.randn(*shape, device=where, dtype=torch.bfloat16)


def _decode(torch: Any, where: str, session: Session, m: int) -> Gemm:
    n, k = gemm.DECODE_SHAPE
    held = Gemm(dtype="bf16", m=m, n=n, k=k, how=f"torch, {N_WEIGHTS} rotating weights")
    if session.deadline.left_s <= 0:
        return gemm.none(held, OUT_OF_TIME)

    def timed() -> tuple[float, float]:
        rows, at = _random(torch, where, m, k), iter(range(1 << 62))
        weights = [_random(torch, where, n, k) for _ in range(N_WEIGHTS)]
        product = torch.nn.functional.linear
        return torch_gpu.best(
            torch, where, lambda: product(rows, weights[next(at) % N_WEIGHTS]), session.plan.product_s
        )  # fmt: skip

    found = torch_gpu.tried(timed)
    if isinstance(found, NotMeasured):
        return gemm.none(held, found)
    return gemm.timed(held, best_s=found[0], spread=found[1], read_bytes=2.0 * n * k)


def _sustained(torch: Any, where: str, session: Session) -> Gemm:
    side, seconds = gemm.PREFILL_SIDE, session.plan.sustained_s
    held = Gemm(dtype="bf16", m=side, n=side, k=side, sustained=True, how=f"torch, {seconds:g} s without a pause")
    if session.deadline.left_s < seconds:
        return gemm.none(held, OUT_OF_TIME)

    def timed() -> Gemm:
        rows, weights = _random(torch, where, side, side), _random(torch, where, side, side)
        with session.window("sustained bf16 product") as meter:
            took_s = timing.sustained(
                lambda: torch_gpu.synchronise(torch, where),
                lambda: torch.nn.functional.linear(rows, weights), seconds,
            )  # fmt: skip
        return gemm.sustained(held, took_s=took_s, power_w=session.mean_w(meter))

    found = torch_gpu.tried(timed)
    return gemm.none(held, found) if isinstance(found, NotMeasured) else found


def loops(models: Sequence[Model], session: Session, *, index: int) -> tuple[list[DecodeLoop], str]:
    """Decode loops of model shapes at two batches, as many as there is time for; the reason where there is none."""
    if not models:
        return [], ""
    if session.deadline.left_s < START_NEEDS_S:
        return [], f"decode loops not measured: {OUT_OF_TIME.not_measured}"
    session.say("starting torch")
    torch = torch_gpu.load()
    if torch is None:
        return [], "decode loops not measured: torch is not installed"
    where = torch_gpu.accelerator(torch)
    if not where:
        return [], "decode loops not measured: the torch installed here has no support for this accelerator"
    choose(torch, where, index)
    dtypes = ("bf16", "fp8") if where == "cuda" else ("bf16",)
    return [
        _loop(torch, where, session, model, dtype, n) for model in models for dtype in dtypes for n in LOOP_BATCHES
    ], ""  # fmt: skip


def _loop(torch: Any, where: str, session: Session, model: Model, dtype: Any, n_seqs: int) -> DecodeLoop:
    if session.deadline.left_s < LOOP_NEEDS_S:
        return DecodeLoop(
            model=model.id, dtype=dtype, n_layers=torch_gpu.LOOP_LAYERS, n_seqs=n_seqs, context_tok=LOOP_CONTEXT_TOK,
            step_s=OUT_OF_TIME, tok_per_s=OUT_OF_TIME,
        )  # fmt: skip
    session.say(f"decode loop of {model.id}, {dtype}, {n_seqs}")
    return torch_gpu.decode_loop(
        torch, where, model, dtype=dtype, n_seqs=n_seqs, context_tok=LOOP_CONTEXT_TOK
    )  # fmt: skip
