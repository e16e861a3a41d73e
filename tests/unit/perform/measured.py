"""A few made-up measurements on the shared example machines, and the runs they become."""

from __future__ import annotations

from typing import Any

from tco.describe.hardware import Hardware
from tco.describe.measurement import Measurement
from tco.describe.model import Model
from tco.errors import UnknownNameError
from tco.perform.runs import Runs, build
from tests.unit.perform import examples as x

MODELS = {"8B": x.LLAMA_8B, "70B": x.LLAMA_70B, "R1": x.DEEPSEEK_R1, "oss": x.GPT_OSS, "closed": x.a_model(id="closed")}
MACHINES = {"H100": x.H100, "4090": x.RTX_4090, "bare": x.a_gpu(id="bare")}


def a_measurement(**changes: Any) -> Measurement:
    base = {
        "id": "M1", "source": "tests", "family": "ours", "engine": "vllm", "model": "8B", "dtype": "bf16",
        "kv_dtype": "bf16", "gpu": "H100", "n_gpus": 1, "concurrency": 8.0, "input_tok": 1000.0, "output_tok": 200.0,
        "metric": "itl_ms", "value": 10.0,
    }  # fmt: skip
    return Measurement.model_validate({**base, **changes})


def model(name: str) -> Model:
    if name not in MODELS:
        raise UnknownNameError("model", name, list(MODELS), "tco list models")
    return MODELS[name]


def machine(name: str) -> Hardware:
    if name not in MACHINES:
        raise UnknownNameError("hardware", name, list(MACHINES), "tco list hardware")
    return MACHINES[name]


def runs_of(*rows: Measurement) -> Runs:
    return build(rows, (model, machine))[0]
