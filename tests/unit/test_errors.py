from __future__ import annotations

import pytest

from tco import errors
from tco.errors import InvalidInputError, MissingDataError, Problem, TcoError, UnknownNameError, UsageError


def test_a_problem_says_where_what_and_what_instead() -> None:
    assert str(Problem("w.yaml", 12, 8, "hardware", "no profile 'x'")) == "w.yaml:12:8: hardware: no profile 'x'"
    assert str(Problem("w.yaml", 0, 0, "hardware", "gone")) == "w.yaml: hardware: gone"
    assert str(Problem("w.yaml", 3, 1, "", "not a mapping")) == "w.yaml:3:1: not a mapping"


def test_problems_sort_in_file_order() -> None:
    later, sooner = Problem("w", 12, 1, "b", ""), Problem("w", 2, 9, "a", "")
    assert sorted([later, sooner]) == [sooner, later]


def test_invalid_input_carries_every_problem() -> None:
    problems = [Problem("w", 1, 1, "a", "bad"), Problem("w", 2, 1, "b", "worse")]
    error = InvalidInputError(problems)
    assert error.problems == tuple(problems)
    assert str(error) == "w:1:1: a: bad\nw:2:1: b: worse"


@pytest.mark.parametrize(
    ("kind", "code"),
    [(TcoError, 70), (InvalidInputError, 2), (UsageError, 2), (UnknownNameError, 2), (MissingDataError, 3)],
)
def test_exit_codes(kind: type[TcoError], code: int) -> None:
    assert kind.exit_code == code
    assert (errors.EXIT_OK, errors.EXIT_NO) == (0, 1)


def test_an_unknown_name_suggests_the_nearest() -> None:
    text = errors.unknown_name("profile", "h100_sxm", ["h100-sxm", "a100", "l4"], "tco list hardware")
    assert "no profile 'h100_sxm'; did you mean 'h100-sxm'" in text
    assert "`tco list hardware`" in text


def test_a_part_of_a_name_finds_the_whole() -> None:
    text = errors.unknown_name("model", "v4", ["deepseek-v4-flash", "deepseek-v4-pro", "qwen3-8b"], "tco list models")
    assert "'deepseek-v4-flash' or 'deepseek-v4-pro'" in text


def test_nothing_near_suggests_nothing() -> None:
    text = str(UnknownNameError("model", "zzzzzz", ["qwen3-8b"], "tco list models"))
    assert "did you mean" not in text
    assert "`tco list models`" in text


def test_a_long_name_is_cut() -> None:
    text = errors.unknown_name("model", "y" * 500, ["qwen3-8b"], "tco list models")
    assert "yyy..." in text
    assert len(text) < 200
