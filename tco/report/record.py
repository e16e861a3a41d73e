"""Results as plain JSON objects: the contract other programs rely on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from tco import __version__
from tco.cost.ledger import CostLine
from tco.decide.assess import Result
from tco.decide.versus import BreakEven
from tco.describe.option import MachineOption
from tco.describe.plan import FIELDS, Input
from tco.describe.scenario import Scenario
from tco.evaluate import Comparison
from tco.units import J_PER_KWH, MS_PER_S


def dumps(held: Mapping[str, Any]) -> str:
    """One JSON object; NaN and infinity are a bug here, for every number that may not exist is None."""
    return json.dumps(held, default=_plain, allow_nan=False, ensure_ascii=False)


def _plain(held: Any) -> Any:
    if isinstance(held, date):
        return held.isoformat()
    if isinstance(held, Decimal):
        return str(held)
    if isinstance(held, BaseModel):
        return held.model_dump()
    return held.tolist()


def comparison(compared: Comparison) -> dict[str, Any]:
    """The record of ``tco compare``."""
    scenario = compared.scenario
    return {
        "schema": "tco.compare/1",
        "workload": workload(scenario),
        "options": [option(result) for result in compared.results],
        "breakeven": [break_even(each) for each in compared.break_evens],
        "verdict": asdict(compared.verdict),
        "assumptions": assumptions(scenario),
        "warnings": list(scenario.warnings),
        "left_out": [{"id": name, "reason": why} for name, why in compared.left_out],
        "provenance": provenance(scenario, seed=compared.seed, n_draws=compared.n_draws),
    }


def provenance(scenario: Scenario, *, seed: int = 0, n_draws: int = 0) -> dict[str, Any]:
    """What a reader needs to get the same bytes again."""
    return {
        "tool_version": __version__,
        "as_of": scenario.as_of,
        "price_sheets": list(scenario.sheets),
        "seed": seed,
        "n_draws": n_draws,
        "h_per_month": 730,
        "currency": asdict(scenario.currency),
    }


def workload(scenario: Scenario) -> dict[str, Any]:
    """The workload's numbers at the central case, by plan field."""
    plan = scenario.plan()
    numbers = {name: getattr(plan, name) for name in FIELDS}
    return {
        "name": scenario.workload.name,
        **{key: numbers.pop(key) for key in ("requests_per_month", "input_tok", "output_tok")},
        "input_tok_per_request": plan.billed_input_tok,
        "output_tok_per_request": plan.generated_tok,
        "tok_per_month": plan.requests_per_month * plan.tok_per_request,
        "n_samples": plan.n_samples,
        **numbers,
    }


def assumptions(scenario: Scenario) -> list[dict[str, Any]]:
    """Every number the workload did not state itself, with the reason for its default."""
    figures = scenario.plan().figures
    return [
        {"field": FIELDS[name], **figure.model_dump(exclude={"note", "distribution"})}
        for name, figure in figures.items()
        if figure.source.startswith("default:") or name == "electricity_usd_per_kwh"
    ]


def option(result: Result) -> dict[str, Any]:
    """One option: identity, feasibility, money, latency, ledger."""
    held, capacity = result.option, result.capacity
    machine = held if isinstance(held, MachineOption) else None
    percentile = result.sized.percentile if result.sized else 95
    latencies = {
        f"ttft_p{percentile}_ms": _ms(capacity.ttft_s if capacity else None),
        f"itl_p{percentile}_ms": _ms(capacity.itl_s if capacity else None),
    }
    return {
        "id": held.id,
        "tier": held.tier,
        "kind": held.kind,
        "provider": _provider(result),
        "model": held.model_id or None,
        "hardware": machine.hardware.id if machine else None,
        "n_gpus": result.n_gpus,
        "dtype": machine.dtype if machine else None,
        "engine": machine.engine if machine else None,
        "feasible": result.feasible,
        "reasons": list(result.reasons),
        "notes": list(result.notes),
        "n_replicas": _number(result, "n_replicas"),
        "n_gpus_paid": _number(result, "n_gpus_paid"),
        "utilisation_frac": _number(result, "utilisation"),
        "usd_per_month": result.usd_per_month,
        "usd_per_mtok": result.usd_per_mtok,
        "usd_per_mtok_output": result.usd_per_mtok_output,
        "usd_per_request": result.usd_per_request,
        "usd_per_correct": result.usd_per_correct,
        "usd_per_month_p10": result.usd_per_month_p10,
        "usd_per_month_p50": result.usd_per_month_p50,
        "usd_per_month_p90": result.usd_per_month_p90,
        "win_frac": result.win_frac,
        "ttft_p95_ms": None,
        "itl_p95_ms": None,
        **{f"{name}_ms": _ms(seconds) for name, seconds in (capacity.percentiles_s if capacity else {}).items()},
        **latencies,
        "output_tok_per_s": capacity.output_tok_per_s if capacity and capacity.req_per_s > 0 else None,
        "basis": capacity.basis if capacity else None,
        "binding": capacity.binding if capacity else None,
        "joules_per_tok": joules_per_tok(result),
        "ledger": [line(each) for each in result.lines],
    }


def _provider(result: Result) -> str | None:
    held = result.option
    if isinstance(held, MachineOption):
        return held.rental.provider if held.rental else None
    return held.offer.provider


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * MS_PER_S


def _number(result: Result, name: str) -> float | None:
    if result.costing is None or result.option.kind in ("per_token", "outcome"):
        return None
    count = getattr(result.costing, name)
    held = count(result.plan) if count else None
    return None if held is None else float(held)


def joules_per_tok(result: Result) -> float | None:
    """Energy of a generated token from the ledger's kWh (PUE and idle included); None where nobody meters it."""
    kwh = [float(each.quantity) for each in result.lines if each.unit == "kWh"]
    if not kwh:
        return None
    return sum(kwh) * J_PER_KWH / float(result.plan.requests_per_month * result.plan.generated_tok)


def line(each: CostLine) -> dict[str, Any]:
    """One ledger line."""
    return {
        "name": each.name,
        "quantity": float(each.quantity),
        "unit": each.unit,
        "usd_per_unit": float(each.usd_per_unit),
        "usd_per_month": float(each.usd_per_month),
        "formula": each.formula,
        "inputs": [_input(part) for part in each.inputs],
        "source": each.source,
        "as_of": each.as_of,
        "kind": each.kind,
        "role": each.role,
    }


def _input(part: Input) -> dict[str, Any]:
    return {
        "name": part.name,
        "value": float(part.value),
        "unit": part.unit,
        "source": part.source,
        "as_of": part.as_of,
        "kind": part.kind,
    }


def break_even(each: BreakEven) -> dict[str, Any]:
    """One break-even with every crossing."""
    return asdict(each)


def explanation(result: Result, scenario: Scenario) -> dict[str, Any]:
    """The record of ``tco explain``."""
    return {
        "schema": "tco.explain/1",
        "workload": workload(scenario),
        "option": option(result),
        "provenance": provenance(scenario),
    }
