"""Small records for the tests of the stages: every number is round, so that a bill can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from tco.describe.candidates import StatedSpeed
from tco.describe.hardware import Hardware
from tco.describe.model import Model
from tco.describe.offer import (
    OutcomeOffer,
    Provider,
    ProvisionedOffer,
    RateRow,
    RentalOffer,
    SubscriptionOffer,
    TokenOffer,
)
from tco.describe.option import MachineOption, PlanOption, TokenOption
from tco.describe.plan import Plan
from tco.describe.quality import Score
from tco.describe.record import Figure
from tco.describe.scenario import Scenario
from tco.describe.workload import Workload

TODAY = date(2026, 11, 22)
SOURCED: dict[str, Any] = {"source": "tests", "as_of": date(2026, 11, 1), "kind": "published"}

# One replica at 100 tok/s answers one request of 100 tokens a second: 2,628,000 a month.
MONTH_OF_ONE = 2_628_000.0


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy of nested mappings with some leaves replaced."""
    found = dict(base)
    for key, value in changes.items():
        held = found.get(key)
        found[key] = merged(held, value) if isinstance(held, dict) and isinstance(value, dict) else value
    return found


PLAIN: dict[str, Any] = {
    "name": "plain",
    "demand": {"requests": 1_000_000, "peak_to_mean": 1},
    "tokens": {"input": 1000, "output": 100},
    "site": {
        "electricity": 0.10, "pue": 1, "colocation": 0, "staff_fte": 0, "usd_per_fte_month": 0, "egress_usd_per_gb": 0,
    },
    "finance": {
        "life_months": 40, "wacc_frac": 0, "maintenance_frac_per_year": 0, "spares_frac": 0, "redundancy": "none",
    },
    "trends": {"api": 0, "rental": 0, "hardware": 0},
}  # fmt: skip


def a_workload(**changes: Any) -> Workload:
    """One million requests of 1,000 in and 100 out; no overheads, no cost of capital, 40 months of life."""
    return Workload.model_validate(merged(PLAIN, changes))


def a_scenario(*options: Any, workload: Workload | None = None, **changes: Any) -> Scenario:
    held = workload or a_workload()
    tariff = Figure(value=0.10, unit="USD/kWh", **SOURCED)
    power = held.site.electricity if isinstance(held.site.electricity, Figure) else tariff
    return Scenario(**{"workload": held, "as_of": TODAY, "electricity": power, "options": options, **changes})


def a_plan(workload: Workload | None = None, **changes: Any) -> Plan:
    return replace(a_scenario(workload=workload).plan(), **changes)


def with_numbers(plan: Plan, **numbers: Any) -> Plan:
    """The same plan with some fields replaced, by floats or arrays."""
    return replace(plan, **numbers)


def a_row(**changes: Any) -> RateRow:
    """A dollar for a million input tokens, ten for output, from 2026-01-01."""
    base = {"since": date(2026, 1, 1), "usd_per_mtok": {"input": 1, "output": 10}}
    return RateRow.model_validate({**base, **SOURCED, **changes})


def an_offer(*rates: RateRow, **changes: Any) -> TokenOffer:
    base = {"provider": "vendor", "model": "m", "tier": "api", "rates": rates or (a_row(),)}
    return TokenOffer.model_validate({**base, **changes})


def a_model(**changes: Any) -> Model:
    base = {"id": "m", "name": "M", "vendor": "v", "weights": "open", "params_total_b": 8, "params_active_b": 8}
    return Model.model_validate({**base, **SOURCED, **changes})


def a_provider(**changes: Any) -> Provider:
    base = {"id": "vendor", "name": "Vendor", "country": "us"}
    return Provider.model_validate({**base, **SOURCED, **changes})


def a_token_option(offer: TokenOffer | None = None, **changes: Any) -> TokenOption:
    held = offer or an_offer()
    base = {
        "id": f"{held.provider}/{held.model}",
        "tier": held.tier,
        "model_id": held.model,
        "model": None,
        "provider": None,
    }
    return TokenOption(**{**base, "offer": held, **changes})


