"""The ledgers of machines, owned or rented: fleet first, then each cost on its own line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from tco.cost import capital
from tco.cost.ledger import CostLine, Role, weakest_kind
from tco.describe.plan import STATED, Input, Plan
from tco.describe.record import Figure
from tco.perform.fleet import replicas, utilisation_frac
from tco.price.plans import peak_per_s, rented_gpu_h
from tco.units import BYTES_PER_GB, H_PER_MONTH, MONTHS_PER_YEAR, S_PER_MONTH, W_PER_KW, Num

METERED = "measured while it served"  # note of a power that stands for its operating point
BYTES_PER_TOK = 5.0  # about four characters of text and their envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What one replica runs on, as numbers: floats, or arrays over draws or over machines.

    GPUs come in machines of ``gpus_per_machine``; ``sold_whole`` machines cannot be bought by the card.
    ``gpu_rated_w`` is what a rack must be able to feed; ``gpu_busy_w`` what is drawn on average while serving.
    """

    gpus_per_replica: Num
    gpus_per_machine: Num
    sold_whole: Num
    gpu_usd: Num = 0.0
    host_usd: Num = 0.0
    gpu_busy_w: Num = 0.0
    gpu_idle_w: Num = 0.0
    gpu_rated_w: Num = 0.0
    host_busy_w: Num = 0.0
    host_idle_w: Num = 0.0
    usd_per_gpu_h: Num = 0.0
    scale_to_zero: bool = False
    figures: Mapping[str, Figure] = field(default_factory=dict, repr=False)

    @property
    def is_metered(self) -> bool:
        """Whether the accelerators' busy power is that of the operating point itself, measured."""
        drawn = self.figures.get("gpu_busy_w")
        return drawn is not None and drawn.note == METERED

    def inputs(self, *names: str) -> tuple[Input, ...]:
        """Provenance of the machine's own numbers."""
        held = ((name, figure) for name in names if (figure := self.figures.get(name)) is not None)
        return tuple(
            Input(
                f"machine.{name}", getattr(self, name), figure.unit, figure.source or STATED, figure.as_of, figure.kind
            )
            for name, figure in held
        )


@dataclass(frozen=True, slots=True)
class Fleet:
    """How many replicas, machines and GPUs a plan needs, and how busy they are.

    ``spares_share`` says that the spare replicas fit into machines that are needed anyway. Where replicas follow
    the load, ``up_frac`` is the share of the fleet's GPU-hours that are up, ``cold_frac`` that of the requests that
    wait for a start, ``ahead_frac`` that of the time in which the load rises by more than the headroom within one.
    """

    n_replicas: Num
    n_machines: Num
    n_gpus: Num
    utilisation_frac: Num
    active_gpus: Num
    spares_share: bool = False
    up_frac: Num = 1.0
    cold_frac: Num = 0.0
    ahead_frac: Num = 0.0
    rise_frac: Num = 0.0
    rule: tuple[Input, ...] = ()

    @property
    def paid_utilisation_frac(self) -> Num:
        """Share of the rented hours that is used: that of the fleet, over the share that is up."""
        return self.utilisation_frac / self.up_frac


def peak_req_per_s(plan: Plan, factor: float = 1.0) -> Num:
    """Requests a second that the fleet must answer at the peak; proportional to the volume.

    ``factor`` is what a replayed trace makes of the peak: queues stretch it, slack at the limits lowers it, never below
    the mean.
    """
    peak = peak_per_s(
        per_month=plan.requests_per_month, peak_to_mean_ratio=plan.peak_to_mean_ratio, batch_frac=plan.batch_frac
    )
    return peak if factor == 1.0 else np.maximum(peak * factor, plan.requests_per_month / S_PER_MONTH)


def fleet(plan: Plan, machine: Machine, *, capacity_req_per_s: Num, n_spare: int, peak_factor: float = 1.0) -> Fleet:
    """Replicas for the peak plus spares in whole machines; utilisation of what is paid for, at the mean."""
    peak = peak_req_per_s(plan, peak_factor)
    n_replicas = replicas(peak_req_per_s=peak, capacity_req_per_s=capacity_req_per_s, n_spare=n_spare)
    n_machines = np.ceil(n_replicas * machine.gpus_per_replica / machine.gpus_per_machine)
    without = np.ceil((n_replicas - n_spare) * machine.gpus_per_replica / machine.gpus_per_machine)
    needed = n_replicas * machine.gpus_per_replica
    n_gpus = np.where(machine.sold_whole, n_machines * machine.gpus_per_machine, needed)[()]
    busy = utilisation_frac(
        mean_req_per_s=plan.requests_per_month / S_PER_MONTH,
        n_replicas=n_replicas,
        capacity_req_per_s=capacity_req_per_s,
    )
    shared = n_spare > 0 and bool(np.all(without == n_machines))
    active_gpus = needed * busy
    return Fleet(n_replicas, n_machines, n_gpus, active_gpus / n_gpus, active_gpus, shared)


