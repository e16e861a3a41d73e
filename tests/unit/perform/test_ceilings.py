"""Measured ceilings in place of a datasheet's peaks, and the share of them an engine reaches."""

from __future__ import annotations

from typing import Any

import pytest

from tco.describe.hardware import Ceilings, EngineShare, Hardware
from tco.describe.profile import LocalThroughput
from tco.describe.record import Figure
from tco.perform import ceilings
from tco.perform.calibrated import calibrated
from tco.perform.capacity import Capacity
from tco.perform.deployment import Deployment, deployment
from tco.perform.effects import Multipliers
from tco.perform.load import Load, Slo
from tco.perform.points import from_points, matching_points
from tco.perform.step import step_s
from tests.unit.perform import examples as x

approx: Any = pytest.approx


def tflops(value: float) -> Figure:
    return Figure(value=value, unit="TFLOPS", kind="measured")


def ratio(value: float) -> Figure:
    return Figure(value=value, unit="ratio", source="2 rows measured here", kind="measured")


HELD = Ceilings(bandwidth_gb_per_s=Figure(value=1000.0, unit="GB/s", kind="measured"), tflops={"bf16": tflops(200.0)})
HALF = EngineShare(decode=ratio(0.5), prefill=ratio(0.25), n_rows=2)


def on(gpu: Hardware, **more: Any) -> Hardware:
    return gpu.model_copy(update={"ceilings": HELD, **more})


def prior() -> Deployment:
    return deployment(model=x.LLAMA_8B, hardware=x.a_gpu())


def test_weights_are_read_and_products_computed_as_fast_as_measured():
    before, after = prior(), ceilings.at_ceilings(deployment=prior(), ceilings=HELD, dtype="bf16")
    assert (after.bytes_per_s, after.peak_bytes_per_s) == (1e12, 1e12)
    assert (after.flop_per_s, after.flop16_per_s, after.peak_flop_per_s) == (2e14, 2e14, 2e14)
    assert after.kv_bytes_per_s / after.bytes_per_s == approx(before.kv_bytes_per_s / before.bytes_per_s)
    assert after.attention_flop_per_s / after.flop16_per_s == approx(before.attention_flop_per_s / before.flop16_per_s)


def test_what_was_not_measured_stays():
    assert ceilings.at_ceilings(deployment=prior(), ceilings=Ceilings(), dtype="bf16") == prior()
    own = Ceilings(tflops={"fp8": tflops(300.0)})
    assert ceilings.at_ceilings(deployment=prior(), ceilings=own, dtype="fp8") == prior()  # the head runs at 16 bit


@pytest.mark.parametrize(
    ("held", "dtype", "wanted"),
    [
        ({"fp8": 3.0, "bf16": 2.0}, "fp8", 3.0),
        ({"bf16": 2.0}, "fp8", 2.0),
        ({"fp16": 2.0, "fp32": 1.0}, "q4_k_m", 2.0),
        ({"fp32": 1.0}, "bf16", 1.0),
    ],
)
def test_a_format_runs_at_its_own_speed_else_at_16_then_32_bit(held: dict[Any, float], dtype: Any, wanted: float):
    found = ceilings.measured_tflops(
        ceilings=Ceilings(tflops={name: tflops(value) for name, value in held.items()}), dtype=dtype
    )
    assert found is not None
    assert found.value == wanted
    assert ceilings.measured_tflops(ceilings=Ceilings(), dtype=dtype) is None


def test_a_share_divides_rates_and_multiplies_host_times():
    built = prior()
    after = ceilings.with_share(deployment=built, share=HALF)
    assert after.bytes_per_s == approx(0.5 * built.bytes_per_s)
    assert after.kv_bytes_per_s == approx(0.5 * built.kv_bytes_per_s)
    assert after.flop_per_s == approx(0.25 * built.flop_per_s)
    assert after.overhead_s == approx(2.0 * built.overhead_s)
    assert after.overhead_s_per_seq == approx(2.0 * built.overhead_s_per_seq)


def test_an_engine_better_than_the_microbenchmark_passes_its_ceiling():
    built = ceilings.at_ceilings(deployment=prior(), ceilings=HELD, dtype="bf16")
    after = ceilings.with_share(deployment=built, share=EngineShare(decode=ratio(1.2), prefill=ratio(1.1), n_rows=1))
    assert (after.bytes_per_s, after.flop_per_s) == (approx(1.2e12), approx(2.2e14))
    assert (after.peak_bytes_per_s, after.prefill_cost) == (built.peak_bytes_per_s, built.prefill_cost)


def test_without_a_measurement_nothing_changes():
    by = Multipliers(bytes=0.5)
    args: Any = {"hardware": x.a_gpu(), "dtype": "bf16", "engine": "vllm"}
    assert ceilings.measured_here(prior(), by, ("gpu",), **args) == (prior(), by, ("gpu",))
    assert ceilings.reached(deployment=prior(), **args) == prior()


