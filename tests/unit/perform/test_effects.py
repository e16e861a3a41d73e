from __future__ import annotations

from typing import Any

import pytest

from tco.perform import effects, groups
from tco.perform.deployment import deployment
from tco.perform.peaks import peaks
from tests.unit.perform import examples as x

approx: Any = pytest.approx
HELD = deployment(model=x.LLAMA_8B, hardware=x.H100, n_gpus=2)


def test_a_multiplier_is_the_product_of_its_groups() -> None:
    known = {"layer|block|serve": 0.1, "layer|engine|vllm": 0.2, "flop|sparse*width|dense": 0.5, "layer|engine|x": 9.0}
    labels = {"block": "serve", "engine": "vllm", "sparse": "dense"}
    found = effects.multipliers(groups=labels, covariates={"width": 2.0}, effects=known)
    assert found.layer == approx(1.349859, rel=1e-6)  # e^0.3
    assert found.flop == approx(2.718282, rel=1e-6)  # e^(0.5 * 2)
    assert found.bytes == 1.0


def test_nothing_measured_changes_nothing() -> None:
    same = effects.scaled(deployment=HELD, by=effects.multipliers(groups={}, covariates={}, effects={}))
    assert same == HELD


def test_times_grow_and_rates_are_capped_at_the_peak() -> None:
    slow = effects.scaled(deployment=HELD, by=effects.Multipliers(layer=2.0, step=3.0, total=2.0))
    assert slow.overhead_s == approx(2 * 2 * 32 * 45e-6 + 3 * 2 * 130e-6)
    assert slow.bytes_per_s == approx(HELD.bytes_per_s / 2)
    fast = effects.scaled(deployment=HELD, by=effects.Multipliers(flop=9.0, bytes=9.0, kv=9.0, prefill=0.01))
    assert fast.bytes_per_s == fast.kv_bytes_per_s == approx(0.98 * 3350e9)
    assert fast.flop_per_s == approx(0.98 * 989e12)
    assert fast.flop_per_s / fast.prefill_cost == approx(0.98 * 989e12)


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        (x.H100, "hopper"), (x.RTX_4090, "ada"), (x.a_gpu(id="rtx-5000-ada"), "ada"), (x.a_gpu(vendor="Cray"), "cray"),
        (x.a_gpu(id="mi300x"), "cdna"), (x.a_gpu(id="rtx-a6000"), "ampere-card"),
    ],
)  # fmt: skip
def test_architectures(machine, name) -> None:
    assert groups.architecture(machine) == name


def test_kinds_of_attention() -> None:
    linear = x.a_model(shape=x.LLAMA_8B_SHAPE.model_copy(update={"full_attention_layer_frac": 0.25}))
    kinds = [groups.attention(each) for each in (x.LLAMA_8B, x.DEEPSEEK_R1, x.GPT_OSS, x.RUMOURED, linear)]
    assert kinds == ["grouped", "latent", "window", "grouped", "linear"]


def test_width_and_sparsity() -> None:
    assert groups.width_of(x.LLAMA_8B, 1) == approx(1.807, abs=1e-3)  # log2(14336 / 4096)
    assert groups.width_of(x.DEEPSEEK_R1, 8) == approx(-4.0)  # 2048 / 8 columns
    assert groups.width_of(x.DEEPSEEK_R1, 8, 8) == approx(-1.0)
    assert groups.width_of(x.RUMOURED, 8) == 0.0
    assert [groups.sparsity_of(each) for each in (x.LLAMA_8B, x.DEEPSEEK_R1, x.RUMOURED)] == [0.0, 5.0, 0.0]


def test_labels_of_a_deployment() -> None:
    found = groups.groups_of(
        model=x.DEEPSEEK_R1, hardware=x.H100, dtype="fp8", kv_dtype="fp8", engine="llama.cpp",
        peak=peaks(hardware=x.H100, dtype="fp8"), is_sparse=True, n_expert_ranks=8,
    )  # fmt: skip
    assert (found["block"], found["precision"], found["kv_precision"]) == ("local", "8/8bit", "8")
    assert (found["split"], found["sparse"]) == ("experts/sparse", "sparse")
