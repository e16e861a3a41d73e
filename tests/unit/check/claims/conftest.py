"""What the claims tests share: the shipped data and a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from tco.check.claims import Judgement, judgements
from tco.check.context import Context
from tco.check.prices import of_catalogue
from tco.check.results import Comparer
from tco.files.catalogue import Catalogue
from tco.files.marks import parse

Judged = Callable[[str], Judgement]


@pytest.fixture(scope="session")
def context() -> Context:
    """Shipped prices and profiles, on a fixed day."""
    catalogue = Catalogue(use_sheet=False)
    return Context(date(2026, 11, 22), catalogue, of_catalogue(catalogue), Comparer(None, False))


@pytest.fixture(scope="session")
def judged(context: Context) -> Judged:
    """The verdict on one statement, given as the YAML of `states`, of 2026-03-27."""

    def judge(states: str) -> Judgement:
        text = f"claims: [{{id: X, quote: a sentence, date: 2026-03-27, states: {states}}}]"
        return judgements(parse(text, "claims.yaml"), context)[0]

    return judge
