"""The ledger of a model bought by the token."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tco.cost.ledger import CostLine, total_usd_per_month
from tco.describe.offer import Adjustment, FreeQuota, Meter
from tco.describe.plan import Input, Plan
from tco.errors import MissingDataError
from tco.price.plans import n_requests_billed
from tco.price.rates import Rate
from tco.price.tokens import Quote, Slice
from tco.units import DAYS_PER_MONTH, TOK_PER_MTOK, Num


def token_lines(
    quote: Quote,
    plan: Plan,
    *,
    cache_ttl: str = "5m",
    free_quota: FreeQuota | None = None,
    adjustments: tuple[Adjustment, ...] = (),
) -> tuple[CostLine, ...]:
    """A month's bill: for each slice and meter, requests x share x tokens / 1e6 x price.

    A free quota is subtracted from the requests before anything is billed; every sample of an answer is a
    request to the vendor. The cached share of the
    prompt pays the cache-read rate where the vendor has one, else the input rate; reasoning tokens
    pay the output rate unless they have their own. Adjustments (data residency) multiply the whole.
    """
    free = (free_quota.requests_per_day or 0.0) * DAYS_PER_MONTH / plan.n_samples if free_quota else 0.0
    requests = n_requests_billed(requests_per_month=plan.requests_per_month, free_per_month=free)
    lines = [line for part in quote.slices for line in _slice_lines(part, plan, requests, cache_ttl)]
    for adjustment in adjustments:
        lines.append(
            CostLine(
                name=adjustment.name,
                quantity=total_usd_per_month(lines) * (adjustment.multiplier - 1.0),
                unit="USD",
                usd_per_unit=1.0,
                formula=f"bill x ({adjustment.multiplier:g} - 1)",
                source=adjustment.source,
                as_of=adjustment.as_of,
                kind=adjustment.kind,
                trend="api",
                is_price=True,
            )
        )
    return tuple(lines)


def _slice_lines(part: Slice, plan: Plan, requests: Num, cache_ttl: str) -> Iterator[CostLine]:
    for meter, tok, formula, names in _quantities(part, plan, cache_ttl):
        if not np.any(np.asarray(tok) > 0):
            continue
        if meter not in part.rates:
            raise MissingDataError(
                f"no price of {meter.replace('_', ' ')} tokens for {part.label or 'standard requests'}"
            )
        rate = part.rates[meter]
        fields = ("requests_per_month", *names) + (("batch_frac",) if "batch" in part.label else ())
        yield CostLine(
            name=f"{meter.replace('_', ' ')} tokens" + (f" ({part.label})" if part.label else ""),
            quantity=requests * part.share_frac * tok / TOK_PER_MTOK,
            unit="Mtok",
            usd_per_unit=float(rate.usd_per_mtok),
            formula=f"requests x share x {formula} / 1e6 x price",
            inputs=(*plan.inputs(*fields), _price_input(meter, rate)),
            source=rate.row.source,
            as_of=rate.row.as_of,
            kind=rate.row.kind,
            trend="api",
            is_price=True,
        )
    yield from _request_fee(part, requests * plan.n_samples)


def _quantities(part: Slice, plan: Plan, cache_ttl: str) -> Iterator[tuple[Meter, Num, str, tuple[str, ...]]]:
    """Tokens of one request on each meter; priced children are taken out of their parent."""
    total = plan.billed_input_tok
    read = total * plan.cached_input_frac if "cache_read" in part.rates else 0.0
    write_meter: Meter = "cache_write_1h" if cache_ttl == "1h" else "cache_write"
    written = total * plan.cache_write_frac if write_meter in part.rates else 0.0
    n = f"{plan.n_samples} samples x " if plan.n_samples > 1 else ""
    yield "input", total - read - written, f"{n}input tokens not cached", ("input_tok", "cached_input_frac")
    yield "cache_read", read, f"{n}input tokens x cached share", ("input_tok", "cached_input_frac")
    yield write_meter, written, f"{n}input tokens x cache-write share", ("input_tok", "cache_write_frac")
    visible, hidden = plan.n_samples * plan.output_tok, plan.n_samples * plan.reasoning_tok
    if "reasoning" in part.rates:
        yield "reasoning", hidden, f"{n}reasoning tokens", ("reasoning_tok",)
        yield "output", visible, f"{n}output tokens", ("output_tok",)
    else:
        yield "output", visible + hidden, f"{n}(output + reasoning tokens)", ("output_tok", "reasoning_tok")


def _request_fee(part: Slice, requests: Num) -> Iterator[CostLine]:
    rows = {id(rate.row): rate.row for rate in part.rates.values()}
    for row in rows.values():
        if "request" in row.usd_each:
            yield CostLine(
                name="request fee",
                quantity=requests * part.share_frac,
                unit="request",
                usd_per_unit=float(row.usd_each["request"]),
                formula="requests x samples x fee",
                source=row.source,
                as_of=row.as_of,
                kind=row.kind,
                trend="api",
                is_price=True,
            )


def _price_input(meter: Meter, rate: Rate) -> Input:
    return Input(f"price.{meter}", float(rate.usd_per_mtok), "USD/Mtok", rate.row.source, rate.row.as_of, rate.row.kind)
