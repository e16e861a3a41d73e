"""The GitLab template: its script runs in a plain ``sh`` and leaves a JUnit report."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from tests.integrations.conftest import CHAT, PRICE, ROOT, Ran, Repository, Runner, pull_request, repository

TEMPLATE = yaml.safe_load((ROOT / "integrations" / "gitlab" / "tco-check.yml").read_text(encoding="utf-8"))
JOB = TEMPLATE["tco-check"]
BUDGET = '[check.budget]\nmax_increase = "10 %"\n'


@pytest.fixture
def job(runner: Runner):
    """Run the script of the job, then what is done after it."""

    def call(held: Repository, **variables: str) -> Ran:
        path = f"{runner.temp}/tco-venv/bin:{runner.environment['PATH']}"
        environment = {**runner.environment, "PATH": path, "TCO_AS_OF": "2026-11-22", **variables}
        ran, _ = (
            subprocess.run(
                ["sh", "-c", "\n".join(JOB[part])], cwd=held.folder, check=False, capture_output=True, text=True,
                env=environment,
            )
            for part in ("script", "after_script")
        )  # fmt: skip
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    return call


def test_the_template_is_one_job_whose_artifacts_the_script_writes() -> None:
    assert list(TEMPLATE) == ["tco-check"]
    (script,) = JOB["script"]
    for path in (*JOB["artifacts"]["paths"], JOB["artifacts"]["reports"]["junit"]):
        assert re.search(rf"^checked \w+ {re.escape(path)} ", script, re.MULTILINE)
    assert JOB["artifacts"]["when"] == "always"
    (install,) = JOB["before_script"]
    assert install == 'python -I -m pip install --quiet "${TCO_SOURCE:-tco}"'


def test_a_merge_request(job, tmp_path: Path) -> None:
    held = repository(
        tmp_path / "r", {"w/chat [a] *.yaml": CHAT, "w/chat b.yaml": "x", "p.yaml": PRICE, "tco.toml": BUDGET}
    )
    base = held.git("rev-parse", "HEAD")
    changed = CHAT.replace("output: 250", "output: 500")
    new = CHAT.replace("name: chat", "name: new")
    pull_request(
        held, {"w/chat [a] *.yaml": changed, "p.yaml": PRICE.replace("0.15 USD/M", "0.15 USD/k"), "-new.yaml": new}
    )
    ran = job(
        held, CI_MERGE_REQUEST_DIFF_BASE_SHA=base, TCO_FILES="p.yaml\n", TCO_WORKLOADS="w/chat [a] *.yaml\n  -new.yaml"
    )
    assert ran.code == 1, ran.err
    folder = held.folder / ".tco-check"
    suites = {
        suite.get("name"): [case.get("name") for case in suite if case.find("failure") is not None]
        for suite in ElementTree.parse(folder / "junit.xml").getroot()
    }
    assert suites["w/chat [a] *.yaml"] == ["budget: check.budget of tco.toml"]
    assert suites["-new.yaml"] == []  # new: its change is not judged
    assert {"step: mini", "unit: mini"} <= set(suites["p.yaml"])
    report = (folder / "report.md").read_text(encoding="utf-8")
    assert "| 297.00 | **openai/gpt-4o-mini** | 432.00 | +135.00 (+45.5%) |" in report
    assert "rose by 135 USD/month" in ran.out
    assert not (folder / "base").exists()


def test_paths_are_those_of_the_repository(job, tmp_path: Path) -> None:
    held = repository(tmp_path / "r", {"chat.yaml": CHAT, "bad.yaml": "name: [", "p.yaml": "a: [", "tco.toml": BUDGET})
    base = held.git("rev-parse", "HEAD")
    dearer = CHAT.replace("output: 250", "output: 500")
    pull_request(held, {"chat.yaml": dearer, "bad.yaml": CHAT.replace("name: chat", "name: bad"), "p.yaml": PRICE})
    workloads = "chat.yaml\nbad.yaml\nstartup-chat\n../x.yaml"
    ran = job(held, CI_MERGE_REQUEST_DIFF_BASE_SHA=base, TCO_FILES="p.yaml", TCO_WORKLOADS=workloads)
    assert ran.code == 2
    folder = held.folder / ".tco-check"
    for text in (ran.out, ran.err, *((folder / name).read_text("utf-8") for name in ("junit.xml", "report.md"))):
        assert ".tco-check" not in text
    assert "chat.yaml:1:1: error: budget: check.budget of tco.toml: usd_per_month rose by 135 USD/month" in ran.out
    assert 'file="chat.yaml"' in (folder / "junit.xml").read_text("utf-8")
    assert "base:bad.yaml cannot be compared: tco compare left with 2" in ran.err
    assert "base:p.yaml" in ran.err
    assert "../x.yaml: expected a path in this repository" in ran.err
    # A workload of the catalogue is the same on both sides.
    rows = [
        line for line in (folder / "report.md").read_text("utf-8").splitlines() if line.startswith("| Start-up chat")
    ]
    assert len(rows) == 3
    assert all(row.endswith("| none |") for row in rows)


def test_the_default_branch_and_what_cannot_be_compared(job, tmp_path: Path) -> None:
    held = repository(tmp_path / "r", {"chat.yaml": CHAT, "p.yaml": PRICE})
    clean = job(held, TCO_FILES="p.yaml", TCO_WORKLOADS="chat.yaml")
    assert clean.code == 0, clean.err
    root = ElementTree.parse(held.folder / ".tco-check" / "junit.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "0")
    broken = job(held, TCO_FILES="p.yaml", TCO_WORKLOADS="gone.yaml")
    assert broken.code == 2
    assert "\ngone.yaml cannot be compared: tco compare left with 2" in broken.err
    assert (held.folder / ".tco-check" / "junit.xml").is_file()
