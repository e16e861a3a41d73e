from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from tco.errors import MissingDataError
from tco.perform import runs
from tco.perform.spellings import params_named
from tests.unit.perform import measured as m

approx: Any = pytest.approx


def test_names_are_read_as_people_write_them() -> None:
    assert (runs.dtype_of("F16"), runs.dtype_of("fp4"), runs.dtype_of("AWQ")) == ("fp16", "nvfp4", "int4")
    assert (runs.engine_of("TRTLLM"), runs.engine_of("vLLM"), runs.engine_of("mlc")) == ("tensorrt-llm", "vllm", "mlc")
    other = {
        "Q5_K_S": "q4_k_m",
        "IQ2_XS": "q2",
        "q6_K": "q8_0",
        "fp8_e4m3": "fp8",
        "W4A16-marlin": "int4",
        "auto": "bf16",
    }
    assert {name: runs.dtype_of(name) for name in other} == other
    with pytest.raises(MissingDataError, match="'int3' is not known"):
        runs.dtype_of("int3")


def test_names_of_builds_versions_and_formats() -> None:
    engines = {
        "llama.cpp b4011": "llama.cpp", "vllm-rocm": "vllm", "vLLM 0.6.3": "vllm", "TensorRT-LLM v0.9": "tensorrt-llm",
        "lmdeploy": "lmdeploy-turbomind", "TGI": "tgi", "ollama": "ollama", "ExLlamaV2 0.1": "exllamav2",
        "deepspeed": "deepspeed",
    }  # fmt: skip
    assert {name: runs.engine_of(name) for name in engines} == engines
    formats = {
        "UD-Q4_K_XL": "q4_k_m", "6bit": "q8_0", "3.5bpw": "q2", "4.65bpw": "q4_k_m", "float8": "fp8", "q0f16": "fp16",
        "W8A8-INT8": "int8", "4-bit": "int4", "fp8-block": "fp8", "tf32": "fp32",
    }  # fmt: skip
    assert {name: runs.dtype_of(name) for name in formats} == formats


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("Qwen2.5-72B", (72.0, 72.0)), ("Qwen3-Next-80B-A3B", (80.0, 3.0)), ("Phi-4", (None, None)),
        ("Mixtral 8x22B", (137.5, 38.5)),
    ],
)  # fmt: skip
def test_parameters_a_name_states(name, counts) -> None:
    assert params_named(name) == counts


def test_an_unlisted_model_is_sized_by_its_name() -> None:
    found = runs.model_of(m.a_measurement(model="Unheard-of-30B-A3B"), m.model)
    assert found.id == "sized-30b-a3b"


def test_a_metric_that_makes_no_sense_says_so() -> None:
    rows = [
        m.a_measurement(id="a", output_tok=1.0), m.a_measurement(id="b", metric="ttft_ms", input_tok=0.0),
        m.a_measurement(id="c"),
    ]  # fmt: skip
    found, reasons = runs.build(rows, (m.model, m.machine))
    assert [row.id for row in found.rows] == ["c"]
    assert "no time between tokens" in reasons["a"]
    assert "no prompt" in reasons["b"]


def test_vllm_before_its_host_was_made_fast() -> None:
    assert runs.host_of("vllm/0.5") == "vllm/before-0.6"
    assert {runs.host_of(version) for version in ("vllm/0.6", "vllm/1.0", "sglang/0.5", "")} == {""}


def test_an_unknown_model_gets_a_typical_shape_from_its_parameters() -> None:
    row = m.a_measurement(model="new", params_total_b=30.0, params_active_b=3.0)
    found = runs.model_of(row, m.model)
    assert found.shape is None
    assert (found.params_total_b, found.params_active_b) != (None, None)
    assert found.id == "sized-30b-a3b"
    dense = runs.model_of(m.a_measurement(model="new", params_total_b=7.0), m.model)
    assert dense.id == "sized-7b-a7b"
    closed = runs.model_of(m.a_measurement(model="closed", params_total_b=7.0), m.model)
    assert closed.id == "sized-7b-a7b"
    with pytest.raises(MissingDataError, match="states no parameter count"):
        runs.model_of(m.a_measurement(model="new"), m.model)


