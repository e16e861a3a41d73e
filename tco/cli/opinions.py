"""What ``tco prices reconcile`` compares: what each source of the current sheet, or of those named, says by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tco.cli import lookup
from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError
from tco.report.progress import progress
from tco.sheets import pull
from tco.sheets.merge import merge
from tco.sheets.origin import parse_origin
from tco.sheets.reconcile import CURATED, Disagreement, reconcile
from tco.sheets.refs import NOTHING_PULLED
from tco.sheets.sheet import Held
from tco.sheets.store import Store


def disagreements(sources: Sequence[str], as_of: str | None) -> tuple[list[Disagreement], date]:
    """The disagreements of the current sheet, or of sources that are fetched and not kept; and the day."""
    store, on, ours = Store(), lookup.day(as_of), lookup.curated()
    if sources:
        with progress() as say:
            said = pull.fetched([parse_origin(text) for text in sources], now=lookup.moment(as_of), say=say)
        merged = merge(ours, dict(said))
        return _compared(ours, said, merged.offers, merged.held, on), on
    sheet = store.current()
    if sheet is None:
        raise MissingDataError(f"{NOTHING_PULLED}; or name what to compare with --source")
    said = [(source.name, offers) for source, offers in pull.opinions(store, sheet)]
    return _compared(ours, said, sheet.offers, sheet.held, on), on


def _compared(
    ours: tuple[TokenOffer, ...], said: list[tuple[str, tuple[TokenOffer, ...]]], chosen: tuple[TokenOffer, ...],
    held: tuple[Held, ...], on: date,
) -> list[Disagreement]:  # fmt: skip
    return reconcile([(CURATED, ours), *said], chosen, on=on, held=held)
