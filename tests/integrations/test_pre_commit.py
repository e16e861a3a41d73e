"""The pre-commit hook: a valid manifest, on the files it should run on, with a command that runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from tests.integrations.conftest import PRICE, ROOT

MANIFEST = ROOT / ".pre-commit-hooks.yaml"
(HOOK,) = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))


def test_the_manifest_is_valid() -> None:
    validate = [sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST)]
    subprocess.run(validate, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("path", "is_checked"),
    [
        ("assumptions.yaml", True),
        ("cost/assumptions-2026.yml", True),
        ("budgets.yaml", True),
        ("golden.yaml", True),
        ("docs/claims/000-tiles.yaml", True),
        ("budget.json", True),
        ("Budget-2026.yaml", True),
        ("budgets/team.yaml", True),
        ("cost/my-assumptions.yaml", True),
        ("cost/llm_budget.v2.yml", True),
        ("claims/a.json", True),
        ("pricing/rents.csv", False),
        ("data/hardware_profiles/h100.yaml", False),
        ("quality/scores.csv", False),
        ("workloads/chat.yaml", False),
        ("k8s/workloads/d.yaml", False),
        ("src/quality/m.csv", False),
        ("quality-gate.yml", False),
        ("pricing-rules.yaml", False),
        ("tests/golden/page.json", False),
        ("golden-set.json", False),
        ("reclaims.yaml", False),
        ("goldengate.yaml", False),
        ("budgets.csv", False),
        ("budgeting/a.yaml", False),
        ("pricing/notes.md", False),
        ("src/pricing.py", False),
        ("repricing/rents.csv", False),
        ("assumptions.md", False),
        ("docker-compose.yaml", False),
        (".github/workflows/ci.yml", False),
        ("workloads-old/chat.yaml", False),
    ],
)
def test_files_of_the_hook(path: str, is_checked: bool) -> None:
    from identify.identify import tags_from_filename

    of_type = bool(tags_from_filename(path) & set(HOOK["types_or"]))
    assert (of_type and bool(re.search(HOOK["files"], path))) is is_checked


def test_the_overrides_of_the_documentation() -> None:
    known = import_module("pre_commit.clientlib").CONFIG_HOOK_DICT.items  # the keys that a configuration may override
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    part = page.partition("\n## pre-commit\n")[2].partition("\n## ")[0]
    whole, overrides = (
        yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
    )
    (repo,) = whole["repos"]
    for hook in (*repo["hooks"], *overrides):
        assert hook["id"] == HOOK["id"]
        assert set(hook) <= {each.key for each in known if hasattr(each, "key")}
    excluding, own = overrides
    assert re.search(HOOK["files"], "web/budget.json")
    assert re.search(excluding["exclude"], "web/budget.json")
    assert re.search(own["files"], "data/pricing/rents.csv")
    assert "csv" in own["types_or"]


def test_the_entry_is_the_command(tmp_path: Path) -> None:
    assert shlex.split(HOOK["entry"]) == ["tco", "check"]
    (tmp_path / "assumptions.yaml").write_text(PRICE, encoding="utf-8")
    (tmp_path / "budget.yaml").write_text(PRICE.replace("USD/M", "USD/k"), encoding="utf-8")
    command = [sys.executable, "-P", "-m", *shlex.split(HOOK["entry"]), "--as-of", "2026-11-22"]
    for names, code in ((["assumptions.yaml"], 0), (["assumptions.yaml", "budget.yaml"], 1)):
        ran = subprocess.run([*command, *names], cwd=tmp_path, check=False, capture_output=True, text=True)
        assert ran.returncode == code, ran.stderr
