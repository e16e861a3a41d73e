from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tco.describe.candidates import StatedSpeed
from tco.describe.option import MachineOption
from tco.errors import MissingDataError
from tco.perform.load import Load, Slo
from tco.perform.size import built_for, size, size_for, smallest_layout
from tests.factories import a_machine_option, a_rental, a_speed
from tests.unit.perform import examples as x

approx: Any = pytest.approx
LOAD = Load(input_tok=1000.0, output_tok=100.0)
NONE = Slo()


def an_option(**changes: Any) -> MachineOption:
    base = {"model": x.LLAMA_8B, "model_id": "llama-3.1-8b", "hardware": x.H100, "speed": None, "n_gpus": None}
    return a_machine_option(**{**base, **changes})


def hosted(max_gpus: int, **changes: Any) -> Any:
    host = {"usd": 0, "idle_w": 0, "busy_w": 0, "max_gpus": max_gpus}
    return x.a_gpu(id="h100-sxm", link_gb_per_s=900, host=host, **changes)


def a_table(*points: dict[str, Any]) -> StatedSpeed:
    return StatedSpeed.model_validate({"points": points, "source": "our test"})


# --- stated


def test_a_stated_speed_serves_one_request_at_a_time() -> None:
    # 100 tokens at 100 tok/s: 1 s; with 1,000 prompt tokens at 1,000 tok/s: 2 s.
    assert size_for(a_machine_option(), LOAD, NONE).capacity.req_per_s == approx(1.0)
    both = size_for(a_machine_option(speed=a_speed(prefill_tok_per_s=1000)), LOAD, NONE)
    assert both.capacity.req_per_s == approx(0.5)
    assert (both.capacity.basis, both.n_gpus) == ("stated", 1)


def test_the_rate_of_a_stated_speed_at_other_lengths() -> None:
    found = size_for(a_machine_option(speed=a_speed(prefill_tok_per_s=1000), n_gpus=2), LOAD, NONE)
    assert found.rate_req_per_s(LOAD) == approx(found.capacity.req_per_s)
    other = Load(input_tok=1000.0, output_tok=np.array([100.0, 300.0]))
    assert found.rate_req_per_s(other) == approx([1 / 2, 1 / 4])
    alone = size_for(a_machine_option(), LOAD, NONE)
    assert alone.rate_req_per_s(Load(input_tok=9.0, output_tok=50.0)) == approx(2.0)
    assert found.n_gpus == 2


def test_a_stated_table_keeps_the_target() -> None:
    # Capabilities 38: 377 tok/s at 268 ms, 1,190 at 1,483 ms; answers of 150 tokens.
    table = a_table(
        {"concurrency": 4, "output_tok_per_s": 377, "ttft_p99_ms": 268},
        {"concurrency": 16, "output_tok_per_s": 1190, "ttft_p99_ms": 1483},
    )
    option, load = a_machine_option(speed=table), Load(input_tok=1000.0, output_tok=150.0)
    tight, loose = (size_for(option, load, Slo(ttft_s=limit, ttft_percentile=99)) for limit in (0.3, 1.5))
    assert (tight.capacity.output_tok_per_s, loose.capacity.output_tok_per_s) == (377.0, 1190.0)
    assert (tight.capacity.basis, tight.capacity.source, tight.capacity.kind) == ("stated", "our test", "assumed")
    assert loose.rate_req_per_s(Load(input_tok=1.0, output_tok=300.0)) == approx(1190 / 300)


def test_a_table_of_p95() -> None:
    table = a_table({"concurrency": 4, "output_tok_per_s": 377, "ttft_p95_ms": 268})
    assert size_for(a_machine_option(speed=table), LOAD, Slo(ttft_s=0.3)).capacity.feasible


def test_a_table_without_ttft_cannot_be_judged() -> None:
    option = a_machine_option(speed=a_table({"concurrency": 4, "output_tok_per_s": 377}))
    with pytest.raises(MissingDataError, match="a point at concurrency 4 has no TTFT"):
        size_for(option, LOAD, Slo(ttft_s=0.3))
    assert size_for(option, LOAD, NONE).capacity.req_per_s == approx(3.77)


# --- measured and predicted


def test_a_measurement_beats_a_prediction() -> None:
    row = x.a_row(
        hardware="h100-sxm", model="llama-3.1-8b", input_tok=1000.0, output_tok=100.0, output_tok_per_s=5000.0
    )
    found = size_for(an_option(measured=(row,), n_gpus=1), LOAD, NONE)
    assert (found.capacity.basis, found.capacity.req_per_s) == ("measured", approx(50.0))
    assert found.capacity.source == "claims E26"
    far = replace(LOAD, input_tok=100_000.0)
    assert size_for(an_option(measured=(row,), n_gpus=1), far, NONE).capacity.basis == "predicted"


def test_a_prediction_where_nothing_is_known() -> None:
    found = size_for(an_option(), LOAD, NONE)
    assert (found.capacity.basis, found.n_gpus) == ("predicted", 1)
    assert np.asarray(found.rate_req_per_s(LOAD)).item() == approx(found.capacity.req_per_s)


def test_every_target_must_hold_and_the_tightest_decides() -> None:
    loose, tight = Slo(ttft_s=5.0), Slo(itl_s=0.012, itl_percentile=99)
    each = [size_for(an_option(), LOAD, slo).capacity.req_per_s for slo in (loose, tight)]
    assert each[1] < each[0]
    assert size(an_option(), LOAD, (loose, tight)).capacity.req_per_s == each[1]


def test_a_target_that_cannot_be_met_decides() -> None:
    impossible = Slo(itl_s=1e-9)
    found = size(an_option(), LOAD, (Slo(ttft_s=5.0), impossible))
    assert found.capacity.req_per_s == 0.0
    assert not found.capacity.feasible


# --- layout


def n_gpus(option: MachineOption, load: Load) -> float:
    return float(smallest_layout(option, load).n_gpus)


def test_the_smallest_power_of_two_that_holds_the_weights() -> None:
    # 70.6B in bf16 is 141 GB: two GPUs of 80 GB leave next to nothing, four hold it.
    large = an_option(model=x.LLAMA_70B, hardware=hosted(8))
    assert n_gpus(large, LOAD) == 4
    assert n_gpus(an_option(hardware=hosted(8)), LOAD) == 1


def test_a_layout_stops_at_the_machine() -> None:
    assert n_gpus(an_option(model=x.LLAMA_70B, hardware=hosted(3)), LOAD) == 3
    assert n_gpus(an_option(model=x.LLAMA_70B, hardware=x.H100), LOAD) == 1  # no host is known
    rented = an_option(model=x.LLAMA_70B, hardware=hosted(8), rental=a_rental(n_gpus=2))
    assert n_gpus(rented, LOAD) == 2


def test_room_for_the_cache_counts_too() -> None:
    # Llama 8B: 131,072 bytes a token. 1,000,000 tokens are 131 GB more than the 16 GB of weights.
    option = an_option(hardware=hosted(8))
    assert n_gpus(option, Load(input_tok=1_000_000.0, output_tok=1.0)) == 4


def test_unknown_memory_is_an_error() -> None:
    with pytest.raises(MissingDataError):
        smallest_layout(an_option(hardware=hosted(8, memory_gb=None)), LOAD)


def test_an_engine_nobody_knows_has_the_overheads_of_another() -> None:
    mine, other = (built_for(an_option(engine=name), 1, LOAD) for name in ("homemade", "other"))
    assert mine.overhead_s == other.overhead_s
    assert built_for(an_option(engine="sglang", dtype="fp8", kv_dtype="fp8"), 1, LOAD).weights_bytes < 10e9
