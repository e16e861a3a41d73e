"""The whole house in one function: price, size, cost and decide for every option of a scenario.

Read this first. Each option goes through ``decide.assess``: the rules (``decide.eligible``), the price
(``price``), the size (``perform``) and the ledger (``cost``). Then options are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tco.decide.assess import Result, assess
from tco.decide.duel import Duel, solve
from tco.decide.search import cheapest
from tco.decide.uncertainty import with_ranges
from tco.decide.verdict import Verdict, best_by_tier, ranked, verdict
from tco.decide.versus import BreakEven, break_even
from tco.describe.option import MachineOption
from tco.describe.scenario import Scenario
from tco.errors import MissingDataError, UnknownNameError, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything a report shows: the options ranked, their break-evens, the verdict."""

    scenario: Scenario
    results: tuple[Result, ...]
    break_evens: tuple[BreakEven, ...]
    verdict: Verdict
    n_draws: int
    seed: int


def run(scenario: Scenario, *, n_draws: int = 1000, seed: int = 0) -> Comparison:
    """Compare every option of a scenario."""
    named = [assess(option, scenario) for option in scenario.options]
    found = [_searched(group, scenario) for group in scenario.searched if group]
    results = ranked(with_ranges([*named, *found], scenario, n_draws=n_draws, seed=seed))
    break_evens = tuple(break_even(own, versus, scenario) for own, versus in _pairs(results))
    return Comparison(
        scenario=scenario,
        results=tuple(results),
        break_evens=break_evens,
        verdict=verdict(results, break_evens),
        n_draws=n_draws,
        seed=seed,
    )


def _searched(group: Sequence[MachineOption], scenario: Scenario) -> Result:
    """The cheapest of a group of machines, assessed like any other option."""
    best = cheapest(group, scenario)
    result = assess(best.option, scenario)
    return replace(result, notes=(best.text, *result.notes)) if best.n_searched > 1 else result


def _pairs(results: Sequence[Result]) -> list[tuple[Result, Result]]:
    """Machines against tokens: the cheapest owned and rented option each against the cheapest of the other kinds."""
    best = best_by_tier(results)
    priced = [result for result in results if result.feasible and result.costing is not None]
    owned = best.get("self_hosted")
    rented = next((result for result in priced if result.option.kind == "rental"), None)
    tokens = [
        next((result for result in priced if result.option.tier == tier and result.option.kind == "per_token"), None)
        for tier in ("api", "budget_cloud")
    ]
    rivals = [rival for rival in (*tokens, rented) if rival is not None]
    pairs = [(owned, rival) for rival in rivals if owned is not None]
    pairs += [(rented, rival) for rival in tokens if rented is not None and rival is not None]
    return pairs


def pick(compared: Comparison, name: str) -> Result:
    """The option of that id, or the only one whose id contains the text.

    Raises UnknownNameError when none does and UsageError when several do.
    """
    exact = [result for result in compared.results if result.option.id == name]
    found = exact or [result for result in compared.results if name.lower() in result.option.id.lower()]
    if not found:
        ids = [result.option.id for result in compared.results]
        raise UnknownNameError("option", name, ids, "tco compare WORKLOAD --json")
    if len(found) > 1:
        raise UsageError(f"{name!r} fits {len(found)} options: {', '.join(result.option.id for result in found[:12])}")
    return found[0]


def duel(
    scenario: Scenario, *, own: str, versus: str, solve_for: str | None = None, payback_months: float | None = None
) -> Duel:
    """Two named options head to head; raises MissingDataError when one of them has no price."""
    compared = run(scenario, n_draws=0)
    sides = pick(compared, own), pick(compared, versus)
    for side in sides:
        if side.costing is None or not side.lines:
            raise MissingDataError(f"{side.option.id} has no bill to compare: {'; '.join(side.reasons)}")
    if payback_months is not None and solve_for is None:
        raise UsageError("--payback says when; name what may change with --solve-for FIELD")
    solved = solve(*sides, scenario, field=solve_for, payback_months=payback_months) if solve_for else None
    return Duel(own=sides[0], versus=sides[1], break_even=break_even(*sides, scenario), solved=solved)
