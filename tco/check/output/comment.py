"""A pull-request comment: what changed in cost against the baseline, then the findings; found again by its marker."""

from __future__ import annotations

from tco.check.changes import CostChange
from tco.check.output import markdown
from tco.check.output.markdown import escaped
from tco.check.run import Report
from tco.report.text import figures

MARKER = "<!-- tco:check -->"  # a bot finds its own comment by it and replaces it
MAX_CHARS = 60_000  # a comment holds 65,536, and a bot may add to it
CUT = "\n\nThe rest does not fit here; `tco check` prints all of it.\n"
FLOAT_FRAC = 1e-12  # the last digits of a float are no change
LEAST_FRAC = 0.0005  # shown as 0.1%
TIERS = {"api": "API", "budget_cloud": "budget cloud", "self_hosted": "self-hosted"}


def render(report: Report, *, exit_code: int) -> str:
    """Marker, table of costs, findings; cut at the end of a line where it would be too long, and it says so."""
    body = "\n".join([MARKER, *_costs(report), markdown.render(report, exit_code=exit_code)])
    if len(body) <= MAX_CHARS:
        return body
    return body[: MAX_CHARS - len(CUT)].rpartition("\n")[0] + CUT


def _costs(report: Report) -> list[str]:
    if not report.changes:
        return []
    lines = ["### Cost, cheapest option of each tier", ""]
    lines += ["| workload | tier | before | USD a month | now | USD a month | change |"]
    lines += ["| --- | --- | --- | ---: | --- | ---: | ---: |"]
    return [*lines, *(_row(each) for each in report.changes), "", "The cheapest of all is in bold.", ""]


def _row(each: CostChange) -> str:
    cells = (
        escaped(each.workload), TIERS[each.tier],
        _option(each.option_before, is_cheapest=each.was_cheapest), _usd(each.usd_per_month_before),
        _option(each.option, is_cheapest=each.is_cheapest), _usd(each.usd_per_month), _change(each),
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _option(name: str | None, *, is_cheapest: bool) -> str:
    shown = escaped(name or "none")
    return f"**{shown}**" if is_cheapest else shown


def _change(each: CostChange) -> str:
    """The difference, with its share of what it was where there is one."""
    usd, frac = each.change_usd_per_month, each.change_frac
    if usd is None:
        return "–"
    if usd == 0 or (frac is not None and abs(frac) < FLOAT_FRAC):
        return "none"
    sign = "+" if usd > 0 else "−"
    share = "" if frac is None else f" ({sign}{abs(frac):.1%})" if abs(frac) >= LEAST_FRAC else " (under 0.1%)"
    return f"{sign}{_usd(abs(usd))}{share}"


def _usd(usd_per_month: float | None) -> str:
    """Dollars with cents; below one dollar with three figures, so that little is not shown as nothing."""
    if usd_per_month is None:
        return "–"
    return figures(usd_per_month) if usd_per_month < 1 else f"{usd_per_month:,.2f}"
