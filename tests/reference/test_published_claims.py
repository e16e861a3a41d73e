"""91 claims of five published articles: the verdicts of an audit, reached from the structure and the data alone.

The audit was made by hand in 2026-08 against the sources numbered E01 to E45 in docs/claims/facts.yaml. Its
verdicts are here and nowhere in the files that are checked.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml

from tco.check.claims import Judgement, audit, judgements
from tco.check.context import Context
from tco.check.prices import of_catalogue
from tco.check.results import Comparer
from tco.files.catalogue import Catalogue
from tco.files.marks import read

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "claims"
FILES = sorted(FOLDER.glob("0*.yaml"))
AUDIT: dict[str, str] = {
    "arithmetic_error": "A12 A33 C13 C18 C35 D23 D35",
    "consistent": "A16 A23 A28 C14 C16 C34 D12 D14 D15 D17 D19 F03 F07 F12 F19 F20 F30 F36",
    "contradicts": "A15 A18 A20 A22 A27 A31 C02 C08 C20 D01 D04 D08 D34 D37 D39 F02 F08 F09 F31",
    "needs_assumption": (
        "A02 A05 A14 A17 A19 A25 C03 C06 C23 C26 C27 C28 D02 D05 D06 D20 D26 D38 F04 F06 F11 F14 F17 F39 F44"
    ),
    "stale": "A04 C10 D10 D11 F22 F27",
    "unit_error": "A03 A06 A09 B02 F01 F29",
    "unverifiable": "A35 C15 C30 D30 D33 D36 F05 F18 F37 F42",
}  # fmt: skip
EXPECTED = {name: verdict for verdict, names in AUDIT.items() for name in names.split()}


@pytest.fixture(scope="module")
def context() -> Context:
    catalogue = Catalogue(use_sheet=False)
    return Context(date(2026, 11, 22), catalogue, of_catalogue(catalogue), Comparer(None, False))


@pytest.fixture(scope="module")
def judged(context: Context) -> dict[str, Judgement]:
    return {each.claim.id: each for path in FILES for each in judgements(read(path), context)}


def test_there_are_91_claims_and_all_are_checked(judged: dict[str, Judgement]) -> None:
    assert len(EXPECTED) == 91
    assert judged.keys() == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_claim_gets_the_verdict_of_the_audit(name: str, judged: dict[str, Judgement]) -> None:
    assert judged[name].verdict == EXPECTED[name], judged[name].outcome.lines


def test_the_files_hold_no_verdict_in_any_words() -> None:
    words = r"verdict|unit.error|arithmetic.error|contradict|needs.assumption|unverifiable"
    words += r"|\bconsistent|\bwrong|expect|\bstale"
    for path in FOLDER.glob("*.yaml"):
        assert not re.findall(words, path.read_text(), re.IGNORECASE), path


def test_every_verdict_but_the_unverifiable_shows_what_it_rests_on(judged: dict[str, Judgement]) -> None:
    for each in judged.values():
        assert each.outcome.lines
        if each.verdict in ("contradicts", "stale"):
            assert each.outcome.against, each.claim.id


@pytest.mark.parametrize(
    ("name", "arithmetic"),
    [
        ("A05", "utilisation = 0.09331 to 0.167"),  # 9.3% to 16.7%
        ("A06", "frontier / local = 3 to 5 x"),  # 15/5 = 3, 15/3 = 5
        ("B02", "5,000 USD/1M tokens = 10^3 x 5"),  # and 5 was the launch price
        ("C13", "150 to 300 x"),  # 15/0.10, 15/0.05
        ("C27", "0.4 to 5 months"),  # 20/50, 50/10
        ("D02", "training = 153.3 MUSD"),  # 2.3e9/15
        ("D08", "21.9 to 120 USD/task"),  # 10M x 2.19, 10M x 12
        ("D11", "81.75%"),  # 1 - 2.19/12
        ("D35", "1 / hard = 5 x"),
        ("D39", "39.01 to 75.13 months"),  # (3,000 + 37,500 .. 75,000) / 1,038.16
        ("F02", "560 GFLOP/tok"),  # 2 x 280e9
        ("F04", "mfu = 0.01966 to 0.02949"),  # 2.0% to 2.9%
        ("F14", "busier = 2 to 4 x"),  # 50/25, 100/25
        ("F36", "5, 10, 16.67: rises"),
    ],
)
def test_the_arithmetic_is_the_audits(name: str, arithmetic: str, judged: dict[str, Judgement]) -> None:
    assert any(arithmetic in line for line in judged[name].outcome.lines), judged[name].outcome.lines


def test_claims_of_one_publication_are_held_against_each_other(judged: dict[str, Judgement]) -> None:
    assert "D35" in judged["D37"].outcome.against
    assert "F15" in judged["F09"].outcome.against
    assert "F32" in judged["F31"].outcome.against


def test_91_claims_take_less_than_two_seconds(context: Context) -> None:
    began = time.process_time()
    for path in FILES:
        judgements(read(path), context)
    assert time.process_time() - began < 2.0


def test_the_page_of_the_audit_is_current(context: Context, golden: Callable[[Path, str], None]) -> None:
    golden(ROOT / "docs" / "audit.md", audit.page([read(path) for path in FILES], context))


def test_the_quotes_are_those_of_the_audit(shared_data: Path) -> None:
    published = yaml.safe_load((shared_data / "published_claims.yaml").read_text())["claims"]
    ours = {each["id"]: each["quote"] for path in FILES for each in yaml.safe_load(path.read_text())["claims"]}
    assert {each["id"]: each["quote"] for each in published} == ours


def test_the_verdicts_are_those_of_the_audit(shared_data: Path) -> None:
    published = yaml.safe_load((shared_data / "published_claims.yaml").read_text())["claims"]
    assert {each["id"]: each["verdict"].replace("_other_claim", "") for each in published} == EXPECTED
