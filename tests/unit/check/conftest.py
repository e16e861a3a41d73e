"""A context that reads nothing from outside: one model on the sheet, one result, and what both were before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tco.check.context import Context
from tco.check.finding import Finding
from tco.check.run import check_text
from tco.check.selftest import planted_context


@pytest.fixture
def context() -> Context:
    return planted_context()


@pytest.fixture
def found(context: Context) -> Callable[..., list[Finding]]:
    """Findings of a text; with a rule, only those of it."""

    def call(text: str, rule: str | None = None) -> list[Finding]:
        findings = check_text(text, "file.yaml", context)[0]
        return [each for each in findings if rule in (None, each.rule)]

    return call
