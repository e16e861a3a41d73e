"""A repository with a base branch and a pull request, a runner that runs the steps of ``action.yml``, a fake ``gh``."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DAY = "2026-11-22"
# 900k x (1200 x 0.15 + 250 x 0.60) / 1e6 = 162 + 135 = 297 USD/month
CHAT = """\
name: chat
demand: {requests: "900k /month"}
tokens: {input: 1200, output: 250}
candidates: {api: [openai/gpt-4o-mini], budget_cloud: [], self_hosted: []}
site: {electricity: 0.15}
"""
PRICE = """\
assumptions:
  - {id: mini, subject: openai/gpt-4o-mini input, value: "0.15 USD/Mtok", source: list, verified_at: 2026-11-20}
"""
EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


@dataclass
class Repository:
    """A git repository in a folder."""

    folder: Path

    def git(self, *words: str) -> str:
        named = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        ran = subprocess.run(["git", *named, *words], cwd=self.folder, check=True, capture_output=True, text=True)
        return ran.stdout.strip()

    def commit(self, files: Mapping[str, str | None]) -> str:
        """Write (or, with None, delete) files and commit them; the commit's id."""
        for name, text in files.items():
            path = self.folder / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        return self.git("rev-parse", "HEAD")


def repository(folder: Path, files: Mapping[str, str | None]) -> Repository:
    """A repository with one commit on the branch main."""
    folder.mkdir(parents=True)
    made = Repository(folder)
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit(files)
    return made


def pull_request(made: Repository, files: Mapping[str, str | None], *, fork: bool = False) -> dict[str, Any]:
    """Commit files on a branch, check out its merge as GitHub does, and give the event."""
    base = made.git("rev-parse", "main")
    made.git("checkout", "--quiet", "-B", "topic", "main")
    head = made.commit(files)
    made.git("checkout", "--quiet", "--detach", "main")
    made.git("merge", "--quiet", "--no-ff", "--message", "merge", "topic")
    owner = {"repo": {"fork": fork}}
    return {"action": "opened", "pull_request": {"number": 7, "base": {"sha": base}, "head": {"sha": head, **owner}}}


@dataclass(frozen=True)
class Ran:
    """What one run left behind."""

    code: int
    out: str
    err: str = ""
    summary: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)

    def annotations(self, level: str) -> list[str]:
        return [line for line in self.out.splitlines() if line.startswith(f"::{level} ")]


@dataclass
class Runner:
    """Runs steps as GitHub does: expressions only in ``env``, the rest in bash, files for outputs and the summary."""

    temp: Path
    read_only: bool = False

    def __post_init__(self) -> None:
        wrapper = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m tco "$@"\n'
        program(self.temp / "tco-venv" / "bin" / "tco", wrapper)
        gh = Path(__file__).with_name("fake_gh.py")
        program(
            self.temp / "bin" / "gh", f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(gh))} "$@"\n'
        )
        program(self.temp / "bin" / "python", f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: held for name, held in os.environ.items() if name in ("PATH", "HOME", "XDG_DATA_HOME")}
        more = {"GH_READ_ONLY": "1"} if self.read_only else {}
        return {
            **kept, **more, "PATH": f"{self.temp / 'bin'}:{os.environ['PATH']}", "RUNNER_TEMP": str(self.temp),
            "GH_STATE": str(self.temp / "gh.json"), "GITHUB_REPOSITORY": "o/r", "GITHUB_ACTION_PATH": str(ROOT),
            "GIT_CONFIG_GLOBAL": os.devnull,
        }  # fmt: skip

    @property
    def github(self) -> dict[str, Any]:
        """The comments, issues and calls that the fake ``gh`` holds."""
        held: dict[str, Any] = json.loads((self.temp / "gh.json").read_text(encoding="utf-8"))
        return held

    def github_has(self, **held: list[dict[str, Any]]) -> None:
        state = {"comments": [], "issues": [], "calls": [], **held}
        (self.temp / "gh.json").write_text(json.dumps(state), encoding="utf-8")

    def bash(self, script: str, folder: Path, **environment: str) -> Ran:
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=folder, check=False,
            capture_output=True, text=True, env={**self.environment, **environment}, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def action(self, folder: Path, event: Mapping[str, Any], *, name: str = "pull_request", **inputs: str) -> Ran:
        """All steps of ``action.yml`` but the installation, which has no network here."""
        action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
        given = {key: str(held.get("default", "")) for key, held in action["inputs"].items()}
        given |= {"as-of": DAY, "token": "t", **{key.replace("_", "-"): held for key, held in inputs.items()}}
        files = {part: self.temp / part for part in ("event.json", "output", "summary")}
        files["event.json"].write_text(json.dumps(event), encoding="utf-8")
        for part in ("output", "summary"):
            files[part].write_text("", encoding="utf-8")
        outputs: dict[str, str] = {}
        code, out, err = 0, "", ""
        for step in action["runs"]["steps"]:
            wanted = given["comment"] == "true" and name.startswith("pull_request")
            if step.get("name") in (None, "Install tco") or ("if" in step and not wanted):
                continue
            environment = {key: _value(held, given, outputs) for key, held in step.get("env", {}).items()}
            paths = {"EVENT_PATH": "event.json", "OUTPUT": "output", "STEP_SUMMARY": "summary"}
            own = {f"GITHUB_{key}": str(files[part]) for key, part in paths.items()}
            ran = self.bash(step["run"], folder, **environment, **own)
            code, out, err = ran.code, out + ran.out, err + ran.err
            lines = files["output"].read_text(encoding="utf-8").splitlines()
            outputs = dict(line.split("=", 1) for line in lines)
            if code:
                break
        return Ran(code, out, err, files["summary"].read_text(encoding="utf-8"), outputs)


def _value(text: str, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> str:
    """An expression of ``env``: an input, or an output of the step ``check``."""

    def known(found: re.Match[str]) -> str:
        source, _, name = found[1].rpartition(".")
        return {"inputs": inputs, "steps.check.outputs": outputs}[source][name]

    return EXPRESSION.sub(known, text)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path / "runner temp")


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    held: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return held
