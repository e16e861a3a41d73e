"""The answer in one sentence: which option, at what cost, against whom, and when that changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tco.decide.assess import Result
from tco.decide.versus import BreakEven

TIER_NAMES = {"api": "API", "budget_cloud": "budget cloud", "self_hosted": "self-hosted"}
ROUNDING_FRAC = 1e-9  # what sharing out ties may leave of a whole


@dataclass(frozen=True, slots=True)
class Verdict:
    """The cheapest feasible option overall and of each tier.

    ``confidence_frac`` is the cheapest option's own share of draws won; ``text`` names its tier's as well.
    """

    cheapest: str | None
    cheapest_by_tier: dict[str, str]
    confidence_frac: float | None
    text: str


def ranked(results: Sequence[Result]) -> list[Result]:
    """Feasible options by cost, then infeasible ones, the priced first."""
    return sorted(
        results, key=lambda result: (not result.feasible, result.usd_per_month is None, result.usd_per_month or 0.0)
    )


def best_by_tier(results: Sequence[Result]) -> dict[str, Result]:
    """The cheapest feasible option of each tier that has one, cheapest tier first."""
    found: dict[str, Result] = {}
    for result in ranked(results):
        if result.feasible and result.usd_per_month is not None:
            found.setdefault(result.option.tier, result)
    return found


def verdict(results: Sequence[Result], break_evens: Sequence[BreakEven]) -> Verdict:
    """Name the winner, the runner-up tier and the volume at which the answer changes."""
    best = best_by_tier(results)
    if not best:
        return Verdict(
            None, {}, None, f"No option can serve this workload; {len(results)} were checked, each with its reason."
        )
    tiers = list(best.values())
    winner = tiers[0]
    text = f"Cheapest is {winner.option.id} ({TIER_NAMES[winner.option.tier]}) at {_usd(winner)} a month"
    odds = sum(result.win_frac or 0.0 for result in results if result.option.tier == winner.option.tier)
    if winner.win_frac is not None:
        own_odds, tier_odds = _odds(winner.win_frac), _odds(odds)
        text += f"; it wins {own_odds} of draws" + (f", its tier {tier_odds}" if tier_odds != own_odds else "")
        likeliest = max(results, key=lambda result: result.win_frac or 0.0)
        if (likeliest.win_frac or 0.0) > winner.win_frac and likeliest.option.id != winner.option.id:
            text += f", but {likeliest.option.id} wins most often, {_odds(likeliest.win_frac or 0.0)} of them"
    if len(tiers) > 1:
        other = tiers[1]
        text += (
            f". Next tier: {other.option.id} ({TIER_NAMES[other.option.tier]}) at {_usd(other)}, {_more(winner, other)}"
        )
    text += _changes(winner, results, break_evens)
    text += f". {winner.slow}" if winner.slow else ""
    return Verdict(
        winner.option.id, {tier: result.option.id for tier, result in best.items()}, winner.win_frac, text + "."
    )


def _odds(won_frac: float) -> str:
    """A share of draws as a percentage; 100% and 0% only of all draws and of none."""
    if 0.995 <= won_frac < 1.0 - ROUNDING_FRAC:
        return ">99%"
    return "<1%" if 0.0 < won_frac < 0.005 else f"{won_frac:.0%}"


def _usd(result: Result) -> str:
    return f"{result.usd_per_month or 0.0:,.2f} USD"


def _more(winner: Result, other: Result) -> str:
    low, high = winner.usd_per_month or 0.0, other.usd_per_month or 0.0
    if low <= 0:
        return "against nothing at all"
    ratio = high / low
    return f"{ratio - 1:.0%} more" if ratio < 2 else f"{ratio:,.1f} times as much"


def _changes(winner: Result, results: Sequence[Result], break_evens: Sequence[BreakEven]) -> str:
    """When the answer changes: the break-even that involves the winner, else the first."""
    if not break_evens:
        return ""
    lead = next((each for each in break_evens if winner.option.id in (each.own, each.versus)), break_evens[0])
    if lead.requests_per_month is None:
        kinds = {result.option.id: result.option.kind for result in results}
        machines = "Rented" if kinds.get(lead.own) == "rental" else "Own"
        return f". {machines} machines against {lead.versus}: {lead.reason}"
    return (
        f". {lead.own} becomes cheaper than {lead.versus} (price of {lead.versus_price_as_of or 'an unstated day'}) "
        f"from {lead.requests_per_month:,.0f} requests/month"
    )
