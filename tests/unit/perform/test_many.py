"""Many deployments at once are those of one at a time, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from tco.errors import MissingDataError
from tco.files.catalogue import Catalogue
from tco.perform.calibrated import calibrated
from tco.perform.deployment import NUM_FIELDS
from tco.perform.fitted import fitted
from tco.perform.many import Asked, many

CATALOGUE = Catalogue()
MODELS = ("qwen3-8b", "gpt-oss-120b", "deepseek-r1", "gemma-3-27b")
MACHINES = ("h100-sxm", "mi300x", "rtx-4090", "l4")
UNUSED = ("band_low_frac", "band_high_frac")  # a search reads no band


def an_asked(model: str, hardware: str, *, n_gpus: int, engine: str = "vllm") -> Asked:
    return Asked(
        model=CATALOGUE.model(model), hardware=CATALOGUE.hardware(hardware), n_gpus=n_gpus, dtype="fp8",
        kv_dtype="bf16", engine=engine,
    )  # fmt: skip


def test_many_are_each_of_them() -> None:
    asked = [
        an_asked(model, hardware, n_gpus=n_gpus, engine=engine)
        for model in MODELS
        for hardware in MACHINES
        for n_gpus in (1, 8)
        for engine in ("vllm", "sglang", "llama.cpp", "unheard-of")
    ]
    together = many([each.placed(fitted()) for each in asked])
    for i, each in enumerate(asked):
        alone = calibrated(
            model=each.model, hardware=each.hardware, n_gpus=each.n_gpus, dtype="fp8", engine=each.engine
        ).deployment
        for name in NUM_FIELDS:
            if name not in UNUSED:
                held = np.broadcast_to(getattr(together, name), len(asked))
                assert held[i] == getattr(alone, name), (name, each.model.id, each.hardware.id)


def test_a_machine_of_unknown_bandwidth_cannot_be_placed() -> None:
    unknown = CATALOGUE.hardware("h100-sxm").model_copy(update={"bandwidth_gb_per_s": None})
    asked = Asked(
        model=CATALOGUE.model("qwen3-8b"), hardware=unknown, n_gpus=1, dtype="fp8", kv_dtype="bf16", engine="vllm"
    )
    with pytest.raises(MissingDataError, match="no memory bandwidth"):
        asked.placed(fitted())