def owned_lines(
    plan: Plan, machine: Machine, need: Fleet, *, method: capital.Method, powered_when_idle: bool
) -> Iterator[CostLine]:
    """Capital, energy, space, upkeep of owned machines (economics section 2)."""
    yield from _capital_lines(plan, machine, need, method)
    yield from _energy_lines(plan, machine, need, powered_when_idle)
    kw = (need.n_gpus * machine.gpu_rated_w + need.n_machines * machine.host_busy_w) / W_PER_KW
    yield _line(
        "space", kw, "kW-month", plan.colocation_usd_per_kw_month, "(GPUs x rated W + hosts x busy W) / 1000 x rent",
        (*plan.inputs("colocation_usd_per_kw_month"), *machine.inputs("gpu_rated_w", "host_busy_w")),
    )  # fmt: skip
    capex = need.n_gpus * machine.gpu_usd + need.n_machines * machine.host_usd
    yield _line(
        "maintenance", capex, "USD of capex", plan.maintenance_frac_per_year / MONTHS_PER_YEAR,
        "capex x share per year / 12",
        (*machine.inputs("gpu_usd", "host_usd"), *plan.inputs("maintenance_frac_per_year")),
    )  # fmt: skip
    yield _line(
        "software licence", need.n_gpus, "GPU", plan.software_usd_per_gpu_year / MONTHS_PER_YEAR,
        "GPUs x licence per year / 12", plan.inputs("software_usd_per_gpu_year"),
    )  # fmt: skip


def _capital_lines(plan: Plan, machine: Machine, need: Fleet, method: capital.Method) -> Iterator[CostLine]:
    behind = plan.inputs(
        "life_months", "wacc_frac", "residual_frac", "tax_frac", "requests_per_month", "peak_to_mean_ratio"
    )

    def charge(capex_usd: Num) -> Num:
        return capital.usd_per_month(
            method=method,
            capex_usd=capex_usd,
            residual_frac=plan.residual_frac,
            wacc_frac=plan.wacc_frac,
            life_months=plan.life_months,
            tax_frac=plan.tax_frac,
        )

    formula = capital.FORMULAS[method]
    yield _line(
        "capital: accelerators", need.n_gpus, "GPU", charge(machine.gpu_usd), f"GPUs x {formula}",
        (*machine.inputs("gpu_usd"), *behind), role="capital",
    )  # fmt: skip
    remark = "; the spare shares a machine, so it covers a failed GPU, not a failed host" if need.spares_share else ""
    yield _line(
        "capital: hosts", need.n_machines, "machine", charge(machine.host_usd), f"machines x {formula}{remark}",
        (*machine.inputs("host_usd"), *behind), role="capital",
    )  # fmt: skip
    spares = plan.spares_frac * (need.n_gpus * machine.gpu_usd + need.n_machines * machine.host_usd)
    yield _line(
        "capital: spares", spares, "USD of spares", charge(1.0), f"capex x spares share x {formula}",
        (*plan.inputs("spares_frac"), *machine.inputs("gpu_usd", "host_usd"), *behind), role="capital",
    )  # fmt: skip


def _energy_lines(plan: Plan, machine: Machine, need: Fleet, powered_when_idle: bool) -> Iterator[CostLine]:
    """Energy: h x PUE x tariff x (idle W (1 - busy) + busy W busy), busy and idle on their own lines."""
    busy_machines = need.n_machines * need.active_gpus / need.n_gpus
    busy_w = need.active_gpus * machine.gpu_busy_w + busy_machines * machine.host_busy_w
    idle_w = (need.n_gpus * need.up_frac - need.active_gpus) * machine.gpu_idle_w + (
        need.n_machines * need.up_frac - busy_machines
    ) * machine.host_idle_w
    shared = plan.inputs("electricity_usd_per_kwh", "pue_ratio", "requests_per_month")
    if machine.is_metered:
        yield from _metered_lines(plan, machine, need, busy_machines, shared)
    else:
        yield _line(
            "energy: busy", H_PER_MONTH * plan.pue_ratio * busy_w / W_PER_KW, "kWh", plan.electricity_usd_per_kwh,
            "730 h x PUE x (busy GPUs x busy W + their hosts) / 1000 x tariff",
            (*shared, *machine.inputs("gpu_busy_w", "host_busy_w")),
        )  # fmt: skip
    yield _line(
        "energy: idle" if powered_when_idle else "energy: idle (stated: switched off when idle)",
        H_PER_MONTH * plan.pue_ratio * idle_w / W_PER_KW * float(powered_when_idle),
        "kWh",
        plan.electricity_usd_per_kwh,
        f"730 h x PUE x (idle GPUs{' that are up' if need.rule else ''} x idle W + their hosts) / 1000 x tariff",
        (*shared, *machine.inputs("gpu_idle_w", "host_idle_w"), *need.rule),
    )  # fmt: skip


