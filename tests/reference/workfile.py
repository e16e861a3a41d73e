"""Workload files written for one test: what the worked examples share, and how a file becomes a scenario."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from tco import evaluate
from tco.decide.assess import Result
from tco.describe.scenario import Scenario
from tco.files.scenario import load

DAY = date(2026, 5, 1)
# The conventions of the worked examples: 0.15 USD/kWh, straight line over 36 months, nothing else to pay.
SITE = {
    "electricity": 0.15, "pue": 1, "colocation": "desk", "staff_fte": 0, "egress_usd_per_gb": 0,
    "powered_when_idle": False,
}  # fmt: skip
FINANCE = {
    "method": "straight_line", "life_months": 36, "redundancy": "none", "maintenance_frac_per_year": 0,
    "spares_frac": 0, "wacc_frac": 0,
}  # fmt: skip
CARD = "own:1x-rtx-4090/qwen3-8b-fp8"


def card(
    *, decode_tok_per_s: float, busy_w: float, usd: float = 1600.0, idle_w: float = 25.0, **more: object
) -> dict[str, Any]:
    """An RTX 4090 at a stated speed, price and power."""
    return {
        "model": "qwen3-8b", "hardware": "rtx-4090", "n_gpus": 1, "dtype": "fp8",
        "throughput": {"decode_tok_per_s": decode_tok_per_s, "source": "worked example"},
        "machine": {"usd": usd, "busy_w": busy_w, "idle_w": idle_w}, **more,
    }  # fmt: skip


def priced(name: str, **usd_per_mtok: float) -> dict[str, Any]:
    """A token offer at stated prices."""
    provider, _, model = name.rpartition("/")
    price = {"usd_per_mtok": usd_per_mtok, "since": date(2025, 1, 1), "source": "worked example"}
    return {"model": model, "provider": provider, "price": price}


def scenario_of(
    folder: Path, *, requests: object, tokens: dict[str, Any], day: date = DAY, rumoured: bool = False, **more: Any
) -> Scenario:
    """The scenario of a workload file written into ``folder``."""
    held = {"name": "worked example", "as_of": day, "demand": {"requests": requests, "peak_to_mean": 1}}
    merged = {**held, "tokens": tokens, "site": SITE, "finance": FINANCE, **more}
    tiers = dict.fromkeys(("api", "budget_cloud", "self_hosted"), ())
    merged["candidates"] = {**tiers, **merged.get("candidates", {})}
    path = folder / "worked-example.yaml"
    path.write_text(yaml.safe_dump(_plain(merged), sort_keys=False), encoding="utf-8")
    return load(str(path), today=day, allow_rumoured=rumoured)


def _plain(held: Any) -> Any:
    if isinstance(held, dict):
        return {key: _plain(part) for key, part in held.items()}
    return [_plain(part) for part in held] if isinstance(held, list | tuple) else held


def compared(scenario: Scenario) -> dict[str, Result]:
    """The results by option id."""
    return {result.option.id: result for result in evaluate.run(scenario, n_draws=0).results}


def bill(result: Result) -> float:
    """USD a month; the option must have a price."""
    assert result.usd_per_month is not None, result.reasons
    return result.usd_per_month


def line(result: Result, name: str) -> float:
    """USD a month of the lines whose name starts so."""
    return sum(float(each.usd_per_month) for each in result.lines if each.name.startswith(name))
