"""The formats: each holds every finding, none breaks on what a file smuggles in."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft4Validator

from tco.check.finding import CLAIM, RULES, Failure, Finding
from tco.check.output import FORMATS, render
from tco.check.output.github import MAX_PER_LEVEL
from tco.check.output.markdown import MAX_ROWS
from tco.check.output.sarif import uri
from tco.check.run import Judged, Report

# The schema of OASIS SARIF 2.1.0 (rtm.5) as published in the npm package @microsoft/jest-sarif 1.0.0-beta.0 (MIT),
# without its blanks.
SCHEMA = json.loads((Path(__file__).parent / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
NASTY = "a|b\n::error::x\r<b>&%,:`*[x](y)\x00\x1b[31m\u2028 ﬀ"


def finding(n: int = 1, severity: str = "error", **more) -> Finding:
    held = {"message": "10% above what is known", "expected": "5", "found": "5.5", "subject": f"item {n}", **more}
    return Finding("drift", severity, "prices.yaml", n, 3, **held)  # type: ignore[arg-type]


def report(*findings: Finding, failures: tuple[Failure, ...] = (), files=("prices.yaml", "clean.yaml")) -> Report:
    return Report(findings, failures, files, 12, "2026-11-22", "price sheet x")


NASTY_REPORT = report(
    finding(
        subject=NASTY, message=NASTY, expected=NASTY, found=NASTY, evidence=NASTY, arithmetic=(NASTY,), waiver=NASTY
    ),
    finding(2, "warning"), finding(3, "note", waiver="waived by me"),
    Finding("schema", "error", "/abs/oth er.yaml", 0, 0, "", "no such file"),
    failures=(Failure("f.yaml", 2, 1, NASTY, NASTY, 3),), files=("prices.yaml", "/abs/oth er.yaml", "f.yaml"),
)  # fmt: skip


RIGHT = replace(report(files=(CLAIM,)), judged=Judged(NASTY, (NASTY,), "2026-11-22", "consistent", (NASTY,), (NASTY,)))
WRONG = replace(RIGHT, findings=(Finding("claim-stale", "warning", CLAIM, 0, 0, NASTY, NASTY, arithmetic=(NASTY,)),))


@pytest.mark.parametrize("held", [RIGHT, WRONG], ids=["right", "wrong"])
def test_a_sentence_smuggles_nothing_in_and_is_valid_sarif(held):
    log = json.loads(render(held, "sarif", exit_code=0))
    assert not list(Draft4Validator(SCHEMA).iter_errors(log))
    assert [result["level"] for result in log["runs"][0]["results"]] == ["warning" if held.findings else "none"]
    for form in ("github", "markdown", "comment"):
        text = render(held, form, exit_code=0)
        assert not re.search("[\x00\x1b\u2028\r]", text)
        n_commands = (2 if held.findings else 1) if form == "github" else 0
        assert len([line for line in text.splitlines() if line.startswith("::")]) == n_commands
        assert "1 claim" in text
    (suite,) = ElementTree.fromstring(render(held, "junit", exit_code=0))
    assert [part.tag for part in suite] == ["testcase", "system-out"]


def test_markdown_shows_no_formula_between_dollars():
    assert r"from \$2 to \$3" in render(report(finding(message="from $2 to $3")), "markdown", exit_code=1)


@pytest.mark.parametrize("held", [report(), report(finding()), NASTY_REPORT], ids=["clean", "one", "nasty"])
def test_sarif_is_valid(held):
    log = json.loads(render(held, "sarif", exit_code=1))
    assert not list(Draft4Validator(SCHEMA).iter_errors(log))
    (ran,) = log["runs"]
    assert len(ran["results"]) == len(held.findings)
    assert {rule["id"] for rule in ran["tool"]["driver"]["rules"]} == set(RULES)
    for result in ran["results"]:
        assert ran["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert ran["invocations"][0]["executionSuccessful"] is not bool(held.failures)


def test_the_validator_would_see_a_mistake():
    log = json.loads(render(report(finding()), "sarif", exit_code=1))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert list(Draft4Validator(SCHEMA).iter_errors(log))


def test_sarif_says_who_waived():
    log = json.loads(render(report(finding(waiver="waived by me")), "sarif", exit_code=0))
    assert log["runs"][0]["results"][0]["suppressions"] == [{"kind": "inSource", "justification": "waived by me"}]


def test_paths_become_uris():
    assert uri("a b/c#d.yaml") == "a%20b/c%23d.yaml"
    assert uri("/a b/c.yaml") == "file:///a%20b/c.yaml"


def test_fingerprints_stay_when_lines_move_and_differ_within_a_file():
    def prints(*findings):
        return [each["fingerprint"] for each in json.loads(render(report(*findings), "json", exit_code=1))["findings"]]

    assert prints(finding(subject="a")) == prints(finding(7, subject="a", message="11% above what is known"))
    first, second = prints(finding(subject="a"), finding(2, subject="a"))
    assert second == f"{first}:2"
    assert prints(finding(subject="a")) != prints(finding(subject="b"))


def test_json_holds_everything():
    held = json.loads(render(NASTY_REPORT, "json", exit_code=2))
    assert (held["schema"], held["exit_code"], held["n_items"]) == ("tco.check/1", 2, 12)
    assert held["counts"] == {"error": 2, "warning": 1, "note": 1}
    assert held["findings"][0]["message"] == NASTY
    assert held["failures"][0]["exit_code"] == 3


def test_text_has_a_line_for_each_and_sums_up():
    text = render(
        report(finding(), finding(2, "warning", evidence="row 7", arithmetic=("1 + 1 = 2",))), "text", exit_code=1
    )
    assert text.splitlines() == [
        "prices.yaml:1:3: error: drift: item 1: 10% above what is known",
        "  expected 5; found 5.5",
        "prices.yaml:2:3: warning: drift: item 2: 10% above what is known",
        "  expected 5; found 5.5",
        "  evidence: row 7",
        "  = 1 + 1 = 2",
        "1 error, 1 warning: 12 items in 2 files, as of 2026-11-22, against price sheet x; exit 1",
    ]
    assert render(report(), "text", exit_code=0).startswith("clean: 12 items in 2 files")


@pytest.mark.parametrize("form", ["text", "github", "markdown"])
def test_nothing_in_a_file_starts_a_line_or_a_command(form):
    text = render(NASTY_REPORT, form, exit_code=1)
    assert not re.search("[\x00\x1b\u2028\r]", text)
    lines = [line for line in text.splitlines() if line.startswith("::")]
    assert len(lines) == (5 if form == "github" else 0)


@pytest.mark.parametrize(("n", "n_lines", "n_left"), [(9, 9, 0), (10, 10, 0), (11, 10, 2), (30, 10, 21)])
def test_github_keeps_ten_a_level_and_counts_the_rest(n, n_lines, n_left):
    findings = [finding(i, level) for level in ("error", "warning", "note") for i in range(1, n + 1)]
    text = render(report(*findings), "github", exit_code=1)
    for command in ("error", "warning", "notice"):
        lines = [line for line in text.splitlines() if line.startswith(f"::{command} ")]
        assert len(lines) == n_lines <= MAX_PER_LEVEL
        assert (f"{n_left} more" in lines[-1]) is (f"({n_left} drift)" in lines[-1]) is (n_left > 0)
    assert text.count("\n- prices.yaml:") == 3 * n_left  # what was not annotated is in the log


def test_github_places_and_escapes():
    text = render(report(finding(message="50% off,\r\nsee: x")), "github", exit_code=1)
    assert text.splitlines()[0] == (
        "::error file=prices.yaml,line=1,col=3,title=drift%3A item 1::50%25 off,%0Asee: x; expected 5; found 5.5"
    )


def test_junit_counts():
    root = ElementTree.fromstring(render(NASTY_REPORT, "junit", exit_code=1))
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5", "failures": "2", "errors": "1", "skipped": "2",
    }  # fmt: skip
    assert len(list(root.iter("testcase"))) == 5
    (suite,) = ElementTree.fromstring(render(report(files=("clean.yaml",)), "junit", exit_code=0))
    assert [case.get("name") for case in suite] == ["clean"]


def test_markdown_is_one_table():
    text = render(NASTY_REPORT, "markdown", exit_code=1)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(NASTY_REPORT.findings)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {8}
    assert "\\<b\\>" in text
    many = render(report(*(finding(n) for n in range(MAX_ROWS + 3))), "markdown", exit_code=1)
    assert "3 more findings" in many


def test_a_clean_run_says_so_in_markdown():
    assert "clean: 12 items" in render(report(), "markdown", exit_code=0)


def test_exit_codes_by_level():
    warned = report(finding(severity="warning"))
    assert [warned.exit_code(level) for level in ("error", "warning", "never")] == [0, 1, 0]
    failed = report(finding())
    assert [failed.exit_code(level) for level in ("error", "warning", "never")] == [1, 1, 0]
    assert failed.exit_code("warning", warn_only=True) == 0
    noted = report(finding(severity="note"))
    assert noted.exit_code("warning") == 0
    broken = report(finding(), failures=(Failure("f", 0, 0, "", "m", 3),))
    assert (broken.exit_code("never"), broken.exit_code("error", warn_only=True)) == (3, 3)
    unreadable = report(Finding("schema", "error", "f", 1, 1, "", "m"), failures=(Failure("f", 0, 0, "", "m", 3),))
    assert unreadable.exit_code("never") == 2


def test_every_format_ends_with_a_newline():
    for form in FORMATS:
        assert render(NASTY_REPORT, form, exit_code=1).endswith("\n")