def test_rows_that_cannot_be_predicted_say_why() -> None:
    rows = [
        m.a_measurement(id="a"), m.a_measurement(id="b", model="new"), m.a_measurement(id="c", gpu="H900"),
        m.a_measurement(id="d", dtype="int3"), m.a_measurement(id="e", model="closed"),
    ]  # fmt: skip
    found, reasons = runs.build(rows, (m.model, m.machine))
    assert [row.id for row in found.rows] == ["a"]
    assert set(reasons) == {"b", "c", "d", "e"}
    assert "H900" in reasons["c"]
    energy = m.a_measurement(gpu="bare", metric="joules_per_token")
    assert "no rated power" in runs.build([energy], (m.model, m.machine))[1]["M1"]
    assert "\n" not in "".join(reasons.values())


def test_replicas_and_attention_groups() -> None:
    # dense, data parallel 4 on 8 GPUs: 4 replicas of 2; sparse: one replica whose attention repeats 8 times
    found = m.runs_of(
        m.a_measurement(id="a", n_gpus=8, tp=2, dp=4, concurrency=64.0),
        m.a_measurement(id="b", model="R1", dtype="fp8", n_gpus=8, dp=8, ep=8, concurrency=64.0),
        m.a_measurement(id="c", n_gpus=4, pp=4, concurrency=1.0),
    )
    assert found.n_replicas.tolist() == [4.0, 8.0, 1.0]
    assert found.n_asked.tolist() == [16.0, 8.0, 1.0]
    assert np.asarray(found.deployment.n_groups).tolist() == [1.0, 8.0, 1.0]
    assert [held["split"] for held in found.groups] == ["tensor/dense", "groups/sparse", "tensor/dense"]


def test_without_a_concurrency_all_that_fit_run_in_whole_waves() -> None:
    offline = m.a_measurement(concurrency=None, metric="output_tok_s_total", input_tok=128.0, output_tok=128.0)
    counted = m.a_measurement(
        id="b", concurrency=None, metric="output_tok_s_total", input_tok=128.0, output_tok=128.0, note="3000 requests"
    )
    found = m.runs_of(offline, counted)
    assert found.n_seqs.tolist() == [2048.0, 1500.0]
    assert found.labels("offline") == ["offline", "offline"]


def test_more_than_fit_wait_unless_the_row_contradicts_the_memory() -> None:
    found = m.runs_of(
        m.a_measurement(concurrency=4096.0, input_tok=8000.0),
        m.a_measurement(id="b", model="70B", concurrency=512.0),
    )
    assert found.n_asked[0] > found.n_seqs[0] > 10
    assert found.n_seqs[1] == 512  # 140 GB of weights on 80 GB: it ran


def test_dates_and_versions() -> None:
    assert runs.day_of(m.a_measurement(on=date(2024, 5, 1))) == date(2024, 5, 1)
    assert runs.day_of(m.a_measurement(engine_version="1.0.0rc3")) == date(2025, 7, 15)
    assert runs.day_of(m.a_measurement()) == runs.REFERENCE_DAY
    assert runs.version_of(m.a_measurement(engine_version="lmsysorg/sglang:v0.5.9-cu130")) == "vllm/0.5"
    assert runs.version_of(m.a_measurement(engine_version="main")) == ""
    assert runs.years_of(date(2026, 11, 1)) == approx(1.0, abs=0.01)


def test_a_part_of_the_runs() -> None:
    found = m.runs_of(m.a_measurement(id="a"), m.a_measurement(id="b", concurrency=3.0, metric="ttft_ms"))
    part = runs.subset(found, np.array([False, True]))
    assert [row.id for row in part.rows] == ["b"]
    assert part.n_seqs.tolist() == [3.0]
    assert part.is_metric["ttft_ms"].tolist() == [True]
