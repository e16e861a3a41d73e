"""The command in this process: its exit code, its two streams, and a folder of its own."""

from __future__ import annotations

import gc
import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tco.cli.main import run

DAY = "2026-11-22"
WORKLOAD = """\
name: chat
demand: {requests: "900k /month"}
tokens: {input: 1200, output: 250}
candidates:
  api: [openai/gpt-4o-mini, anthropic/claude-haiku-4.5]
  budget_cloud: [{model: qwen3-8b, hardware: h100-sxm, usd_per_gpu_h: 2.5}]
  self_hosted: [{model: qwen3-8b, hardware: rtx-4090}]
site: {electricity: 0.15}
"""


@dataclass(frozen=True)
class Ran:
    """What one run of the command left behind."""

    code: int
    out: str
    err: str

    @property
    def record(self) -> Any:
        """The one JSON object on stdout; text around it or NaN in it is an error."""
        return json.loads(self.out, parse_constant=pytest.fail)


Tco = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with a workload in it, without anyone's settings."""
    for name in [name for name in os.environ if name.startswith("TCO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chat.yaml").write_text(WORKLOAD, encoding="utf-8")
    return tmp_path


@pytest.fixture
def tco(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tco:
    """Run ``tco`` with arguments and what is typed at it."""

    def call(*arguments: str | Path, typed: str = "") -> Ran:
        monkeypatch.setattr(sys, "argv", ["tco", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        capsys.readouterr()
        try:
            run()
            code: Any = 0
        except SystemExit as left:
            code = left.code or 0
        finally:
            gc.enable()
        streams = capsys.readouterr()
        return Ran(int(code), streams.out, streams.err)

    return call