PLAN: dict[str, Any] = {
    "provider": "vendor",
    "model": "m",
    "plan": "p",
    "name": "P",
    "since": date(2026, 1, 1),
    **SOURCED,
}


def a_subscription(**changes: Any) -> SubscriptionOffer:
    """20 USD a seat; 24 messages a day are exactly 730 a month."""
    return SubscriptionOffer.model_validate({**PLAN, "usd_per_seat_month": 20, "messages_per_day": 24, **changes})


def an_outcome(**changes: Any) -> OutcomeOffer:
    return OutcomeOffer.model_validate({**PLAN, "usd_per_success": 0.01, **changes})


def a_provisioned(**changes: Any) -> ProvisionedOffer:
    return ProvisionedOffer.model_validate({**PLAN, "usd_per_unit_h": 2, "output_tok_per_s": 10, **changes})


def a_plan_option(offer: SubscriptionOffer | OutcomeOffer | ProvisionedOffer, **changes: Any) -> PlanOption:
    base = {"id": f"{offer.provider}/{offer.plan}", "tier": "api", "model_id": "m", "model": None, "provider": None}
    return PlanOption(**{**base, "offer": offer, **changes})


def a_gpu(**changes: Any) -> Hardware:
    """3,000 USD, 400 W busy, 50 W idle, in a host of 1,000 USD, 100 W busy, 60 W idle that holds two."""
    base = {
        "id": "gpu", "name": "GPU", "vendor": "v", "category": "datacenter", "memory_gb": 80,
        "bandwidth_gb_per_s": 2000, "dense_tflops": {"bf16": 400}, "idle_w": 50, "busy_w": 400,
        "host": {"usd": 1000, "idle_w": 60, "busy_w": 100, "max_gpus": 2},
        "prices": (a_price(),),
    }  # fmt: skip
    return Hardware.model_validate({**base, **SOURCED, **changes})


def a_price(**changes: Any) -> dict[str, Any]:
    return {"since": date(2026, 6, 1), "usd": 3000, **SOURCED, **changes}


def a_rental(**changes: Any) -> RentalOffer:
    base = {"provider": "cloud", "hardware": "gpu", "n_gpus": 1, "plan": "on_demand", "usd_per_gpu_h": "2"}
    dated = {"since": date(2026, 11, 1), "source": "tests", "kind": "published"}
    return RentalOffer.model_validate({**base, **dated, **changes})


def a_speed(**changes: Any) -> StatedSpeed:
    return StatedSpeed.model_validate({"decode_tok_per_s": 100, **changes})


def a_machine_option(**changes: Any) -> MachineOption:
    """A model on one GPU at a stated 100 tok/s: one request a second."""
    base = {
        "id": "own:gpu/m", "tier": "self_hosted", "model_id": "m", "model": a_model(), "provider": None,
        "hardware": a_gpu(), "reference": None, "n_gpus": 1, "dtype": "bf16", "kv_dtype": None, "engine": "vllm",
        "speed": a_speed(),
    }  # fmt: skip
    return MachineOption(**{**base, **changes})


def a_rented_option(rental: RentalOffer | None = None, **changes: Any) -> MachineOption:
    held = rental or a_rental()
    base = {"id": f"{held.provider}:gpu/m", "tier": "budget_cloud", "rental": held}
    return a_machine_option(**{**base, **changes})


def a_score(**changes: Any) -> Score:
    base = {"model": "m", "benchmark": "gpqa-diamond", "score": 80.0, "metric": "pass@1"}
    dated = {"source": "tests", "as_of": date(2026, 1, 1), "kind": "published"}
    return Score.model_validate({**base, **dated, **changes})


def usd(lines: Any) -> dict[str, Any]:
    """Dollars of each line by its name."""
    return {line.name: line.usd_per_month for line in lines}
