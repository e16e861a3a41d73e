"""A workload file: demand, tokens, limits, candidates, site and finance, each with a stated default.

Only ``name``, ``demand`` and ``tokens`` are required. A default is a figure like any other: it has a
source that says why, and the report lists it as assumed.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from tco.describe.autoscale import Autoscale
from tco.describe.candidates import Candidates
from tco.describe.record import Figure, Record, Unit

StrategyName = Literal["single", "majority_vote", "beam"]


def default(value: float, unit: str, why: str, low: float | None = None, high: float | None = None) -> Any:
    """A documented default: a figure of kind ``assumed`` whose source says why."""
    return Field(default=Figure(value=value, low=low, high=high, unit=unit, source=f"default: {why}", kind="assumed"))


class Demand(Record):
    """How much is asked, how fast that grows, and how far the peak stands above the mean."""

    requests: Annotated[Figure, Unit("/month", gt=0)]
    growth: Annotated[Figure, Unit("frac/month", gt=-1, le=1)] = default(0, "frac/month", "flat demand")
    peak_to_mean: Annotated[Figure, Unit("ratio", ge=1)] = default(
        3, "ratio", "peak hour over mean of the Azure LLM inference traces, a week of 2024", 1.5, 5
    )
    burstiness: Annotated[Figure, Unit("ratio", gt=0, le=10_000)] = default(
        1, "ratio", "requests come independently of each other (Poisson)"
    )
    trace: str | None = None


class TokenCounts(Record):
    """Tokens of one request for one model, where they differ from the workload's."""

    input: Annotated[Figure, Unit("tok", ge=0)] | None = None
    output: Annotated[Figure, Unit("tok", gt=0)] | None = None
    reasoning: Annotated[Figure, Unit("tok", ge=0)] | None = None


class Tokens(Record):
    """Tokens of one request. ``reasoning`` tokens are generated and billed but not shown."""

    input: Annotated[Figure, Unit("tok", ge=0)]
    output: Annotated[Figure, Unit("tok", gt=0)]
    reasoning: Annotated[Figure, Unit("tok", ge=0)] = default(0, "tok", "no hidden reasoning tokens")
    cached_input_frac: Annotated[Figure, Unit("frac", ge=0, le=1)] = default(0, "frac", "no prompt caching")
    cache_write_frac: Annotated[Figure, Unit("frac", ge=0, le=1)] = default(0, "frac", "cache writes not counted")
    cache_ttl: Literal["5m", "1h"] = "5m"
    output_scv: Annotated[Figure, Unit("ratio", ge=0, le=1000)] | None = None
    input_bias: Annotated[Figure, Unit("frac", gt=-1, le=1000)] | None = None
    per_model: dict[str, TokenCounts] = {}

    @model_validator(mode="after")
    def _shares_within_one(self) -> Tokens:
        read, written = self.cached_input_frac, self.cache_write_frac
        total = max(read.value, read.high or 0.0) + max(written.value, written.high or 0.0)
        if total > 1:
            raise ValueError(f"got cached_input_frac + cache_write_frac = {total:g}; expected at most 1")
        return self


class Slo(Record):
    """Latency limits; ``deadline`` bounds the whole request."""

    ttft_p95: Annotated[Figure, Unit("s", gt=0)] | None = None
    ttft_p99: Annotated[Figure, Unit("s", gt=0)] | None = None
    itl_p95: Annotated[Figure, Unit("s", gt=0)] | None = None
    itl_p99: Annotated[Figure, Unit("s", gt=0)] | None = None
    deadline: Annotated[Figure, Unit("s", gt=0)] | None = None


class TaskClass(Record):
    """A share of the requests with its own floor."""

    name: str
    frac: float = Field(gt=0, le=1)
    floor: dict[str, float] = {}


class Escalation(Record):
    """The share of requests a tier cannot answer well and sends on to another offer."""

    frac: Annotated[Figure, Unit("frac", ge=0, le=1)]
    to: str


class Quality(Record):
    """What an answer must be worth: benchmark floors, success share, escalation by tier."""

    floor: dict[str, float] = {}
    task_classes: tuple[TaskClass, ...] = ()
    success_frac: Annotated[Figure, Unit("frac", gt=0, le=1)] | None = None
    success_frac_per_model: dict[str, Annotated[Figure, Unit("frac", gt=0, le=1)]] = {}
    escalation: dict[Literal["api", "budget_cloud", "self_hosted"], Escalation] = {}


class Constraints(Record):
    """Rules an option must satisfy to be eligible."""

    residency: tuple[str, ...] = ()
    compliance: tuple[str, ...] = ()
    local_only: bool = False
    exclude_providers: tuple[str, ...] = ()
    compliance_usd_per_month: Annotated[Figure, Unit("USD/month", ge=0)] = default(
        0, "USD/month", "no administration cost of compliance stated"
    )


class Compute(Record):
    """Test-time compute: how many samples, or beams, are drawn for an answer."""

    strategy: StrategyName = "single"
    n: int = Field(default=1, ge=1, le=100_000)

    @model_validator(mode="after")
    def _single_is_one(self) -> Compute:
        if self.strategy == "single" and self.n != 1:
            raise ValueError(f"got strategy single with n = {self.n}; expected n: 1, or another strategy")
        return self


class Tariff(Record):
    """Where the electricity comes from: the row of ``pricing/electricity.csv`` to use."""

    country: str
    region: str | None = None
    sector: Literal["commercial", "industrial", "non-household", "residential"] | None = None
    band: str | None = None


def _kind_of_electricity(raw: Any) -> str:
    return "tariff" if isinstance(raw, Tariff) or (isinstance(raw, dict) and "country" in raw) else "price"


