"""Presentation, word for word: small workloads on a small overlay, at 120 columns.

The numbers are worked out by hand in the workloads and asserted here; the files only guard how they are shown.
"""

from __future__ import annotations

import gc
import json
import re
import sys
from pathlib import Path

import pytest

from tco import __version__
from tco.cli.main import run

HERE = Path(__file__).parent
RUNS = [
    ("support-chat", "compare", [], 0),
    ("support-chat", "explain", ["own:"], 0),
    ("support-chat", "breakeven", ["--own", "own:", "--versus", "acme-small"], 0),
    ("offline-batch", "compare", [], 0),
    ("no-option", "compare", ["--include-infeasible"], 1),
]
BY_HAND = {
    "acme/acme-small": 432 + 64.80 + 1125,
    "acme/acme-large": 5 * (432 + 64.80 + 1125),
    # 730 h of rent, and a tenth of an engineer
    "stated:on_demand:golden-24gb/golden-8b-fp8": 730 * 0.5 + 1250,
    # 3,000 USD over 36 months; 480 tok / 20,000 + 250 / 1,000 = 0.274 s a request, 68.5 h busy at 550 W and
    # 661.5 h idle at 100 W; a tenth of an engineer
    "own:golden-24gb/golden-8b-fp8": 3000 / 36 + (68.5 * 0.55 + 661.5 * 0.1) * 0.15 + 1250,
}


@pytest.fixture
def tco(monkeypatch, capsys):
    """Run a command beside the cases, where the data lie."""
    monkeypatch.chdir(HERE)
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("TCO_AS_OF", "TCO_DATA", "TCO_DRAWS", "TCO_SEED", "TCO_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def call(case: str, command: str, *arguments: str) -> tuple[int, str]:
        line = ["tco", command, f"{case}/workload.yaml", *arguments, "--data", "data"]
        monkeypatch.setattr(sys, "argv", line)
        code = 0
        try:
            run()
        except SystemExit as left:
            code = int(left.code or 0)
        finally:
            gc.enable()
        streams = capsys.readouterr()
        assert streams.err == ""
        return code, lasting(streams.out)

    return call


def lasting(text: str) -> str:
    """The text without what changes with every price and every release: sheet addresses and the version."""
    text = re.sub(r"(shipped|overlay)@[0-9a-f]{12}", r"\1@000000000000", text)
    return text.replace(f"tco {__version__}", "tco 0.0.0").replace(
        f'"tool_version": "{__version__}"', '"tool_version": "0.0.0"'
    )


def rounded(held):
    """Floats to ten digits: the last bits differ between machines."""
    if isinstance(held, dict):
        return {key: rounded(part) for key, part in held.items()}
    if isinstance(held, list):
        return [rounded(part) for part in held]
    return float(f"{held:.10g}") if isinstance(held, float) else held


@pytest.mark.parametrize(("case", "command", "arguments", "code"), RUNS)
def test_text(tco, golden, case, command, arguments, code):
    left, text = tco(case, command, *arguments)
    assert left == code
    assert all(len(line) <= 120 for line in text.splitlines())
    golden(HERE / case / f"{command}.txt", text)


@pytest.mark.parametrize(("case", "command", "arguments", "code"), [each for each in RUNS if each[1] == "compare"])
def test_json(tco, golden, case, command, arguments, code):
    left, text = tco(case, command, "--json")
    assert left == code
    record = rounded(json.loads(text))
    golden(HERE / case / f"{command}.json", json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def test_the_numbers_shown_are_those_worked_out_by_hand(tco):
    _, text = tco("support-chat", "compare", "--json")
    record = json.loads(text)
    bills = {option["id"]: option["usd_per_month"] for option in record["options"] if option["feasible"]}
    assert bills == pytest.approx(BY_HAND, rel=1e-12)
    own = next(
        each for each in record["breakeven"] if each["versus"] == "acme/acme-small" and each["own"].startswith("own")
    )
    # 83.33 + 1,250 + 10.95 a month at no load, 0.274 s x 450 W x 0.15 USD/kWh = 5.1375e-6 USD a request more
    assert own["requests_per_month"] == pytest.approx(
        (3000 / 36 + 1250 + 10.95) / (1621.80 / 900e3 - 5.1375e-6), rel=1e-9
    )
    assert own["payback_months"] == pytest.approx(3000 / (1621.80 - (BY_HAND[own["own"]] - 3000 / 36)), rel=1e-9)
    _, text = tco("offline-batch", "compare", "--json")
    assert json.loads(text)["options"][0]["usd_per_month"] == pytest.approx(100 + 12.50, rel=1e-12)
