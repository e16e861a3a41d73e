from __future__ import annotations

from typing import Any

import pytest

from tco.describe.record import Figure
from tco.describe.serving import PLAIN, Draft, Offload, Pools, Serving, Split
from tco.errors import MissingDataError
from tco.perform.batching import max_concurrency
from tco.perform.calibrated import calibrated
from tco.perform.constants import BAND_PRIOR
from tco.perform.deployment import Deployment
from tco.perform.load import Load, Slo
from tco.perform.serving import served
from tco.perform.size import size_for
from tests.factories import a_machine_option
from tests.unit.perform import examples as x

approx: Any = pytest.approx
LOAD = Load(input_tok=1000.0, output_tok=200.0)
BOARD = x.a_gpu(
    id="h100-sxm", bandwidth_gb_per_s=3350, dense_tflops={"bf16": 989, "fp8": 1979}, link_gb_per_s=900,
    host={"usd": 0, "idle_w": 0, "busy_w": 0, "max_gpus": 8},
)  # fmt: skip


def fig(value: float, unit: str) -> Figure:
    return Figure(value=value, unit=unit)


def built(n_gpus: int = 4, model: Any = x.LLAMA_70B, hardware: Any = BOARD, **changes: Any) -> Deployment:
    known = {"dtype": "bf16", "engine": "vllm", **{k: changes.pop(k) for k in ("dtype", "engine") if k in changes}}
    return served(
        model=model, hardware=hardware, n_gpus=n_gpus, load=LOAD, serving=Serving(**changes), **known
    ).deployment


def test_plain_serving_is_the_calibrated_deployment() -> None:
    assert built() == calibrated(model=x.LLAMA_70B, hardware=BOARD, n_gpus=4).deployment
    assert (PLAIN.label, Serving(split=Split(tensor=2, pipeline=2)).label) == ("", "+tp2pp2ep1")


def test_a_split_says_what_it_assumes() -> None:
    assert built(split=Split(tensor=2, pipeline=2)).notes == built(2).notes
    uneven = built(6, split=Split(tensor=2, pipeline=3))
    assert "80 layers over 3 stages: the fullest one costs 1.2%" in uneven.notes
    far = built(16, split=Split(tensor=8, pipeline=2))
    assert any("50 GB/s a GPU between machines assumed" in note for note in far.notes)
    stated = built(16, split=Split(tensor=8, pipeline=2, network=fig(100, "GB/s")))
    assert stated.all_reduce_s_per_tok < far.all_reduce_s_per_tok
    assert not any("assumed; state" in note for note in stated.notes)


def test_experts_over_ranks_attend_in_groups() -> None:
    found = built(8, x.DEEPSEEK_R1, split=Split(tensor=2, experts=8), dtype="fp8")
    assert (found.n_groups, found.n_batches, found.n_gpus) == (4.0, 4.0, 8.0)


def test_parts_that_a_model_does_not_have() -> None:
    with pytest.raises(MissingDataError, match="has 32 layers, too few for 64 pipeline stages"):
        built(64, x.LLAMA_8B, split=Split(pipeline=64))
    with pytest.raises(MissingDataError, match="has no experts to lie on 8 ranks"):
        built(8, split=Split(experts=8))


def test_a_model_without_a_shape_is_split_by_a_typical_one() -> None:
    assert built(16, x.RUMOURED, split=Split(tensor=8, pipeline=2)).n_stages == 2.0


def test_a_draft_is_named_with_its_yield_and_widens_the_band() -> None:
    draft = Draft(model="llama-3.1-8b", tokens=4, acceptance=fig(0.7, "frac"))
    found = built(draft=draft, draft_model=x.LLAMA_8B)
    assert any("2.77 tokens a step" in note for note in found.notes)
    assert (found.band_low_frac, found.band_high_frac) == BAND_PRIOR
    assert "no measurement with a draft: wider band (assumed)" in found.notes
    assert found.draft is not None
    small = built(draft=draft.model_copy(update={"dtype": "int4"}), draft_model=x.LLAMA_8B)
    assert small.margin_bytes > found.margin_bytes