def _metered_lines(
    plan: Plan, machine: Machine, need: Fleet, busy_machines: Num, shared: tuple[Input, ...]
) -> Iterator[CostLine]:
    """Energy of tokens, measured: the accelerators at the power they drew for them, and their hosts on their own."""
    kwh = H_PER_MONTH * plan.pue_ratio / W_PER_KW
    measured = _line(
        "energy: tokens, as measured", kwh * need.active_gpus * machine.gpu_busy_w, "kWh", plan.electricity_usd_per_kwh,
        "730 h x PUE x busy GPUs x measured W / 1000 x tariff", (*machine.inputs("gpu_busy_w"), *shared),
    )  # fmt: skip
    yield replace(measured, kind="measured")  # the joules of a token are; tariff and PUE stand among the inputs
    yield _line(
        "energy: busy hosts", kwh * busy_machines * machine.host_busy_w, "kWh", plan.electricity_usd_per_kwh,
        "730 h x PUE x busy hosts x busy W / 1000 x tariff", (*shared, *machine.inputs("host_busy_w")),
    )  # fmt: skip


def rental_lines(plan: Plan, machine: Machine, need: Fleet) -> Iterator[CostLine]:
    """GPU-hours of a rental. Utilisation never lowers an always-on bill; it divides tokens.

    Replicas that follow the load are paid while they are up, cold starts and headroom included.
    """
    billed = need.up_frac if need.rule else need.utilisation_frac
    gpu_h = rented_gpu_h(n_gpus=need.n_gpus, busy_frac=billed, scale_to_zero=machine.scale_to_zero or bool(need.rule))
    formula = "GPUs x 730 h x utilisation x rent" if machine.scale_to_zero else "GPUs x 730 h x rent, busy or not"
    if need.rule:
        formula = "GPUs for the peak x 730 h x share of them up (load, headroom, cold starts) x rent"
    line = _line(
        "rental", gpu_h, "GPU-h", machine.usd_per_gpu_h, formula,
        (*machine.inputs("usd_per_gpu_h"), *plan.inputs("requests_per_month", "peak_to_mean_ratio"), *need.rule),
    )  # fmt: skip
    yield replace(line, trend="rental", is_price=True)


def overhead_lines(
    plan: Plan, *, one_time_usd: Num, horizon_months: int, one_time_inputs: tuple[Input, ...] = ()
) -> Iterator[CostLine]:
    """People, egress, compliance, hardening and one-time effort: the same for owned and rented machines."""
    yield _line(
        "staff", plan.staff_fte, "FTE", plan.usd_per_fte_month, "FTE x loaded cost per month",
        plan.inputs("staff_fte", "usd_per_fte_month"),
    )  # fmt: skip
    gb = plan.requests_per_month * plan.generated_tok * BYTES_PER_TOK / BYTES_PER_GB
    yield _line(
        "network egress", gb, "GB", plan.egress_usd_per_gb, "requests x output tokens x 5 bytes / 1e9 x price",
        plan.inputs("requests_per_month", "output_tok", "egress_usd_per_gb"),
    )  # fmt: skip
    yield _line(
        "compliance", 1.0, "month", plan.compliance_usd_per_month, "stated", plan.inputs("compliance_usd_per_month")
    )
    yield _line(
        "security hardening", 1.0, "month", plan.security_usd_per_month, "stated", plan.inputs("security_usd_per_month")
    )
    yield _line(
        "one-time effort", one_time_usd, "USD", 1.0 / horizon_months,
        f"effort / {horizon_months} months of horizon", one_time_inputs, role="one_time",
    )  # fmt: skip


def _line(
    name: str, quantity: Num, unit: str, usd_per_unit: Num, formula: str, inputs: tuple[Input, ...],
    *, role: Role = "running",
) -> CostLine:  # fmt: skip
    lead = next((part for part in inputs if part.name.startswith("machine.")), inputs[0] if inputs else None)
    return CostLine(
        name=name,
        quantity=quantity,
        unit=unit,
        usd_per_unit=usd_per_unit,
        formula=formula,
        inputs=inputs,
        source=lead.source if lead else STATED,
        as_of=lead.as_of if lead else None,
        kind=weakest_kind(inputs, "measured") if inputs else "assumed",
        role=role,
    )
