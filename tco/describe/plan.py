"""A plan: every number of a workload that a formula may need, as floats or arrays.

The same workload gives one plan of plain numbers, one of ten thousand draws, or one per volume of a
sweep: formulas do not know which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from zlib import crc32

import numpy as np

from tco.describe.record import Figure
from tco.describe.workload import Tokens, Workload
from tco.units import Num

# Plan field -> where the workload file states it. The only list of what can vary or be solved for.
FIELDS: dict[str, str] = {
    "requests_per_month": "demand.requests",
    "growth_frac_per_month": "demand.growth",
    "peak_to_mean_ratio": "demand.peak_to_mean",
    "burstiness_ratio": "demand.burstiness",
    "input_tok": "tokens.input",
    "output_tok": "tokens.output",
    "reasoning_tok": "tokens.reasoning",
    "cached_input_frac": "tokens.cached_input_frac",
    "cache_write_frac": "tokens.cache_write_frac",
    "batch_frac": "batch_frac",
    "compliance_usd_per_month": "constraints.compliance_usd_per_month",
    "pue_ratio": "site.pue",
    "colocation_usd_per_kw_month": "site.colocation",
    "staff_fte": "site.staff_fte",
    "usd_per_fte_month": "site.usd_per_fte_month",
    "egress_usd_per_gb": "site.egress_usd_per_gb",
    "security_usd_per_month": "site.security_usd_per_month",
    "life_months": "finance.life_months",
    "wacc_frac": "finance.wacc_frac",
    "residual_frac": "finance.residual_frac",
    "tax_frac": "finance.tax_frac",
    "maintenance_frac_per_year": "finance.maintenance_frac_per_year",
    "spares_frac": "finance.spares_frac",
    "software_usd_per_gpu_year": "finance.software_usd_per_gpu_year",
    "api_trend_frac_per_year": "trends.api",
    "rental_trend_frac_per_year": "trends.rental",
    "hardware_trend_frac_per_year": "trends.hardware",
    "electricity_usd_per_kwh": "site.electricity",
}

Z_90 = 1.2815515655446004  # the 90th percentile of the normal distribution, in standard deviations

Sampler = Callable[[str, Figure], Num]
STATED = "stated in the workload"  # the source of a figure whose file gives none


@dataclass(frozen=True, slots=True)
class Input:
    """A number that went into a cost line, with where it comes from."""

    name: str
    value: Num
    unit: str
    source: str
    as_of: date | None
    kind: str


def base_value(_name: str, figure: Figure) -> Num:
    """The sampler of the central case: the figure's own value."""
    return figure.value


