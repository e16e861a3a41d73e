"""The wheel is complete: built, installed into a fresh environment, asked from an empty folder."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
DATA_FOLDERS = ("pricing", "hardware_profiles", "model_profiles", "quality", "workloads")

pytestmark = pytest.mark.wheel


def call(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command without the settings of this checkout and this user."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("TCO_", "PYTHON", "COV_", "COVERAGE_"))
    }
    return subprocess.run(command, cwd=cwd, env=kept, text=True, encoding="utf-8", capture_output=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from the source distribution, so that both are shown to be complete."""
    folder = tmp_path_factory.mktemp("dist")
    built = call(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a fresh environment that holds the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("fresh")
    created = call(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    assert created.returncode == 0, created.stderr
    commands = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip = (sys.executable, "-m", "pip", "--python", commands / "python", "--disable-pip-version-check", "--no-input")
    alone = call(*pip, "install", "--quiet", "--no-deps", wheel, cwd=folder)
    assert alone.returncode == 0, alone.stderr
    complete = call(*pip, "install", "--quiet", wheel, cwd=folder)
    if complete.returncode and not os.environ.get("CI"):
        pytest.skip(f"the dependencies cannot be installed here: {complete.stderr.strip().splitlines()[-1]}")
    assert complete.returncode == 0, complete.stderr
    return commands


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def test_every_data_file_and_licence_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in DATA_FOLDERS:
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file() and not path.name.startswith(".")]
        assert files, f"{folder}/ holds no file"
        missing = sorted({f"tco/data/{path.relative_to(ROOT).as_posix()}" for path in files} - names)
        assert not missing
    for name in ("licenses/LICENSE", "licenses/NOTICE", "entry_points.txt"):
        assert any(entry.endswith(f".dist-info/{name}") for entry in names), name
    assert "tco/py.typed" in names


def test_compare_answers_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    answer = call(installed / "tco", "compare", "workloads/startup-chat.yaml", "--json", cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    result: dict[str, Any] = json.loads(answer.stdout, parse_constant=refuse)
    assert result["schema"] == "tco.compare/1"
    assert result["workload"]["name"] == "Start-up chat"
    feasible = {option["id"]: option for option in result["options"] if option["feasible"]}
    assert result["verdict"]["cheapest"] in feasible
    for name, option in feasible.items():
        total = math.fsum(line["usd_per_month"] for line in option["ledger"])
        assert option["usd_per_month"] == pytest.approx(total, rel=1e-12), name
        assert all(line["formula"] and line["source"] for line in option["ledger"]), name
    assert not list(tmp_path.iterdir()), "compare leaves no file behind"


def test_python_m_tco_is_the_command(installed: Path, tmp_path: Path) -> None:
    by_module = call(installed / "python", "-m", "tco", "--help", cwd=tmp_path)
    assert by_module.returncode == 0, by_module.stderr
    assert "compare" in by_module.stdout
