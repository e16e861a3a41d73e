"""What ``tco prices history`` shows: one model's steps, or the decline of a tier."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tco.cli import lookup
from tco.errors import UsageError
from tco.files.catalogue import Catalogue
from tco.report import prices as report
from tco.report import record
from tco.report.progress import progress
from tco.sheets import decline
from tco.sheets.backfill import backfill as read_past
from tco.sheets.steps import history, order
from tco.sheets.store import Store

TIERS = ("api", "budget_cloud")
QUALITY = re.compile(r"(?P<benchmark>[a-z0-9][a-z0-9._-]*)>=(?P<score>\d+(\.\d+)?)")


def show_model(
    model: str, *, provider: str | None, as_of: str | None, backfill: Sequence[str], chart: Path | None, as_json: bool
) -> None:
    """The steps of a model in every list, and in the files of the past; a chart of the dated ones."""
    offers = lookup.everywhere(model, provider, Store())
    on = lookup.day(as_of)
    steps = history(offers, until=on if as_of else None)
    with progress() as say:
        found = read_past(backfill, offers, say=say)
    past = [step for step in found if not as_of or (step.day is not None and step.day <= on)]
    past = [step for step in past if provider in (None, step.provider)]
    steps = sorted([*steps, *past], key=order)
    if chart is not None:
        from tco.report import price_chart

        price_chart.draw_history(model, steps, chart, until=on)
    report.show_history(steps, as_json=as_json)


def show_decline(tier: str, *, provider: str | None, as_of: str | None, chart: Path | None, as_json: bool) -> None:
    """How fast the list prices of a tier fall, with the halving time and its interval."""
    models = good_models(tier) if tier not in TIERS else None
    used, warnings = lookup.in_use(Store())
    report.warn(warnings)
    inside = (offer for offer in used.offers if (offer.tier == tier if models is None else offer.model in models))
    offers = [offer for offer in inside if provider in (None, offer.provider)]
    held = decline.points(offers, until=lookup.day(as_of))
    fitted = decline.fit(held)
    from tco.report import price_chart

    if chart is not None:
        price_chart.draw_decline(tier, held, fitted, chart)
    if as_json:
        print(record.dumps(price_chart.decline_record(tier, held, fitted)))
        return
    print(f"{price_chart.tier_name(tier)}: {price_chart.halving(fitted)}; {len(held):,} prices, input to output 3:1.")


def good_models(tier: str) -> set[str]:
    """The models of a tier of quality such as ``mmlu>=80``, by published pass@1 scores. Raises UsageError."""
    stated = QUALITY.fullmatch(tier.replace(" ", ""))
    scores = [row for row in Catalogue().scores if row.metric == "pass@1"]
    known = sorted({row.benchmark for row in scores})
    if stated is None or stated["benchmark"] not in known:
        expected = f"{', '.join(TIERS)}, or a score such as mmlu>=80 (of {', '.join(known)})"
        raise UsageError(f"--tier: got {tier!r}; expected one of: {expected}")
    least = float(stated["score"])
    return {row.model for row in scores if row.benchmark == stated["benchmark"] and row.score >= least}