def test_a_models_own_head_drafts() -> None:
    draft = Draft(model="mtp", tokens=1, acceptance=fig(0.85, "frac"))
    found = built(8, x.DEEPSEEK_R1, draft=draft, dtype="fp8")
    assert found.draft is not None
    assert float(found.draft.deployment.weights_bytes) < 0.03 * float(found.weights_bytes)
    assert any("mtp proposes 1 token, 85% accepted (stated): 1.85 tokens a step" in note for note in found.notes)
    assert any("taken to come with such a head, of one layer" in note for note in found.notes)


def test_offload_leaves_room_for_the_sequences_asked_for() -> None:
    many = Offload(memory=fig(64, "GB"), bandwidth=fig(460, "GB/s"), sequences=4)
    small: dict[str, Any] = {"hardware": x.RTX_4090, "dtype": "q4_k_m", "engine": "llama.cpp"}
    found = built(1, offload=many, **small)
    assert max_concurrency(deployment=found, load=LOAD) >= 4.0
    text = " ".join(found.notes)
    assert "GB of weights stay in the host's memory, at 460 GB/s" in text
    assert "offload.link, offload.cpu_tflops" in text
    stated = many.model_copy(update={"link": fig(50, "GB/s"), "cpu_tflops": fig(5, "TFLOPS")})
    assert "offload.link" not in " ".join(built(1, offload=stated, **small).notes)
    fits = built(1, x.LLAMA_8B, offload=many, **small)
    assert "nothing is offloaded: the model fits" in fits.notes


def an_option(**changes: Any) -> Any:
    base = {"model": x.LLAMA_8B, "model_id": "llama-3.1-8b", "hardware": BOARD, "speed": None, "n_gpus": None}
    return a_machine_option(**{**base, **changes})


def test_pools_are_one_replica() -> None:
    pools = Pools(prefill=1, decode=2, prefill_gpus=2, decode_gpus=1, link=fig(50, "GB/s"))
    found = size_for(an_option(serving=Serving(pools=pools), n_gpus=4), LOAD, Slo(ttft_s=1.0))
    assert (found.n_gpus, pools.n_gpus) == (4, 4)
    assert found.capacity.binding.endswith("pool")
    assert found.rate_req_per_s(LOAD) == approx(found.capacity.req_per_s)
    assert "no measurement with prefill and decode apart: wider band (assumed)" in found.capacity.notes


def test_a_measurement_says_nothing_about_another_way_of_serving() -> None:
    row = x.a_row(hardware="h100-sxm", model="llama-3.1-8b", input_tok=1000.0, output_tok=200.0, output_tok_per_s=9.0)
    draft = Serving(draft=Draft(model="mtp", tokens=1, acceptance=fig(0.8, "frac")))
    found = size_for(an_option(measured=(row,), n_gpus=1, serving=draft), LOAD, Slo())
    assert found.capacity.basis == "predicted"


def test_host_memory_counts_for_the_smallest_layout() -> None:
    offload = Serving(offload=Offload(memory=fig(200, "GB"), bandwidth=fig(300, "GB/s")))
    large = {"model": x.LLAMA_70B, "model_id": "llama-3.1-70b"}
    assert size_for(an_option(serving=offload, **large), LOAD, Slo()).n_gpus == 1
    assert size_for(an_option(**large), LOAD, Slo()).n_gpus == 4


def test_local_engines_put_whole_layers_on_each_gpu() -> None:
    known: dict[str, Any] = {"hardware": x.RTX_4090, "dtype": "q4_k_m", "engine": "llama.cpp"}
    plain, split = built(2, **known), built(2, split=Split(pipeline=2), **known)
    assert plain == split
    assert plain.margin_bytes > 0  # published runs have it on two cards of 24 GB
    assert "2 GPUs hold the layers and take turns; power counts all as busy" in plain.notes
    with pytest.raises(MissingDataError, match="puts whole layers on each GPU"):
        built(2, split=Split(tensor=2), **known)
    small = Draft(model="llama-3.1-8b", tokens=4, acceptance=fig(0.7, "frac"))
    drafted = built(4, split=Split(pipeline=4), draft=small, draft_model=x.LLAMA_8B, **known)
    assert drafted.draft is not None
    assert drafted.draft.deployment.n_gpus == 4.0
