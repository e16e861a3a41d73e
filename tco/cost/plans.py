"""The ledgers of flat seats, prices per success and provisioned capacity."""

from __future__ import annotations

from tco.cost.ledger import CostLine
from tco.describe.offer import OutcomeOffer, ProvisionedOffer, SubscriptionOffer
from tco.describe.plan import Input, Plan
from tco.describe.record import Figure
from tco.errors import MissingDataError
from tco.price.plans import n_seats, n_units, peak_per_s
from tco.units import H_PER_MONTH, Num


def _figure_input(name: str, figure: Figure) -> Input:
    return Input(name, figure.value, figure.unit, figure.source, figure.as_of, figure.kind)


def subscription_lines(offer: SubscriptionOffer, plan: Plan) -> tuple[CostLine, ...]:
    """Seats whose message caps cover the requests, each at the monthly fee.

    Raises MissingDataError when the plan states no cap: how many seats are needed is then unknown.
    """
    seats = subscription_seats(offer, plan)
    assert offer.messages_per_day is not None
    return (
        CostLine(
            name="subscription",
            quantity=seats,
            unit="seat",
            usd_per_unit=offer.usd_per_seat_month.value,
            formula="ceil(requests x samples / (messages per day x days of a month)) x fee",
            inputs=(
                *plan.inputs("requests_per_month"),
                _figure_input("messages_per_day", offer.messages_per_day),
                _figure_input("usd_per_seat_month", offer.usd_per_seat_month),
            ),
            source=offer.source,
            as_of=offer.as_of,
            kind=offer.kind,
            trend="api",
            is_price=True,
        ),
    )


def subscription_seats(offer: SubscriptionOffer, plan: Plan) -> Num:
    """Seats for the messages of a month: every sample of an answer is a message."""
    if offer.messages_per_day is None:
        raise MissingDataError(f"{offer.plan}: no message cap is published, so the seats needed are unknown")
    return n_seats(
        messages_per_month=plan.requests_per_month * plan.n_samples, messages_per_day=offer.messages_per_day.value
    )


def outcome_lines(
    offer: OutcomeOffer, plan: Plan, success_frac: Figure | None, share_frac: Num | None = None
) -> tuple[CostLine, ...]:
    """Successes times the price of one; ``share_frac`` stands for the figure's value where it is drawn.

    Raises MissingDataError without a success share.
    """
    if success_frac is None:
        raise MissingDataError(f"{offer.plan}: pays per success; state quality.success_frac")
    return (
        CostLine(
            name="outcomes",
            quantity=plan.requests_per_month * (success_frac.value if share_frac is None else share_frac),
            unit="success",
            usd_per_unit=offer.usd_per_success.value,
            formula="requests x success share x price",
            inputs=(
                *plan.inputs("requests_per_month"),
                _figure_input("quality.success_frac", success_frac),
                _figure_input("usd_per_success", offer.usd_per_success),
            ),
            source=offer.source,
            as_of=offer.as_of,
            kind=offer.kind,
            trend="api",
            is_price=True,
        ),
    )


def provisioned_lines(offer: ProvisionedOffer, plan: Plan) -> tuple[CostLine, ...]:
    """Units for the peak, paid every hour of the month whether busy or not.

    Raises MissingDataError when the fee or the capacity of a unit is not published.
    """
    if offer.usd_per_unit_h is None or offer.output_tok_per_s is None:
        raise MissingDataError(
            f"{offer.plan}: no price: {offer.unpriced or 'the fee or the capacity of a unit is unknown'}"
        )
    units = provisioned_units(offer, plan)
    return (
        CostLine(
            name="provisioned units",
            quantity=units * H_PER_MONTH,
            unit="unit-hour",
            usd_per_unit=offer.usd_per_unit_h.value,
            formula="units for the peak x 730 h x fee",
            inputs=(
                *plan.inputs("requests_per_month", "peak_to_mean_ratio", "output_tok"),
                _figure_input("output_tok_per_s", offer.output_tok_per_s),
                _figure_input("usd_per_unit_h", offer.usd_per_unit_h),
            ),
            source=offer.source,
            as_of=offer.as_of,
            kind=offer.kind,
            trend="api",
            is_price=True,
        ),
    )


def provisioned_units(offer: ProvisionedOffer, plan: Plan) -> Num:
    """Units whose output (and, where stated, input) rate covers the peak."""
    return n_units(
        peak_tok_per_s=busy_units(offer, plan), unit_tok_per_s=1.0, min_units=offer.min_units, unit_step=offer.unit_step
    )


def busy_units(offer: ProvisionedOffer, plan: Plan) -> Num:
    """Units that the peak keeps busy. Raises MissingDataError when the capacity of one is not published."""
    if offer.output_tok_per_s is None:
        raise MissingDataError(f"{offer.plan}: the capacity of a unit is unknown")
    peak = peak_per_s(
        per_month=plan.requests_per_month, peak_to_mean_ratio=plan.peak_to_mean_ratio, batch_frac=plan.batch_frac
    )
    busy = peak * plan.generated_tok / offer.output_tok_per_s.value
    return busy if offer.input_tok_per_s is None else busy + peak * plan.billed_input_tok / offer.input_tok_per_s.value
