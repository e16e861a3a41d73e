"""A quality floor met with thinking: which score counts, and the note where thinking is not paid for."""

from __future__ import annotations

from datetime import date
from typing import Any

from tco.decide.eligible import model_objections, remarks, with_thinking
from tco.describe.quality import Score
from tests.factories import a_scenario, a_token_option, a_workload


def a_score(score: float, harness: str = "", note: str = "") -> Score:
    base: dict[str, Any] = {"model": "m", "benchmark": "gpqa-diamond", "score": score, "metric": "pass@1"}
    more: dict[str, Any] = {
        "harness": harness,
        "note": note,
        "as_of": date(2026, 1, 1),
        "source": "s",
        "kind": "vendor",
    }
    return Score(**base, **more)


def held(*scores: Score, reasoning: float = 0) -> Any:
    workload = a_workload(
        quality={"floor": {"gpqa_diamond": 70}}, tokens={"input": 1000, "output": 100, "reasoning": reasoning}
    )
    return a_scenario(workload=workload, scores=scores)


PLAIN, THINKING = a_score(60, "no thinking"), a_score(80, "thinking")


def test_harness_or_note_say_that_a_model_thought() -> None:
    assert [with_thinking(row) for row in (PLAIN, THINKING, a_score(1, "no tools; high effort"), a_score(1))] == [
        False, True, True, False,
    ]  # fmt: skip
    assert with_thinking(a_score(1, note="thinking, by default"))


def test_without_reasoning_tokens_the_score_without_thinking_counts() -> None:
    assert "under the floor" in model_objections(a_token_option(), held(PLAIN, THINKING))[0]


def test_with_reasoning_tokens_the_score_with_thinking_counts() -> None:
    scenario = held(PLAIN, THINKING, reasoning=5000)
    assert model_objections(a_token_option(), scenario) == []
    assert not any("too low" in note for note in remarks(a_token_option(), scenario))


def test_a_floor_met_only_with_thinking_that_nobody_pays_for_is_noted() -> None:
    scenario = held(THINKING)
    assert model_objections(a_token_option(), scenario) == []
    assert any("tokens.reasoning is 0" in note for note in remarks(a_token_option(), scenario))