def test_on_an_accelerator_the_fitted_constants_of_the_engine_stay():
    by = Multipliers(bytes=0.5)
    _, kept, missing = ceilings.measured_here(
        prior(), by, ("model", "gpu", "engine"), hardware=on(x.a_gpu()), dtype="bf16", engine="vllm"
    )
    assert (kept, missing) == (by, ("model", "gpu", "engine"))
    assert ceilings.share_of(hardware=on(x.a_gpu()), engine="vllm") is None
    note = ceilings.note(hardware=on(x.a_gpu()), dtype="bf16", engine="vllm")
    assert note == (
        "ceilings measured here: 1,000 GB/s, 200 TFLOPS; engine efficiency: the fitted constants of vllm, for no run of"
        " it was measured here"
    )


def test_rows_of_the_machine_give_the_share_and_leave_only_the_model_unseen():
    gpu = on(x.a_gpu(), ceilings=HELD.model_copy(update={"shares": {"vllm": HALF}}))
    _, _, missing = ceilings.measured_here(
        prior(), Multipliers(), ("model", "gpu", "engine"), hardware=gpu, dtype="bf16", engine="vllm"
    )
    assert missing == ("model",)
    found = ceilings.reached(deployment=prior(), hardware=gpu, dtype="bf16", engine="vllm")
    assert found.bytes_per_s == approx(0.5 * prior().bytes_per_s)
    assert found.notes[0].endswith("engine efficiency 0.50 on answers, 0.25 on prompts (2 rows measured here)")


def test_on_a_processor_the_share_is_that_of_a_processor():
    cpu = on(x.a_gpu(category="cpu"), ceilings=HELD.model_copy(update={"n_threads": 2}))
    at, by, _ = ceilings.measured_here(
        prior(), Multipliers(bytes=0.5), ("gpu",), hardware=cpu, dtype="bf16", engine="llama.cpp"
    )
    assert (at.bytes_per_s, by) == (1e12, Multipliers())
    found = ceilings.reached(deployment=at, hardware=cpu, dtype="bf16", engine="llama.cpp")
    assert (found.bytes_per_s, found.flop_per_s) == (approx(0.635e12), approx(0.34 * 2e14))
    assert " on 2 threads; engine efficiency 0.64 on answers, 0.34 on prompts (llama.cpp on one" in found.notes[0]
    nothing = cpu.model_copy(update={"ceilings": Ceilings()})
    assert "measured here: none;" in ceilings.note(hardware=nothing, dtype="bf16", engine="llama.cpp")


def test_decode_on_a_processor_keeps_to_the_bandwidth_bound():
    """8.5 GB of weights at 0.635 x 1,000 GB/s: no step is faster, and the engine's own time comes on top."""
    cpu = on(x.a_gpu(category="cpu"))
    held = calibrated(model=x.LLAMA_8B, hardware=cpu, dtype="q8_0", engine="llama.cpp").deployment
    bound_s = (held.always_bytes + held.head_bytes) / 0.635e12
    host_s = held.overhead_s + held.overhead_s_per_seq
    assert bound_s + host_s <= step_s(deployment=held, n_decode=1.0, context_tok=0.0) <= 1.1 * bound_s + host_s


CHAT = Load(input_tok=1000.0, output_tok=150.0)


def a_local(**changes: Any) -> LocalThroughput:
    return LocalThroughput.model_validate(x.a_row(kind="measured", busy_w=300.0, **changes).model_dump())


def test_own_rows_come_before_nearer_published_ones_but_not_from_afar():
    wanted: Any = {"model_id": "mistral-7b", "hardware_id": "rtx-4090", "n_gpus": 1, "dtype": "bf16", "load": CHAT}
    published, own, far = x.a_row(), a_local(input_tok=1500.0), a_local(input_tok=5000.0)
    assert matching_points(rows=[published, own], **wanted) == (own,)
    assert matching_points(rows=[published, far], **wanted) == (published,)


def test_levels_of_one_sweep_count_together_though_their_mean_lengths_differ_a_little():
    wanted: Any = {"model_id": "mistral-7b", "hardware_id": "rtx-4090", "n_gpus": 1, "dtype": "bf16", "load": CHAT}
    slow, fast = a_local(concurrency=1, input_tok=1000.1), a_local(concurrency=64, input_tok=1004.7, output_tok=149.2)
    longer = a_local(concurrency=256, input_tok=1300.0)
    assert matching_points(rows=[slow, fast, longer], **wanted) == (slow, fast)


def test_a_capacity_of_own_rows_says_so():
    found: Capacity = from_points(rows=[a_local(source="own measurement of 2026-11-22")], load=CHAT, slo=Slo())
    assert (found.notes[0], found.kind, found.busy_w) == ("own measurement of 2026-11-22", "measured", 300.0)
