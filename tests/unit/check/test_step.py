"""Values against the baseline: what is held for review, and what is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tco.check.baseline import Baseline
from tco.check.run import check_text
from tco.check.settings import LIMITS, Settings
from tco.check.value import read

ITEM = 'assumptions:\n  - {{id: a, value: "{}", source: "…", verified_at: 2026-11-20}}\n'


def step(context, new: str, old: str, limit: float = 0.8):
    before = Baseline("old.yaml", {"a": read(old, "", "", context.usd_per)})
    settings = Settings(limits={**LIMITS, "max_step_frac": limit})
    found = check_text(ITEM.format(new), "f.yaml", replace(context, baseline=before, settings=settings))[0]
    return [each for each in found if each.rule == "step"]


@pytest.mark.parametrize(
    ("new", "old", "held"),
    [
        ("9 USD/Mtok", "5 USD/Mtok", False),  # +80% is not over 80%
        ("9.1 USD/Mtok", "5 USD/Mtok", True),
        ("0.35 USD/Mtok", "3.50 USD/Mtok", True),  # -90%
        ("1 USD/Mtok", "5 USD/Mtok", False),  # -80%
        ("5 USD/h", "50 USD/Mtok", False),  # not comparable
    ],
)
def test_a_step_over_80_percent_is_held(context, new, old, held):
    assert bool(step(context, new, old)) is held


def test_a_step_shows_its_arithmetic(context):
    (finding,) = step(context, "0.35 USD/Mtok", "3.50 USD/Mtok")
    assert finding.message == "held for review: -90% in one step, over 80%"
    assert finding.arithmetic == ("(0.35 - 3.5) / 3.5 = -90%",)
    assert "x1000" not in finding.message
    (slipped,) = step(context, "0.005 USD/Mtok", "5 USD/Mtok")
    assert "1,000 times" in slipped.message


def test_the_limit_of_a_step_can_be_set(context):
    assert not step(context, "9.1 USD/Mtok", "5 USD/Mtok", limit=1.0)
    assert step(context, "5.6 USD/Mtok", "5 USD/Mtok", limit=0.1)


def test_what_is_new_is_no_step(context):
    before = Baseline("old.yaml", {"b": read("5 USD/Mtok", "", "", context.usd_per)})
    assert check_text(ITEM.format("9 USD/Mtok"), "f.yaml", replace(context, baseline=before))[0] == []
