from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tco.perform import fitted as module
from tco.perform.calibrated import calibrated
from tco.perform.deployment import deployment
from tco.perform.fitted import Fitted, fitted, folds_fitted
from tco.perform.holdout import KINDS, Band
from tests.unit.perform import examples as x

approx: Any = pytest.approx
BANDS: dict[str, dict[str, Band]] = {str(kind): {"itl_ms": Band(-0.1, 0.2, 99)} for kind in KINDS}
KNOWN = {
    "model": ["llama-3.1-8b"], "gpu": ["h100-sxm"], "family": ["f"], "engine": ["vllm"], "arch": ["hopper"],
    "cell": ["llama-3.1-8b/vllm/h100-sxm/16/16bit"],
}  # fmt: skip
EFFECTS = {"layer|engine|vllm": 0.5, "total|engine*years|vllm": -0.1, "power|arch|hopper": 0.1}
SMALL = Fitted(EFFECTS, BANDS, KNOWN, {"newest": {"vllm": ("2026-11-01", "vllm/0.18")}}, {})


def test_a_known_deployment_gets_its_effects_and_band() -> None:
    found = calibrated(model=x.LLAMA_8B, hardware=x.H100, shipped=SMALL)
    prior = deployment(model=x.LLAMA_8B, hardware=x.H100)
    assert found.unseen == ()
    assert found.power_multiplier == approx(1.10517, rel=1e-5)
    years = (date(2026, 11, 1) - date(2025, 11, 1)).days / 365.25
    slow = 2.718281828 ** (-0.1 * years)
    assert found.deployment.overhead_s == approx(slow * (32 * 45e-6 * 2.718281828**0.5 + 130e-6))
    assert found.deployment.weights_bytes == prior.weights_bytes
    assert found.deployment.band_low_frac == approx(2.718281828**-0.2)
    assert found.assumes == "vllm 0.18, 2026-11"
    layer = next(each for each in found.constants if each.name == "overhead per layer")
    assert (layer.measured, "hopper" in layer.prior) == (("vllm",), True)


def test_an_unknown_one_says_so() -> None:
    found = calibrated(model=x.LLAMA_70B, hardware=x.RTX_4090, engine="exllama", shipped=SMALL)
    assert found.unseen == ("model", "gpu", "engine")
    assert sum("no measurement of this" in note for note in found.deployment.notes) == 3
    assert not [note for note in found.deployment.notes if "not fitted to measurements" in note]
    assert (
        calibrated(model=x.LLAMA_8B, hardware=x.H100, engine="homemade", shipped=SMALL).assumes == "homemade, 2025-11"
    )
    assert calibrated(model=x.LLAMA_8B, hardware=x.H100, engine="sglang", shipped=SMALL).unseen == ("engine",)


def test_known_parts_never_measured_together_get_a_wider_band() -> None:
    found = calibrated(model=x.LLAMA_8B, hardware=x.H100, dtype="fp8", shipped=SMALL)
    assert found.unseen == ("pairing",)
    assert found.bands["itl_ms"] == (approx(2.718281828**-0.1), approx(2.718281828**0.2))
    assert any("each measured, but not together" in note for note in found.deployment.notes)


def test_the_shipped_constants_carry_their_origin() -> None:
    held = fitted()
    assert held.origin["n_rows"] > 4000
    assert set(held.bands) == {*KINDS, "site"} == set(held.widening)
    assert {"vllm", "sglang", "tensorrt-llm", "llama.cpp"} <= set(held.known["engine"])
    assert all(abs(value) < 3.0 for value in held.effects.values())
    assert set(folds_fitted()) == set(KINDS)
    assert module.FITTED.stat().st_size < 60_000