COLOCATION = Figure(
    value=195.94, low=125, high=215, unit="USD/kW-month", as_of=date(2026, 1, 1), kind="assumed",
    source="default: CBRE North America primary markets 2025-H2, 250-500 kW; write `desk` for no rent",
)  # fmt: skip


def _desk(raw: Any) -> Any:
    if raw == "desk":
        return {"value": 0.0, "source": "stated: the machine stands at a desk", "kind": "assumed"}
    return COLOCATION if raw is None else raw


class Site(Record):
    """Where owned machines stand, what power and space cost there, and who looks after them.

    ``country`` is the tariff's unless stated: residency and export rules go by it.
    """

    electricity: Annotated[
        Annotated[Tariff, Tag("tariff")] | Annotated[Annotated[Figure, Unit("USD/kWh", ge=0)], Tag("price")],
        Discriminator(_kind_of_electricity),
    ] = Tariff(country="US", region="US total", sector="commercial")
    country: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")] | None = None
    pue: Annotated[Figure, Unit("ratio", ge=1)] = default(
        1.3, "ratio", "between hyperscale 1.12 and the global mean 1.54", 1.1, 1.54
    )
    colocation: Annotated[Figure, Unit("USD/kW-month", ge=0), BeforeValidator(_desk)] = COLOCATION
    powered_when_idle: bool = True
    autoscale: Autoscale | None = None
    staff_fte: Annotated[Figure, Unit("FTE", ge=0)] = default(
        0.1, "FTE", "a tenth of an engineer runs the fleet", 0.05, 0.5
    )
    usd_per_fte_month: Annotated[Figure, Unit("USD/month", ge=0)] = default(
        12500, "USD/month", "loaded cost of an engineer", 8000, 20000
    )
    egress_usd_per_gb: Annotated[Figure, Unit("USD/GB", ge=0)] = default(
        0.09, "USD/GB", "list price of a large cloud's first tier"
    )
    security_usd_per_month: Annotated[Figure, Unit("USD/month", ge=0)] = default(
        0, "USD/month", "no hardening cost stated"
    )


class OneTime(Record):
    """An effort paid once: distillation, fine-tuning, migration, hardening."""

    name: str
    usd: Annotated[Figure, Unit("USD", ge=0)]


class Finance(Record):
    """How capital is spread over months, and what is bought on top of the machine."""

    horizon_months: int = Field(default=36, ge=1, le=240)
    life_months: Annotated[Figure, Unit("months", gt=0, le=600)] = default(
        48, "months", "between Nebius 4 and CoreWeave 6 years, shortened", 36, 72
    )
    wacc_frac: Annotated[Figure, Unit("frac", ge=0, le=1)] = default(
        0.10, "frac", "cost of capital of a mid-size firm", 0.06, 0.15
    )
    residual_frac: Annotated[Figure, Unit("frac", ge=0, le=1)] = default(0, "frac", "no resale value counted")
    tax_frac: Annotated[Figure, Unit("frac", ge=0, le=0.9)] = default(0, "frac", "before tax")
    method: Literal["annuity", "straight_line", "npv"] = "annuity"
    redundancy: Annotated[str, Field(pattern=r"^(none|n\+[0-9]{1,2})$")] = "n+1"
    maintenance_frac_per_year: Annotated[Figure, Unit("frac", ge=0, le=1)] = default(
        0.05, "frac", "2% to 17.5% of hardware cost a year are published", 0.02, 0.175
    )
    spares_frac: Annotated[Figure, Unit("frac", ge=0, le=1)] = default(
        0.05, "frac", "low end of 5-10% of capex", 0.0, 0.1
    )
    software_usd_per_gpu_year: Annotated[Figure, Unit("USD/GPU-year", ge=0)] = default(
        0, "USD/GPU-year", "open-source engine; NVIDIA AI Enterprise lists 4,500"
    )
    one_time: tuple[OneTime, ...] = ()

    @property
    def n_spare(self) -> int:
        """Replicas beyond those the peak needs."""
        return 0 if self.redundancy == "none" else int(self.redundancy[2:])


class Trends(Record):
    """Yearly change of prices; negative falls. Rentals rose in 2026, so their base is 0."""

    api: Annotated[Figure, Unit("frac/year", gt=-1, le=9)] = default(0, "frac/year", "today's price holds", -0.5, 0.1)
    rental: Annotated[Figure, Unit("frac/year", gt=-1, le=9)] = default(
        0, "frac/year", "GPU rent rose in 2026", -0.3, 0.3
    )
    hardware: Annotated[Figure, Unit("frac/year", gt=-1, le=9)] = default(
        0, "frac/year", "today's price holds", -0.3, 0.2
    )


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError(f"got {text!r}; expected printable text on one line")
    return text


class Workload(Record):
    """One workload, as its file states it."""

    name: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_one_line)]
    note: str = ""
    as_of: date | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    demand: Demand
    tokens: Tokens
    slo: Slo = Slo()
    batch_frac: Annotated[Figure, Unit("frac", ge=0, le=1)] = default(
        0, "frac", "nothing may wait for a batch discount"
    )
    quality: Quality = Quality()
    constraints: Constraints = Constraints()
    compute: Compute = Compute()
    candidates: Candidates = Candidates()
    site: Site = Site()
    finance: Finance = Finance()
    trends: Trends = Trends()

    @model_validator(mode="after")
    def _no_contradictions(self) -> Workload:
        if self.constraints.local_only and (self.candidates.api or self.candidates.budget_cloud):
            raise ValueError("got local_only: true and api or budget_cloud candidates; drop one of the two")
        return self
