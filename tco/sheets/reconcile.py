"""Where sources disagree about one price on one day: by how much, who is dated, what was chosen and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tco.describe.offer import RateRow, TokenOffer
from tco.sheets.diff import Key, in_force
from tco.sheets.sheet import Held

UNDECIDED_RATIO = 3.0  # sources further apart than this are not decided by precedence alone
CURATED = "curated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one source says, since when, and whether it dates the price itself."""

    source: str
    usd: Decimal
    since: str
    dated: bool
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One price on which sources differ. ``chosen_usd`` is None while it is held for review."""

    provider: str
    model: str
    when: str
    meter: str
    opinions: tuple[Opinion, ...]
    chosen_usd: Decimal | None
    chosen_source: str
    why: str
    decided: bool

    @property
    def ratio(self) -> float | None:
        """Highest over lowest; None when the lowest is 0."""
        held = [opinion.usd for opinion in self.opinions]
        return float(max(held) / min(held)) if min(held) else None


def reconcile(
    opinions: Sequence[tuple[str, Iterable[TokenOffer]]],
    chosen: Iterable[TokenOffer],
    *,
    on: date | datetime,
    held: Iterable[Held] = (),
) -> list[Disagreement]:
    """Every price in force on a day that two sources give differently, the widest apart first.

    ``opinions`` come in the order of precedence. A floating route (OpenRouter) is its own provider and so never differs
    from a vendor here.
    """
    said: dict[Key, list[tuple[str, Decimal, RateRow]]] = {}
    for name, offers in opinions:
        for key, (usd, row) in in_force(offers, on).items():
            said.setdefault(key, []).append((name, usd, row))
    used = in_force(chosen, on)
    review = {(part.offer.provider, part.offer.model): part.why for part in held}
    found = [
        _disagreement(key, parts, used.get(key), review.get(key[:2]))
        for key, parts in said.items()
        if len({usd for _, usd, _ in parts}) > 1
    ]
    return sorted(
        found, key=lambda each: (each.decided, -_distance(each), each.provider, each.model, each.when, each.meter)
    )


def _distance(each: Disagreement) -> float:
    return each.ratio if each.ratio is not None else float("inf")


def _disagreement(
    key: Key, parts: list[tuple[str, Decimal, RateRow]], used: tuple[Decimal, RateRow] | None, review: str | None
) -> Disagreement:
    opinions = tuple(
        Opinion(source=name, usd=usd, since=str(row.since), dated=row.observed is None, reference=row.source)
        for name, usd, row in parts
    )
    ratio_wide = min(part.usd for part in opinions) == 0 or (
        max(part.usd for part in opinions) / min(part.usd for part in opinions) > Decimal(str(UNDECIDED_RATIO))
    )
    backers = [part for part in opinions if used is not None and part.usd == used[0]]
    source = backers[0].source if backers else ""
    decided = used is not None and (source == CURATED or len(backers) > 1 or not ratio_wide)
    return Disagreement(
        provider=key[0], model=key[1], when=key[2], meter=key[3], opinions=opinions, decided=decided,
        chosen_usd=used[0] if used else None, chosen_source=source,
        why=_why(source, backers, used is not None, ratio_wide, review),
    )  # fmt: skip


def _why(source: str, backers: list[Opinion], is_used: bool, ratio_wide: bool, review: str | None) -> str:
    if not is_used:
        return f"held for review: {review}" if review else "in no sheet: held for review"
    if source == CURATED:
        return f"curated, since {backers[0].since}, from {backers[0].reference}"
    if len(backers) > 1:
        return f"{len(backers)} sources agree: {', '.join(part.source for part in backers)}"
    if not backers:
        return "a row of an earlier sheet, which none of the sources gives any more"
    dated = "dates the price itself" if backers[0].dated else "comes first in precedence, undated"
    return f"{source} {dated}" + ("; far apart: look at the vendor's page and curate it" if ratio_wide else "")
