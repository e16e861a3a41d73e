"""This project's own data and claims pass the gate, and its CI runs it."""

from __future__ import annotations

import re
from datetime import date

from tco.check import command
from tco.check.run import run
from tests.integrations.conftest import DAY, ROOT

FOLDERS = ("pricing", "hardware_profiles", "model_profiles", "quality", "workloads")


def test_own_data_has_no_error() -> None:
    asked = command.Asked(files=tuple(ROOT / folder for folder in FOLDERS), as_of=DAY)
    report = run(asked.files, command.context_of(asked))
    assert [str(each) for each in report.failures] == []
    assert [f"{each.place}: {each.message}" for each in report.findings if each.severity == "error"] == []
    assert report.n_items > 1000


def test_own_claims_can_be_read() -> None:
    asked = command.Asked(files=(ROOT / "docs" / "claims",), as_of=DAY)
    report = run(asked.files, command.context_of(asked))
    assert date.fromisoformat(report.as_of) == date(2026, 11, 22)
    assert [f"{each.place}: {each.message}" for each in report.findings if each.rule == "schema"] == []
    assert report.failures == ()
    assert report.n_items >= 91


def test_ci_checks_the_data() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (line,) = re.findall(r'step "own data" .*', text)
    assert line.endswith('tco" check ' + " ".join(FOLDERS))
    assert re.search(r'step "self-test of the gate" .* check --self-test$', text, re.MULTILINE)
