"""Blocks of the documentation that tests run: commands with their output, and files the commands read.

A ```console block holds commands (lines that begin with ``$ ``) and the output each prints. An HTML comment on
the line before a fence says more; readers do not see it:

    <!-- file: chat.yaml -->     the block is a file: write it before the next command runs
    <!-- exit: 1 -->             the commands of the block end with this exit code instead of 0
    <!-- show: 1-12, ^Verdict -->   show these lines of the output, or the paragraph whose first line matches,
                                 with an ellipsis for what is left out; `^Solved-` shows all from there on

``pytest tests/docs --update-golden`` runs every command and rewrites the output shown below it.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from tco.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
WIDTH = "118"
GAP = "…"
FENCE = re.compile(
    r"(?P<notes>(?:<!-- [^\n]* -->\n)*)```(?P<language>[a-z]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
NOTE = re.compile(r"<!-- (\w+): (.*?) -->")


@dataclass(frozen=True)
class Ran:
    """What a command printed and how it ended."""

    stdout: str
    stderr: str
    code: int


@dataclass(frozen=True)
class Step:
    """One command of a page as it is written there, and what it does now."""

    command: str
    shown: str
    wanted_code: int
    ran: Ran
    now: str


def run(command: str, folder: Path) -> Ran:
    """Run one ``tco`` command in this process, in a folder, without a terminal; `` > FILE`` goes to a file."""
    command, _, target = command.partition(" > ")
    words = shlex.split(command)
    assert words[0] == "tco", f"only tco commands are run, got {command!r}"
    out, err, code = io.StringIO(), io.StringIO(), 0
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TCO_")}
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.dict(os.environ, {**clean, "COLUMNS": WIDTH, "NO_COLOR": "1", "TERM": "dumb"}, clear=True),
        mock.patch.object(sys, "argv", words),
    ):
        try:
            main.run()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
    if target:
        (folder / target).write_text(out.getvalue(), encoding="utf-8")
    return Ran("" if target else out.getvalue(), err.getvalue(), code)


def trimmed(text: str, show: str | None) -> str:
    """The lines to show: all of them, or the parts that ``show`` names with an ellipsis where some are left out."""
    lines = "\n".join(line.rstrip() for line in text.splitlines()).strip("\n").splitlines()
    if show is None:
        return "\n".join(lines)
    kept: list[str] = []
    after = 0
    for part in show.split(", "):
        start, end = _span(part, lines)
        kept += [GAP] if any(lines[after:start]) else [""] if start > after else []
        kept += lines[start:end]
        after = end
    return "\n".join([*kept, GAP] if any(lines[after:]) else kept)


def _span(part: str, lines: list[str]) -> tuple[int, int]:
    """First and one past the last line of ``3``, ``3-5``, ``^Verdict`` (to the next empty line) or ``^Verdict-``."""
    if not part.startswith("^"):
        first, _, last = part.partition("-")
        return int(first) - 1, min(int(last or first), len(lines))
    pattern = part.removesuffix("-")
    start = next((index for index, line in enumerate(lines) if re.search(pattern, line, re.IGNORECASE)), -1)
    assert start >= 0, f"no line matches {pattern}"
    ends = (index for index in range(start, len(lines)) if not lines[index])
    return start, len(lines) if part.endswith("-") else next(ends, len(lines))


def steps(page: Path, folder: Path) -> Iterator[Step]:
    """Run a page's commands in order, with the files it shows, in one folder."""
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        notes = dict(NOTE.findall(block["notes"]))
        if "file" in notes:
            path = folder / notes["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"], encoding="utf-8")
        if block["language"] == "console":
            yield from _block_steps(block["text"], notes, folder)


def _block_steps(text: str, notes: dict[str, str], folder: Path) -> Iterator[Step]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        ran = run(command, folder)
        now = trimmed(ran.stdout + ran.stderr, notes.get("show"))
        yield Step(command, shown.strip("\n"), int(notes.get("exit", 0)), ran, now)


def setting(folder: Path) -> Path:
    """Put what a reader of a fresh clone has into a folder: the workload files."""
    (folder / "workloads").symlink_to(ROOT / "workloads")
    return folder


def refreshed(page: Path) -> str:
    """The page with what its commands print now."""
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for step in steps(page, setting(Path(folder))):
            assert step.ran.code == step.wanted_code, f"{step.command}: {step.ran.stderr}"
            if step.shown:
                old, new = (f"$ {step.command}\n{output}\n" for output in (step.shown, step.now))
                assert text.count(old) == 1, f"{page.name}: {step.command} is written twice with the same output"
                text = text.replace(old, new)
    return text
