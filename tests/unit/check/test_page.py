"""The page about the gate lists what there is: rules with their levels, limits, keys, fields, formats."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tco.check.finding import RULES
from tco.check.item import Assumption
from tco.check.output import FORMATS
from tco.check.results import FIELDS, WORDS, Budget, Expected, Golden
from tco.check.settings import LIMITS
from tco.check.subject import _FIGURES

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "check.md").read_text(encoding="utf-8")
WORD = re.compile(r"`([^`]+)`")


def rows() -> list[list[str]]:
    lines = (line for line in PAGE.splitlines() if line.startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_with_its_level(rule):
    assert [row[1] for row in rows() if rule in WORD.findall(row[0]) and len(row) == 3] == [RULES[rule][0]]


@pytest.mark.parametrize("limit", LIMITS)
def test_each_limit(limit):
    assert re.search(rf"\b{limit}\b", PAGE)


@pytest.mark.parametrize("record", [Assumption, Golden, Budget, Expected])
def test_each_key(record):
    known = {word for row in rows() for word in WORD.findall(row[0])}
    assert set(record.model_fields) <= known


@pytest.mark.parametrize("name", [*FIELDS, *WORDS, *FORMATS, *_FIGURES])
def test_each_field_and_format(name):
    assert f"`{name}`" in PAGE
