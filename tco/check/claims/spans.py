"""A sentence about a month or a year: on which of its days it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

from tco.check.claims.evidence import Evidence
from tco.check.claims.judge import Judgement
from tco.check.claims.periods import Period
from tco.check.claims.prices import offer_of
from tco.check.claims.record import Claim
from tco.price.rates import instant

# A verdict on one day that speaks for the whole period; without it the last day does.
KIND = ("consistent", "needs_assumption")


def days_of(held: Period, claim: Claim, evidence: Evidence) -> list[date]:
    """The days of a period on which something may change: its ends, each month's first, and steps of the prices."""
    last = min(held.last, evidence.context.as_of)
    months = (date(year, month, 1) for year in range(held.first.year, last.year + 1) for month in range(1, 13))
    found = {held.first, last, *months, *_steps(claim, last, evidence)}
    return sorted(day for day in found if held.first <= day <= last)


def _steps(claim: Claim, on: date, evidence: Evidence) -> Iterator[date]:
    described = [state.about for state in claim.states]
    derived = [state.from_ for state in claim.states] + [each.from_ for state in claim.states for each in state.compare]
    described += [source.about for sources in derived for source in sources.values()]
    for about in described:
        for name in {about.get("model"), about.get("over")} - {None}:
            for model in evidence.models(str(name), on):
                offer = offer_of(evidence, model, about.get("provider"))
                for row in offer.rates if offer else ():
                    yield instant(row.since).date()
                    if row.until is not None:
                        yield instant(row.until).date()
                profile = evidence.context.catalogue.profiled(model)
                if profile is not None and profile.released is not None:
                    yield profile.released


def over(held: Period, judged: Sequence[tuple[date, Judgement]]) -> tuple[date, Judgement, str]:
    """The day whose verdict stands, that verdict, and from which days on there is another."""
    runs = [(verdict, list(days)) for verdict, days in groupby(judged, key=lambda each: each[1].verdict)]
    spoken = ", ".join(f"{verdict} from {days[0][0]}" for verdict, days in runs)
    last = judged[-1][0]
    line = (
        f"{held.words}: the same on each day tried, {judged[0][0]} to {last}"
        if len(runs) == 1
        else f"{held.words} is a range of days: {spoken} to {last}; one that fits is enough"
    )
    for kind in KIND:
        for day, judgement in judged:
            if judgement.verdict == kind:
                return day, judgement, line
    return (*judged[-1], line)
