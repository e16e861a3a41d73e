"""The quality table: every row is a sourced score of a known model under a stated metric."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from tco.describe.quality import Score

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "quality" / "scores.csv"


@cache
def scores() -> tuple[Score, ...]:
    with TABLE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    typed = ({**row, "score": float(row["score"]), "as_of": date.fromisoformat(row["as_of"])} for row in rows)
    return tuple(Score.model_validate(row) for row in typed)


def values(model: str, benchmark: str, metric: str = "pass@1") -> list[float]:
    return sorted(s.score for s in scores() if (s.model, s.benchmark, s.metric) == (model, benchmark, metric))


def test_the_header_is_the_record() -> None:
    header = TABLE.read_text(encoding="utf-8").splitlines()[0].split(",")
    assert header == list(Score.model_fields)


def test_every_model_has_a_profile() -> None:
    assert {s.model for s in scores()} <= {path.stem for path in (ROOT / "model_profiles").glob("*.yaml")}


def test_no_row_is_repeated() -> None:
    counts = Counter((s.model, s.benchmark, s.metric, s.harness, s.source) for s in scores())
    assert [key for key, count in counts.items() if count > 1] == []


def test_rows_are_sorted_and_scores_are_percentages() -> None:
    keys = [(s.model, s.benchmark, s.metric) for s in scores()]
    assert keys == sorted(keys)
    assert all(1 < s.score <= 100 for s in scores())


def test_an_assumed_score_says_why() -> None:
    assert all(s.note.startswith("recalled, not re-read") for s in scores() if s.kind == "assumed")


def test_majority_votes_are_not_single_samples() -> None:
    assert values("r1-distill-qwen-7b", "aime-2024") == [55.5]
    assert values("r1-distill-qwen-7b", "aime-2024", "cons@64") == [83.3]
    assert values("o1", "aime-2024", "cons@64") == [83]
    assert values("o1", "aime-2024", "rerank@1000") == [93]
    assert 74 in values("o1", "aime-2024")


@pytest.mark.parametrize(
    ("model", "benchmark", "expected"),
    [
        ("claude-sonnet-4.6", "gpqa-diamond", [74.1, 89.9]),  # one source, and the system card
        ("claude-sonnet-4.6", "swe-bench-verified", [79.6]),
        ("claude-opus-4.6", "gpqa-diamond", [91.3]),
        ("claude-opus-4.6", "swe-bench-verified", [80.8]),
        ("gpt-4o", "aime-2024", [9.3, 12]),
        ("deepseek-r1-0528-qwen3-8b", "aime-2024", [86.0]),
        ("deepseek-r1-0528-qwen3-8b", "aime-2025", [76.3]),
        ("qwen3-235b-a22b", "aime-2024", [85.7]),
        ("qwen3-235b-a22b", "aime-2025", [81.5]),
        ("deepseek-r1", "aime-gpqa-mean4", [68.68]),
    ],
)
def test_scores_that_decide_the_worked_examples(model: str, benchmark: str, expected: list[float]) -> None:
    assert values(model, benchmark) == expected


@pytest.mark.parametrize(
    "model",
    [
        *("llama-3.1-8b", "llama-3.1-70b", "qwen3-8b", "qwen3-32b", "qwen3-235b-a22b", "gpt-oss-20b", "gpt-oss-120b"),
        *("deepseek-r1", "deepseek-v4-flash", "deepseek-v4-pro", "mistral-7b", "gpt-4o", "gpt-4o-mini"),
    ],
)
def test_a_common_model_has_a_general_score(model: str) -> None:
    assert values(model, "gpqa-diamond") or values(model, "mmlu")


def test_a_student_and_its_teacher_are_compared_as_a_share() -> None:
    assert values("t5-770m", "distilling-step-by-step", "percent-of-teacher") == [94]
