"""The whole house in one function: price, size, cost and decide for every option of a scenario.

Read this first. Each option goes through ``decide.assess``: the rules (``decide.eligible``), the price
(``price``), the size (``perform``) and the ledger (``cost``). Then options are compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tco.decide.assess import Result, assess
from tco.decide.search import Found, search
from tco.decide.uncertainty import with_ranges
from tco.decide.verdict import Verdict, ranked, verdict
from tco.decide.versus import BreakEven, break_even
from tco.describe.scenario import Scenario
from tco.errors import MissingDataError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from tco.decide.duel import Duel


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything a report shows: the options ranked, their break-evens, the verdict."""

    scenario: Scenario
    results: tuple[Result, ...]
    left_out: tuple[tuple[str, str], ...]
    break_evens: tuple[BreakEven, ...]
    verdict: Verdict
    n_draws: int
    seed: int


def run(scenario: Scenario, *, n_draws: int = 1000, seed: int = 0) -> Comparison:
    """Compare every option of a scenario."""
    named = [assess(option, scenario) for option in scenario.options]
    searches = search(scenario.searched, scenario)
    tried = [_assessed(each, scenario) for each in searches if each.is_worth_showing]
    found = [result for result, _ in tried]
    refused = [why for _, unserved in tried for why in unserved]
    refused += [why for each in searches if each.n_searched > 1 or not each.is_worth_showing for why in each.refused]
    results = ranked(with_ranges(_distinct([*named, *found]), scenario, n_draws=n_draws, seed=seed))
    break_evens = tuple(break_even(own, versus, scenario) for own, versus in _pairs(results))
    return Comparison(
        scenario=scenario,
        results=tuple(results),
        left_out=tuple(dict.fromkeys([*scenario.left_out, *refused])),
        break_evens=break_evens,
        verdict=verdict(results, break_evens),
        n_draws=n_draws,
        seed=seed,
    )


def _assessed(found: Found, scenario: Scenario) -> tuple[Result, list[tuple[str, str]]]:
    """The cheapest machine of a search, assessed like any other option, and those that a trace refused before it.

    The search sizes by the peak; where the cheapest cannot keep the limits on the trace itself, the next best may.
    Where none of those tried can, the cheapest is the one that is told.
    """
    first = result = assess(found.option, scenario)
    refused: list[tuple[str, str]] = []
    for option in found.next_best if scenario.trace is not None else ():
        if result.feasible:
            break
        refused.append((result.option.id, "; ".join(result.reasons)))
        result = assess(option, scenario)
    if not result.feasible:
        result, refused = first, []
    told = [found.text] if found.n_searched > 1 else []
    told += [f"{len(refused)} with a lower bill cannot keep the limits on the trace"] if refused else []
    return replace(result, notes=(*told, *result.notes)), refused


def _distinct(results: Sequence[Result]) -> list[Result]:
    """Results whose ids are made distinct by a counter where a workload states the same layout twice."""
    seen: Counter[str] = Counter()
    distinct: list[Result] = []
    for result in results:
        name = result.option.id
        seen[name] += 1
        again = replace(result.option, id=f"{name}#{seen[name]}")
        distinct.append(result if seen[name] == 1 else replace(result, option=again))
    return distinct


def _pairs(results: Sequence[Result]) -> list[tuple[Result, Result]]:
    """Machines against what they would replace.

    The cheapest owned and the cheapest rented option, each against the best of every other tier, however
    it is paid, and the best by the token.
    """
    priced = [result for result in results if result.feasible and result.costing is not None]

    def first(*, tier: str | None = None, kind: str | None = None) -> Result | None:
        fit = (each for each in priced if tier in (None, each.option.tier) and kind in (None, each.option.kind))
        return next(fit, None)

    owned, rented = first(kind="owned"), first(kind="rental")
    by_token = [first(tier=tier, kind="per_token") for tier in ("api", "budget_cloud")]
    of_tier = [first(tier=tier) for tier in ("api", "budget_cloud")]
    rivals = {id(each): each for each in (*of_tier, *by_token, rented) if each is not None}
    pairs = [(owned, rival) for rival in rivals.values() if owned is not None]
    return pairs + [(rented, rival) for rival in rivals.values() if rented is not None and rival is not rented]


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
    from tco.decide.duel import Duel, solve

    compared = run(scenario, n_draws=0)
    sides = pick(compared, own), pick(compared, versus)
    for side in sides:
        if side.costing is None or not side.lines:
            raise MissingDataError(f"{side.option.id} has no bill to compare: {'; '.join(side.reasons)}")
    if sides[0].option.id == sides[1].option.id:
        raise UsageError(f"--own and --versus are both {sides[0].option.id}; name two options")
    if payback_months is not None and solve_for is None:
        raise UsageError("--payback says when; name what may change with --solve-for FIELD")
    solved = solve(*sides, scenario, field=solve_for, payback_months=payback_months) if solve_for else None
    return Duel(own=sides[0], versus=sides[1], break_even=break_even(*sides, scenario), solved=solved)
