"""``tco check --claim`` and files of claims at the command line: exit codes, streams, formats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import DAY, Tco

TIMES = "0.10 USD/Mtok is 50x cheaper than 15 USD/Mtok"
CLAIMS = """\
claims:
  - id: flagship
    quote: GPT-4o at $5,000
    date: 2026-03-27
    states: {quantity: price, value: "5000 USD/1M tokens", about: {model: gpt-4o}}
"""


def test_a_sentence_is_echoed_judged_and_leaves_with_1(tco: Tco) -> None:
    ran = tco("check", "--claim", TIMES, "--as-of", DAY)
    assert ran.code == 1
    assert ran.out.startswith("understood: saving = 50 x")
    assert "verdict:    arithmetic_error" in ran.out
    assert "= 150 x" in ran.out
    assert ran.err == ""


def test_a_sentence_that_is_right_leaves_with_0(tco: Tco) -> None:
    ran = tco("check", "--claim", "GPT-4o costs $2.50 per million input tokens", "--as-of", DAY)
    assert (ran.code, ran.err) == (0, "")
    assert "verdict:    consistent" in ran.out


def test_a_sentence_that_lacks_something_is_a_warning(tco: Tco) -> None:
    sentence = "Qwen3-8B on an RTX 4090 at 40 tok/s costs 0.004 USD per 1K tokens"
    assert tco("check", "--claim", sentence, "--as-of", DAY).code == 0
    assert tco("check", "--claim", sentence, "--as-of", DAY, "--fail-on", "warning").code == 1


def test_json_has_the_structure_it_was_understood_as(tco: Tco) -> None:
    ran = tco("check", "--claim", TIMES, "--as-of", DAY, "--json")
    assert ran.code == 1
    record = ran.record
    assert (record["schema"], record["exit_code"]) == ("tco.check/1", 1)
    assert record["claim"]["verdict"] == "arithmetic_error"
    assert record["claim"]["states"] == [
        {
            "quantity": "saving",
            "value": "50 x",
            "formula": "right / left",
            "from": {"left": {"value": "0.10 USD/1M tokens"}, "right": {"value": "15 USD/1M tokens"}},
        }
    ]
    assert record["findings"][0]["rule"] == "claim-arithmetic"


@pytest.mark.parametrize("form", ["markdown", "github", "junit", "sarif"])
def test_every_format_speaks_of_a_sentence(form: str, tco: Tco) -> None:
    ran = tco("check", "--claim", TIMES, "--as-of", DAY, "--format", form)
    assert ran.code == 1
    assert "claim-arithmetic" in ran.out


def test_a_sentence_that_is_not_understood_is_refused_with_an_example(tco: Tco) -> None:
    ran = tco("check", "--claim", "the moon is made of cheese")
    assert (ran.code, ran.out) == (2, "")
    assert "not understood" in ran.err
    assert "GPT-4o costs $2.50 per million input tokens" in ran.err
    assert "Traceback" not in ran.err


def test_a_sentence_and_files_do_not_go_together(tco: Tco) -> None:
    ran = tco("check", "chat.yaml", "--claim", TIMES)
    assert (ran.code, ran.out) == (2, "")
    assert "neither files" in ran.err


def test_a_file_of_claims_gives_findings_with_places(tco: Tco, home: Path) -> None:
    (home / "claims.yaml").write_text(CLAIMS, encoding="utf-8")
    ran = tco("check", "claims.yaml", "--as-of", DAY, "--json")
    assert ran.code == 1
    (finding,) = ran.record["findings"]
    assert (finding["rule"], finding["line"], finding["subject"]) == ("claim-unit", 2, "flagship")
    assert "unit + stale" in json.dumps(finding["arithmetic"])


def test_a_broken_file_of_claims_is_2_and_says_where(tco: Tco, home: Path) -> None:
    (home / "claims.yaml").write_text(CLAIMS.replace("quantity: price", "quantity: prize"), encoding="utf-8")
    ran = tco("check", "claims.yaml", "--as-of", DAY)
    assert ran.code == 2
    assert "claims.yaml:5:" in ran.err
    assert "'price'" in ran.err


def test_the_audit_is_a_page(tco: Tco, home: Path) -> None:
    (home / "claims.yaml").write_text(CLAIMS, encoding="utf-8")
    ran = tco("check", "claims.yaml", "--format", "audit", "--output", "audit.md")
    assert ran.code == 0
    assert ran.out == (home / "audit.md").read_text(encoding="utf-8")
    assert "| [flagship](#flagship) | GPT-4o at $5,000 | unit_error | 1,000x |" in ran.out


def test_an_audit_of_no_claims_is_refused(tco: Tco) -> None:
    assert tco("check", "chat.yaml", "--format", "audit").code == 2


def test_a_rate_nobody_published_is_a_warning(tco: Tco) -> None:
    ran = tco("check", "--claim", "£2 per million input tokens for GPT-4o", "--as-of", DAY)
    assert ran.code == 0
    assert "at 1.34 USD/GBP" in ran.out
    assert ran.err.startswith("warning: the exchange rate 1.34 USD/GBP of ")
