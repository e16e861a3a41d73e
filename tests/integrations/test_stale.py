"""The weekly look at data that has grown old: one issue, opened, kept up to date, closed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.integrations.conftest import PRICE, ROOT, Ran, Runner

WORKFLOWS = ROOT / ".github" / "workflows"
SCRIPT = ROOT / "integrations" / "github" / "stale.sh"
OLD = PRICE.replace("2026-11-20", "2026-01-20")


@pytest.fixture
def look(runner: Runner, tmp_path: Path):
    """Run the script on a text."""

    def call(text: str, *, token: str = "t") -> Ran:
        (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
        path = f"{runner.temp}/tco-venv/bin:{runner.environment['PATH']}"
        summary = str(tmp_path / "summary")
        environment = {"PATH": path, "GH_TOKEN": token, "TCO_AS_OF": "2026-11-22", "GITHUB_STEP_SUMMARY": summary}
        return runner.bash(f'bash "{SCRIPT}" a.yaml', tmp_path, **environment)

    return call


def test_the_issue_of_stale_data(runner: Runner, tmp_path: Path, look) -> None:
    title = "Price, hardware or tariff data needs a look"
    spoof = {"number": 3, "user": "somebody", "state": "open", "title": title, "body": "<!-- tco:stale -->\nfine"}
    runner.github_has(issues=[spoof])
    assert look(OLD).code == 0
    kept, opened = runner.github["issues"]
    assert kept == spoof
    assert (opened["title"], opened["state"]) == (title, "open")
    assert opened["body"].startswith("<!-- tco:stale -->\n")
    assert "306 days old" in opened["body"].replace("\\", "")  # 2026-01-20 to 2026-11-22
    assert "306 days old" in (tmp_path / "summary").read_text(encoding="utf-8")

    assert look(OLD.replace("01-20", "01-21")).code == 0
    _, edited = runner.github["issues"]
    assert (edited["number"], edited["state"]) == (opened["number"], "open")
    assert "305 days old" in edited["body"]

    assert look(PRICE).code == 0
    _, closed = runner.github["issues"]
    assert closed["state"] == "closed"
    calls = len(runner.github["calls"])
    assert look(PRICE).code == 0
    assert [call[0] for call in runner.github["calls"][calls:]] == ["api", "api"]  # nothing to close


def test_what_cannot_be_checked_is_an_issue_and_fails(runner: Runner, look) -> None:
    ran = look("assumptions: [")
    assert ran.code == 2
    assert "| a.yaml:" in ran.err
    (opened,) = runner.github["issues"]
    assert "\n    a.yaml:2:1: not valid YAML" in opened["body"]


def test_a_token_that_may_not_write_fails(look) -> None:
    assert look(OLD, token="").code == 1


def test_the_workflow_to_copy_is_ours_but_for_two_lines() -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```yaml\n(# \.github/workflows/stale\.yml\n.*?)^```$", page, re.MULTILINE | re.DOTALL)
    copied, ours = (yaml.safe_load(held) for held in (text, (WORKFLOWS / "stale.yml").read_text(encoding="utf-8")))
    steps, own = (held["jobs"]["check"]["steps"] for held in (copied, ours))
    marked = [line for line in text.splitlines() if re.search(r"# [12]: ", line)]
    changed = [number for number, (step, mine) in enumerate(zip(steps, own, strict=True)) if step != mine]
    assert [steps[number]["run"] for number in changed] == [line.split("#")[0].strip()[7:] for line in marked]
    assert len(marked) == 2
    install, look = (steps[number]["run"].split() for number in changed)
    assert install[:-1] == own[2]["run"].split()[:-1]
    assert look[:2] == ["bash", f".github/{SCRIPT.name}"]
    assert (SCRIPT.read_text("utf-8").count("integrations/"), len(look)) == (0, 4)  # it needs nothing beside it
    for held in (copied, ours):
        held["name"] = held["jobs"]["check"]["steps"] = ""
    assert copied == ours


def test_a_workflow_runs_it_every_week() -> None:
    held = yaml.safe_load((WORKFLOWS / "stale.yml").read_text(encoding="utf-8"))
    (schedule,) = held[True]["schedule"]  # YAML 1.1 reads the key `on` as true
    minute, hour, day, month, weekday = schedule["cron"].split()
    assert minute.isdigit()
    assert hour.isdigit()
    assert (day, month, weekday.isdigit()) == ("*", "*", True)
    assert held["permissions"] == {"contents": "read", "issues": "write"}
    (job,) = held["jobs"].values()
    last = job["steps"][-1]
    words = last["run"].split()
    assert words[:2] == ["bash", str(SCRIPT.relative_to(ROOT))]
    assert all((ROOT / folder).is_dir() for folder in words[2:])
    assert set(words[2:]) >= {"pricing", "hardware_profiles", "workloads"}
    assert "GH_TOKEN" in last["env"]
