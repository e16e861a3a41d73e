"""What a run imports, instead of what it takes: modules, not a clock."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HEAVY = (
    "pydantic",
    "numpy",
    "pandas",
    "matplotlib",
    "rich",
    "yaml",
    "pynvml",
    "typer.rich_utils",
    "importlib.metadata",
)
PROBE = """
import json, sys
sys.argv = ["tco", *sys.argv[1:]]
from tco.cli.main import run
try:
    run()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def modules(home, *arguments: str) -> set[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TCO_", "COV_", "COVERAGE_"))}
    command = [sys.executable, "-c", PROBE, *arguments]
    ran = subprocess.run(command, cwd=home, env=kept, capture_output=True, text=True, check=True)
    assert ran.stdout
    return set(json.loads(ran.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_imports_nothing_heavy(home, arguments):
    loaded = modules(home, *arguments)
    assert not loaded & set(HEAVY)
    assert not {name for name in loaded if name.startswith(("tco.describe", "tco.files", "tco.report", "tco.evaluate"))}


@pytest.mark.parametrize("command", ["compare", "explain", "breakeven", "list", "show", "init"])
def test_the_help_of_a_command_reads_no_data(home, command):
    assert not modules(home, command, "--help") & {"numpy", "pandas", "matplotlib", "rich", "yaml", "pynvml"}


UNUSED = {"pandas", "matplotlib", "pynvml", "duckdb", "scipy", "openpyxl"}
LATER = {"numpy.ma", "tco.describe.profile", "tco.decide.duel"}  # a comparison needs none of them


@pytest.mark.parametrize("arguments", [["compare", "chat.yaml", "--json"], ["explain", "chat.yaml", "mini", "--json"]])
def test_a_json_answer_needs_no_tables_and_no_charts(home, arguments):
    assert not modules(home, *arguments) & {*UNUSED, "rich"}


def test_a_comparison_imports_what_it_uses(home):
    assert not modules(home, "compare", "chat.yaml", "--json") & LATER


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "chat.yaml"],
        ["breakeven", "chat.yaml", "--own", "4090", "--versus", "mini", "--json"],
        ["list", "prices"],
        ["show", "hardware", "h100-sxm"],
    ],
)
def test_an_answer_needs_no_charts(home, arguments):
    assert not modules(home, *arguments) & UNUSED


def test_a_bad_workload_is_refused_before_any_arithmetic(home):
    (home / "w.yaml").write_text("name: t\n", encoding="utf-8")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        modules(home, "compare", "w.yaml")
    assert caught.value.returncode == 2
