"""``action.yml``: its parts fit together, and its steps do what they promise on events as GitHub sends them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integrations.conftest import CHAT, EXPRESSION, PRICE, ROOT, Runner, program, pull_request, repository

SCRIPTS = ROOT / "integrations" / "github"
BUDGET = '[check.budget]\nmax_increase = "10 %"\n'
DEARER = CHAT.replace("output: 250", "output: 500")  # 162 + 270 = 432 USD/month
SLIPPED = PRICE.replace("USD/Mtok", "USD/ktok")
PUSH = {"ref": "refs/heads/main", "before": "0" * 40}
GIVEN = {
    "GITHUB_ACTION_PATH",
    "GITHUB_EVENT_PATH",
    "GITHUB_OUTPUT",
    "GITHUB_REPOSITORY",
    "GITHUB_STEP_SUMMARY",
    "RUNNER_TEMP",
}


# --- the file -----------------------------------------------------------------------------------------


def test_every_expression_names_something_and_none_is_in_a_script(action: dict[str, Any]) -> None:
    ids = {step["id"] for step in action["runs"]["steps"] if "id" in step}
    used = set()
    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), "what an event says must not become part of a script"
        assert ("run" in step) == (step.get("shell") == "bash")
    for expression in EXPRESSION.findall((ROOT / "action.yml").read_text(encoding="utf-8")):
        for name in re.findall(r"inputs\.([\w-]+)", expression):
            assert name in action["inputs"]
            used.add(name)
        for step, output in re.findall(r"steps\.(\w+)\.outputs\.([\w-]+)", expression):
            assert step in ids
            assert (step, output) in {("check", "exit-code"), ("check", "report"), ("python", "python-path")}
    assert used == set(action["inputs"])


def test_every_variable_of_a_script_is_given_to_it(action: dict[str, Any]) -> None:
    for step in action["runs"]["steps"]:
        for script in re.findall(r"integrations/github/(\w+\.sh)", step.get("run", "")):
            text = (SCRIPTS / script).read_text(encoding="utf-8")
            read = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", text)) - {"PATH"}
            given = set(step.get("env", {}))
            assert read - GIVEN == given - {"GH_TOKEN"}, script


def test_actions_are_pinned_to_a_version(action: dict[str, Any]) -> None:
    assert [step["uses"] for step in action["runs"]["steps"] if "uses" in step] == ["actions/setup-python@v5"]


def test_tco_is_installed_beside_the_packages_of_the_job(
    runner: Runner, tmp_path: Path, action: dict[str, Any]
) -> None:
    calls = tmp_path / "calls"
    record = f'#!/bin/sh\nprintf "%s\\n" "$0 $*" >>"{calls}"\n'
    program(tmp_path / "python", record + 'mkdir -p "$4/bin" && cp "$0" "$4/bin/python"\n')
    (install,) = [step for step in action["runs"]["steps"] if step.get("name") == "Install tco"]
    ran = runner.bash(install["run"], tmp_path, TCO_PYTHON=str(tmp_path / "python"))
    assert (ran.code, ran.err) == (0, "")
    venv = runner.temp / "tco-venv"
    made, installed = calls.read_text(encoding="utf-8").splitlines()
    assert made == f"{tmp_path / 'python'} -I -m venv {venv}"
    assert installed == f"{venv}/bin/python -I -m pip install --quiet --disable-pip-version-check {ROOT}"


# --- a pull request -----------------------------------------------------------------------------------


def test_a_pull_request_and_its_correction(runner: Runner, tmp_path: Path) -> None:
    held = repository(tmp_path / "r", {"prices.yaml": PRICE, "chat.yaml": CHAT, "tco.toml": BUDGET})
    runner.github_has(comments=[{"id": 1, "user": "somebody", "body": "<!-- tco:check --> all is well"}])
    asked = {"files": "prices.yaml\n", "workloads": "chat.yaml"}

    event = pull_request(held, {"prices.yaml": SLIPPED, "chat.yaml": DEARER})
    ran = runner.action(held.folder, event, **asked)
    assert (ran.code, ran.outputs["exit-code"]) == (1, "1")
    errors = ran.annotations("error")
    assert any(line.startswith("::error file=prices.yaml,line=2,") and "x1000" in line for line in errors)
    assert any(
        line.startswith("::error file=chat.yaml,line=1,col=1,title=budget") and "rose by 135 USD/month" in line
        for line in errors
    )
    assert any("step" in line and "+99" in line for line in errors)  # against the base branch
    row = r"| chat | API | **openai/gpt-4o-mini** | 297.00 | **openai/gpt-4o-mini** | 432.00 | +135.00 (+45.5%) |"
    first, second = runner.github["comments"]
    assert first["body"].endswith("all is well")  # somebody else's
    assert second["body"].startswith("<!-- tco:check -->\n")
    assert row in second["body"]
    assert ran.summary == second["body"] == Path(ran.outputs["report"]).read_text(encoding="utf-8")
    assert ".tco-check" not in second["body"] + ran.out

    event = pull_request(held, {"prices.yaml": PRICE + "# checked\n", "chat.yaml": CHAT.replace("250", "260")})
    ran = runner.action(held.folder, event, **asked)
    # 900k x (1200 x 0.15 + 260 x 0.60) / 1e6 = 302.4, which is 1.8% more
    assert (ran.code, ran.annotations("error")) == (0, [])
    _, replaced = runner.github["comments"]
    assert replaced["id"] == second["id"]
    assert "| 302.40 | +5.40 (+1.8%) |" in replaced["body"]
    assert "clean: " in replaced["body"]
    assert held.git("status", "--porcelain") == ""  # nothing is left in the checkout
    assert len(held.git("worktree", "list").splitlines()) == 1


def test_a_shallow_clone_new_files_odd_names_and_a_flipped_verdict(runner: Runner, tmp_path: Path) -> None:
    cheap = "budget_cloud: [together/deepseek-v4-flash]"
    held = repository(
        tmp_path / "origin", {"w/flip [1] *.yaml": DEARER, "w/flip 1 x.yaml": "no: workload", "tco.toml": BUDGET}
    )
    old = held.git("rev-parse", "main")
    held.commit({"w/flip [1] *.yaml": CHAT})
    held.git("config", "uploadpack.allowAnySHA1InWant", "true")
    changed = CHAT.replace("budget_cloud: []", cheap)
    new = CHAT.replace("name: chat", "name: new")
    event = pull_request(held, {"w/flip [1] *.yaml": changed, "-new.yaml": new, "prices $(id).yaml": PRICE})
    event["pull_request"]["base"]["sha"] = old  # GitHub may name one that the branch has left behind
    held.git("branch", "merged")
    folder = tmp_path / "shallow"
    held.git("clone", "--quiet", "--depth=1", "--branch=merged", f"file://{held.folder}", str(folder))

    ran = runner.action(
        folder, event, workloads="w/flip [1] *.yaml\n  -new.yaml \n\n", files="prices $(id).yaml", comment="false"
    )
    (error,) = ran.annotations("error")
    assert "the verdict flipped: the cheapest tier was api, now it is budget_cloud" in error
    assert error.startswith("::error file=w/flip [1] *.yaml,line=1,col=1,title=verdict")
    assert ran.code == 1
    (note,) = ran.annotations("notice")
    assert note.startswith("::notice file=-new.yaml,")
    assert "new: no baseline of workload 'new', so its change is not judged" in note
    assert "| chat | API | **openai/gpt-4o-mini** | 297.00 | openai/gpt-4o-mini | 297.00 | none |" in ran.summary
    assert "| chat | budget cloud | none | – | **together/deepseek-v4-flash** |" in ran.summary
    assert "| new | API | none | – | **openai/gpt-4o-mini** | 297.00 | – |" in ran.summary
    assert not (runner.temp / "gh.json").exists()  # no comment was asked for


def test_a_branch_is_held_against_where_it_began(runner: Runner, tmp_path: Path) -> None:
    held = repository(tmp_path / "r", {"prices.yaml": PRICE})
    event = pull_request(held, {"other": "x"})
    held.git("checkout", "--quiet", "main")
    event["pull_request"]["base"]["sha"] = held.commit({"prices.yaml": PRICE.replace("0.15", "2")})
    held.git("checkout", "--quiet", "topic")  # instead of the merge; against main of today it would be a step of -92%
    ran = runner.action(held.folder, event, files="prices.yaml", comment="false")
    assert (ran.code, ran.annotations("error")) == (0, [])
    assert "baseline base:prices.yaml" in ran.out


def test_a_pull_request_that_repairs_the_base_branch(runner: Runner, tmp_path: Path) -> None:
    held = repository(
        tmp_path / "r", {"prices.yaml": "assumptions: [", "chat.yaml": "name: [", "claims.yaml": "claims: []"}
    )
    claim = (
        'claims: [{id: x, quote: "…", date: 2026-03-24, states: {quantity: saving, value: 150 x, formula: high / low, '
        "from: {high: 15 USD/Mtok, low: 0.10 USD/Mtok}}}]\n"
    )
    event = pull_request(held, {"prices.yaml": PRICE, "chat.yaml": CHAT, "claims.yaml": claim}, fork=True)
    runner.read_only = True
    ran = runner.action(held.folder, event, files="prices.yaml\nclaims.yaml", workloads="chat.yaml")
    assert (ran.code, ran.annotations("error")) == (0, [])
    prices, chat, comment = ran.annotations("warning")
    assert "the base branch's prices.yaml is no baseline: " in prices
    assert "the base branch's chat.yaml cannot be compared: chat.yaml:" in chat
    # The token of a pull request from a fork may only read: the summary has the report all the same.
    assert "could not be written: gh: Resource not accessible by integration (HTTP 403)" in comment
    assert runner.github["comments"] == []
    assert "| chat | API | none | – |" in ran.summary


def test_an_overlay_that_a_pull_request_adds(runner: Runner, tmp_path: Path) -> None:
    held = repository(tmp_path / "r", {"chat.yaml": CHAT})
    offer = (
        "provider: openai\noffers:\n  - model: gpt-4o-mini\n    tier: api\n    rates:\n      - {since: 2026-01-01, "
        "usd_per_mtok: {input: 0.30, output: 0.60}, source: contract, as_of: 2026-11-01, kind: vendor}\n"
    )
    event = pull_request(held, {"mine/pricing/tokens/openai.yaml": offer})
    ran = runner.action(held.folder, event, workloads="chat.yaml", data="mine", comment="false")
    # 900k x (1200 x 0.30 + 250 x 0.60) / 1e6 = 324 + 135 = 459
    assert (ran.code, ran.annotations("error")) == (0, [])
    assert "| 297.00 | **openai/gpt-4o-mini** | 459.00 | +162.00 (+54.5%) |" in ran.summary


# --- other events, and what goes wrong ----------------------------------------------------------------


def test_a_push_has_no_base_branch(runner: Runner, tmp_path: Path) -> None:
    held = repository(tmp_path / "r", {"chat.yaml": CHAT, "tco.toml": BUDGET})
    ran = runner.action(held.folder, PUSH, name="push", workloads="chat.yaml")
    assert (ran.code, ran.outputs["exit-code"], ran.annotations("error")) == (0, "0", [])
    assert "no baseline of workload" in "".join(ran.annotations("notice"))
    assert not (runner.temp / "gh.json").exists()


def test_what_cannot_be_checked_stops_nothing_else_and_fails(runner: Runner, tmp_path: Path) -> None:
    nobody = (
        CHAT.replace("site:", "slo: {ttft_p95: 0.001 ms}\nsite:")
        .replace("name: chat", "name: nobody")
        .replace(
            "api: [openai/gpt-4o-mini], budget_cloud: [], self_hosted: []",
            "api: [], budget_cloud: [], self_hosted: [{model: qwen3-8b, hardware: rtx-4090}]",
        )
    )
    held = repository(tmp_path / "r", {"gone.yaml": CHAT, "nobody.yaml": nobody})
    event = pull_request(held, {"gone.yaml": None, "broken.yaml": "name: 5%\n::error::x\n", "::error::x": "a: ["})
    ran = runner.action(
        held.folder,
        event,
        workloads="gone.yaml\nbroken.yaml\n../r/nobody.yaml\nnobody.yaml\n::error::x",
        fail_on="warning",
    )
    assert (ran.code, ran.outputs["exit-code"]) == (2, "2")
    gone, broken, outside, forged, unserved = ran.annotations("error")
    assert "::::error::x cannot be compared: " in forged
    assert not any(line.lstrip().startswith("::") for line in ran.err.splitlines())  # the runner reads both streams
    assert not any(line.startswith("::error::") for line in ran.out.splitlines())
    assert "gone.yaml cannot be compared: " in gone
    assert "; the base branch has it: take a deleted workload off the list" in gone
    assert "broken.yaml cannot be compared: broken.yaml:3:1: not valid YAML" in broken
    assert "expected a path in this repository" in outside
    assert unserved.startswith("::error file=nobody.yaml,")
    assert "no option can serve the workload" in unserved
    (comment,) = runner.github["comments"]
    assert comment["body"].startswith("<!-- tco:check -->\n")
    assert "no option can serve" in comment["body"]
    assert "\n    gone.yaml cannot be compared" in comment["body"]


@pytest.mark.parametrize(
    ("inputs", "code", "words"),
    [
        ({}, 2, "nothing to check"),
        ({"files": "prices.yaml"}, 2, "tco.toml: check.rules.stal: no such rule"),
    ],
)
def test_a_wrong_configuration(runner: Runner, tmp_path: Path, inputs: dict[str, str], code: int, words: str) -> None:
    held = repository(tmp_path / "r", {"prices.yaml": PRICE, "tco.toml": '[check.rules]\nstal = "off"\n'})
    ran = runner.action(held.folder, PUSH, name="push", **inputs)
    assert (ran.code, ran.outputs["exit-code"]) == (code, str(code))
    (error,) = ran.annotations("error")
    assert words in error
    assert words in ran.summary.replace("\\", "")


def test_a_base_branch_out_of_reach_is_no_silence(runner: Runner, tmp_path: Path) -> None:
    held = repository(tmp_path / "r", {"prices.yaml": PRICE})
    event = {"pull_request": {"number": 7, "base": {"sha": "1" * 40}, "head": {"sha": "2" * 40}}}
    ran = runner.action(held.folder, event, files="prices.yaml", comment="false")
    assert (ran.code, ran.outputs["exit-code"]) == (3, "3")
    (error,) = ran.annotations("error")
    assert "cannot be read" in error
    assert "fetch-depth: 0" in error


def test_a_module_of_the_checkout_is_not_run(runner: Runner, tmp_path: Path) -> None:
    bad = 'open("ran", "w")\n'
    held = repository(tmp_path / "r", {"prices.yaml": PRICE, "json.py": bad, "yaml.py": bad, "sitecustomize.py": bad})
    ran = runner.action(held.folder, pull_request(held, {"x": "x"}), files="prices.yaml")
    assert (ran.code, len(runner.github["comments"])) == (0, 1)
    assert not (held.folder / "ran").exists()


def test_the_workflow_of_the_documentation() -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    blocks = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)]
    steps = [
        step
        for block in blocks
        if isinstance(block, dict)
        for job in block.get("jobs", {}).values()
        for step in job["steps"]
    ]
    own = [step for step in steps if "/tco@" in step.get("uses", "")]
    assert own
    for step in own:
        assert set(step.get("with", {})) <= set(action["inputs"])
    for name in (*action["inputs"], *action["outputs"]):
        assert f"`{name}`" in page


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
@pytest.mark.parametrize(
    ("script", "key", "marker"),
    [("comment.sh", "id", "<!-- tco:check -->"), ("stale.sh", "number", "<!-- tco:stale -->")],
)
def test_the_filters_of_the_scripts(script: str, key: str, marker: str) -> None:
    (wanted,) = re.findall(r"--jq '(.*?)'", (SCRIPTS / script).read_text(encoding="utf-8"), re.DOTALL)
    held = [
        {key: 1, "user": {"login": "a"}, "body": None},
        {key: 2, "user": {"login": "b"}, "body": f"quoted {marker}"},
        {key: 3, "user": {"login": "c"}, "body": f"{marker}\n…"},
        {key: 4, "user": {"login": "d"}, "body": f"{marker}\n…"},
    ]
    ran = subprocess.run(["jq", "-r", wanted], input=json.dumps(held), check=True, capture_output=True, text=True)
    assert ran.stdout == "3\tc\n4\td\n"
