"""What every report says about one option: machines, use, latency and its basis, age of its price."""

from __future__ import annotations

from datetime import date

from tco.decide.assess import Result
from tco.describe.option import MachineOption, TokenOption
from tco.errors import MissingDataError
from tco.price.machines import bought_at
from tco.report.text import DASH, figures, milliseconds

PRICE_LINES = ("input", "output", "rental", "capital: accelerators", "subscription", "outcomes", "provisioned")


def machines(result: Result) -> str:
    """Replicas x GPUs of each, and of how many where machines come whole: 2 x 1 GPU of 8."""
    if result.costing is None or not isinstance(result.option, MachineOption):
        return DASH
    n_replicas = float(result.costing.n_replicas(result.plan))
    paid = n_gpus_paid(result)
    whole = f" of {figures(paid)}" if paid is not None and result.n_gpus and paid > n_replicas * result.n_gpus else ""
    return f"{figures(n_replicas)} x {result.n_gpus} GPU{whole}"


def n_gpus_paid(result: Result) -> float | None:
    """GPUs bought or rented, whole machines counted whole; None without machines."""
    count = result.costing.n_gpus_paid if result.costing else None
    return float(count(result.plan)) if count else None


def used_frac(result: Result) -> float | None:
    """Share of the fleet's capacity used at the mean; None where nothing is reserved."""
    used = result.costing.utilisation(result.plan) if result.costing else None
    return None if used is None else float(used)


def percentile(result: Result) -> int:
    """The percentile at which an option's latencies are given."""
    return result.sized.percentile if result.sized else 95


def latency_s(result: Result) -> tuple[float | None, float | None]:
    """TTFT and ITL in seconds: a replica's at the percentile, an API's as published; None is unknown."""
    if result.capacity is not None:
        return result.capacity.ttft_s, result.capacity.itl_s
    if not isinstance(result.option, TokenOption):
        return None, None
    ttft, speed = result.option.offer.ttft_s, result.option.offer.output_tok_per_s
    return ttft.value if ttft else None, 1.0 / speed.value if speed else None


def latency(result: Result) -> str:
    """TTFT / ITL."""
    found = latency_s(result)
    return DASH if found == (None, None) else " / ".join(map(milliseconds, found))


def basis(result: Result) -> str:
    """Where the latency and speed come from: measured, stated, predicted, or the kind of a published one."""
    if result.capacity is not None:
        return result.capacity.basis
    if not isinstance(result.option, TokenOption):
        return DASH
    held = result.option.offer.ttft_s or result.option.offer.output_tok_per_s
    return held.kind if held else "unknown"


def price_seen(result: Result, on: date) -> date | None:
    """The day a purchase price was last read, where that is later than its first day; None for other prices."""
    option = result.option
    if not isinstance(option, MachineOption) or option.rental is not None or option.stated is not None:
        return None
    try:
        held = bought_at(option.hardware, on)
    except MissingDataError:
        return None
    seen = min(held.usd.as_of or held.as_of, on)
    return seen if seen > held.since else None


def price_day(result: Result, on: date) -> date | None:
    """The day the option's price is of: a purchase price's first day, else the oldest of its price lines."""
    option = result.option
    if isinstance(option, MachineOption) and option.rental is None and option.stated is None:
        try:
            return bought_at(option.hardware, on).since
        except MissingDataError:
            return None
    days = [min(line.as_of, on) for line in result.lines if line.as_of and line.name.startswith(PRICE_LINES)]
    return min(days, default=None)
