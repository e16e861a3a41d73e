from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tco.perform import fit
from tco.perform.assumed import ASSUMED, GUESSES
from tco.perform.effects import PARAMETERS, TERMS, multipliers
from tco.perform.groups import ARCHITECTURES
from tests.unit.perform import measured as m

approx: Any = pytest.approx


def test_every_guess_acts_on_something_and_says_why() -> None:
    kinds = {(term.parameter, term.grouping) for term in TERMS}
    assert all((key.split("|")[0], key.split("|")[1]) in kinds for key in ASSUMED)
    assert all(
        "guessed" in guess.why or "recalled" in guess.why or "http" in guess.why or "blog" in guess.why
        for guess in GUESSES
    )
    known = {name for _, name in ARCHITECTURES}
    assert {guess.label for guess in GUESSES if guess.grouping == "arch"} <= known
    assert {key.split("|")[0] for key in ASSUMED} <= set(PARAMETERS)


def test_an_unmeasured_architecture_gets_its_guess() -> None:
    found = multipliers(groups={"arch": "cdna"}, covariates={}, effects={})
    assert (found.flop, found.link, found.total) == (approx(0.66), approx(1.8), 1.0)
    moved = multipliers(groups={"arch": "cdna"}, covariates={}, effects={"flop|arch|cdna": float(np.log(2.0))})
    assert moved.flop == approx(1.32)


def test_a_fit_starts_from_the_guess() -> None:
    runs = m.runs_of(m.a_measurement(engine_version="0.5.4"), m.a_measurement(id="b", engine_version="0.9.1"))
    plan = fit.design(runs)
    logs = fit.multipliers_of(plan=plan, theta=np.zeros(len(plan.names)))
    assert logs["seq"].tolist() == [approx(np.log(8.0)), 0.0]
    assert fit.multipliers(plan=plan, theta=np.zeros(len(plan.names))).seq == approx(np.array([8.0, 1.0]))