def draw(*, n_draws: int, seed: int) -> Sampler:
    """A sampler that draws each figure from its own stream, so that options share the same draws.

    Split: half of the draws on each side of value, a share 1 - sqrt(u) of the way to that end, u uniform
    in 0..1; so the base case is the median. Triangular has its mode at value; normal and lognormal read low and high as
    p10 and p90 (1.2816 standard deviations); uniform between low and high. A figure without a range
    stays a number.
    """

    def sample(name: str, figure: Figure) -> Num:
        if figure.low is None or figure.high is None or figure.low == figure.high:
            return figure.value
        rng = np.random.default_rng([seed, crc32(name.encode())])
        if figure.distribution == "split":
            reach = 1.0 - np.sqrt(rng.random(n_draws))
            is_above = rng.random(n_draws) < 0.5
            towards: Num = np.where(is_above, figure.high - figure.value, figure.low - figure.value)
            return figure.value + reach * towards
        if figure.distribution == "triangular":
            return rng.triangular(figure.low, figure.value, figure.high, n_draws)
        if figure.distribution == "uniform":
            return rng.uniform(figure.low, figure.high, n_draws)
        normal = rng.standard_normal(n_draws)
        if figure.distribution == "lognormal":
            sigma = np.log(figure.high / figure.low) / (2 * Z_90)
            drawn: Num = figure.value * np.exp(sigma * normal)
            return drawn
        return figure.value + (figure.high - figure.low) / (2 * Z_90) * normal

    return sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Numbers of one workload on one model, each a float or an array; units are in the names."""

    requests_per_month: Num
    growth_frac_per_month: Num
    peak_to_mean_ratio: Num
    burstiness_ratio: Num
    input_tok: Num
    output_tok: Num
    reasoning_tok: Num
    cached_input_frac: Num
    cache_write_frac: Num
    batch_frac: Num
    compliance_usd_per_month: Num
    pue_ratio: Num
    colocation_usd_per_kw_month: Num
    staff_fte: Num
    usd_per_fte_month: Num
    egress_usd_per_gb: Num
    security_usd_per_month: Num
    life_months: Num
    wacc_frac: Num
    residual_frac: Num
    tax_frac: Num
    maintenance_frac_per_year: Num
    spares_frac: Num
    software_usd_per_gpu_year: Num
    api_trend_frac_per_year: Num
    rental_trend_frac_per_year: Num
    hardware_trend_frac_per_year: Num
    electricity_usd_per_kwh: Num
    n_samples: int = 1
    output_scv: Num = 0.0
    input_bias_frac: Num = 0.0
    figures: Mapping[str, Figure] = field(repr=False)

    @property
    def generated_tok(self) -> Num:
        """Tokens decoded for one answer: n (output + reasoning), n the samples drawn."""
        return self.n_samples * (self.output_tok + self.reasoning_tok)

    @property
    def billed_input_tok(self) -> Num:
        """Prompt tokens an API bills for one answer: every sample sends the prompt again."""
        return self.n_samples * self.input_tok

    @property
    def tok_per_request(self) -> Num:
        """All tokens of one answer, the denominator of USD per million tokens."""
        return self.billed_input_tok + self.generated_tok

    def inputs(self, *names: str) -> tuple[Input, ...]:
        """Provenance of the plan's own numbers, for a cost line."""
        return tuple(
            Input(FIELDS[name], getattr(self, name), figure.unit, figure.source or STATED, figure.as_of, figure.kind)
            for name in names
            for figure in (self.figures[name],)
        )

    def at_volume(self, requests_per_month: Num) -> Plan:
        """The same plan at other volumes."""
        return replace(self, requests_per_month=requests_per_month)


def figures(workload: Workload, *, electricity: Figure, model_id: str | None = None) -> dict[str, Figure]:
    """The figure behind each plan field, with the model's own token counts where it has some."""
    found: dict[str, Figure] = {"electricity_usd_per_kwh": electricity}
    for name, path in FIELDS.items():
        if name in found:
            continue
        held: object = workload
        for part in path.split("."):
            held = getattr(held, part)
        assert isinstance(held, Figure)
        found[name] = held
    if not workload.slo.model_fields_set:  # nobody minds a wait
        unused = {"source": "not used: no latency limit"}
        found["burstiness_ratio"] = found["burstiness_ratio"].model_copy(update=unused)
    return {**found, **_own_counts(workload.tokens, model_id)}


def _own_counts(tokens: Tokens, model_id: str | None) -> dict[str, Figure]:
    own = tokens.per_model.get(model_id or "")
    if own is None:
        return {}
    stated = {"input_tok": own.input, "output_tok": own.output, "reasoning_tok": own.reasoning}
    return {name: figure for name, figure in stated.items() if figure is not None}


def plan(
    workload: Workload, *, electricity: Figure, model_id: str | None = None, sampler: Sampler = base_value
) -> Plan:
    """The numbers of ``workload`` for one model, through ``sampler``."""
    behind = figures(workload, electricity=electricity, model_id=model_id)
    numbers = {name: sampler(name, figure) for name, figure in behind.items()}
    spread = {"output_scv": workload.tokens.output_scv, "input_bias_frac": workload.tokens.input_bias}
    stated = {name: figure.value for name, figure in spread.items() if figure is not None}
    return Plan(**numbers, **stated, n_samples=workload.compute.n, figures=behind)
