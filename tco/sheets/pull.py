"""A pull: sources fetched, converted, merged with what is curated, and kept as the new current sheet, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError
from tco.sheets.diff import Diff, diff
from tco.sheets.fetch import TIMEOUT_S, fetch
from tco.sheets.merge import merge
from tco.sheets.origin import LICENCES, Origin
from tco.sheets.sheet import Sheet, SheetSource
from tco.sheets.store import Store
from tco.sheets.upstream import CONVERTERS
from tco.sheets.upstream.common import Converted

LEAST_KEPT_FRAC = 0.8  # of a source's offers; fewer than that and the feed is taken to be broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What a pull did: the new sheet, what changed against the one before, and rows no offer came from."""

    id: str
    parent: str | None
    sheet: Sheet
    changes: Diff | None
    rejected: tuple[tuple[str, str, str], ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One source of the new sheet: what is said of it and the offers converted from it."""

    source: SheetSource
    converted: Converted
    data: bytes


def pull(
    store: Store, origins: Sequence[Origin], *, now: datetime, curated: Iterable[TokenOffer],
    say: Callable[[str], None], timeout_s: float = TIMEOUT_S, allow_shrunken: bool = False,
    shipped: Callable[[], Iterable[TokenOffer]] = tuple,
) -> Pulled:  # fmt: skip
    """Make a new current sheet of ``origins``; the other sources of the present one stay as they were.

    The first sheet carries on the history of what was ``shipped``. Raises MissingDataError naming cause and way out,
    and then nothing has changed.
    """
    with store.locked():
        parent, warnings = _parent(store)
        fresh = [_fetched(origin, store.folder, now, timeout_s, say) for origin in origins]
        kept = _kept(store, parent, {part.source.name for part in fresh}, warnings)
        if not allow_shrunken:
            for part in fresh:
                _not_shrunken(part, parent, store)
        parts = _in_order([*fresh, *kept])
        say("merging")
        offers = {part.source.name: part.converted.offers for part in parts}
        before = parent or Sheet(created_at=now, offers=tuple(shipped()))
        merged = merge(tuple(curated), offers, parent=before)
        parent_id = store.current_id() if parent else None
        sheet = Sheet(
            created_at=now,
            parent=parent_id,
            sources=tuple(part.source for part in parts),
            offers=merged.offers,
            held=merged.held,
        )
        say("writing")
        for part in fresh:
            store.keep_raw(part.source.sha256, part.data)
        held = store.put(sheet)
    changes = diff(parent.offers, sheet.offers, on=now) if parent else None
    rejected = [(part.source.name, name, why) for part in fresh for name, why in part.converted.rejected]
    return Pulled(
        id=held, parent=parent_id, sheet=sheet, changes=changes, rejected=tuple(rejected), warnings=tuple(warnings)
    )


def _parent(store: Store) -> tuple[Sheet | None, list[str]]:
    """The current sheet; where it is damaged, none and a warning: a pull is the way out of that."""
    try:
        return store.current(), []
    except MissingDataError as error:
        return None, [f"the sheet before cannot be used, so nothing is compared with it: {error}"]


def _fetched(origin: Origin, folder: Path | None, now: datetime, timeout_s: float, say: Callable[[str], None]) -> Part:
    found = fetch(origin, into=folder, timeout_s=timeout_s, say=say)
    say(f"converting {found.kind} {found.version}")
    source = SheetSource(
        name=found.kind, version=found.version, origin=f"{found.origin} (data sha256:{found.data_sha256})",
        sha256=found.sha256, retrieved_at=now, licence=LICENCES[found.kind],
    )  # fmt: skip
    return Part(source, converted(source, found.data), found.data)


def converted(source: SheetSource, data: bytes) -> Converted:
    """The offers of a source. Raises MissingDataError when there is none, which no sound feed looks like."""
    found = CONVERTERS[source.name](data, retrieved=source.retrieved_at.date(), version=source.version)
    if not found.offers:
        raise MissingDataError(
            f"{source.origin}: holds no offer of {source.name}; name another version; the current sheet is unchanged"
        )
    return found


def _kept(store: Store, parent: Sheet | None, fresh: set[str], warnings: list[str]) -> list[Part]:
    parts = []
    for source in parent.sources if parent else ():
        if source.name in fresh:
            continue
        data = store.raw_data(source.sha256)
        if data is None:
            warnings.append(
                f"{source.name} {source.version} is no longer held and left out; pull it again to have it back"
            )
        else:
            parts.append(Part(source, converted(source, data), data))
    return parts


def _in_order(parts: list[Part]) -> list[Part]:
    """By precedence; a source named twice counts once, the later one."""
    last = {part.source.name: part for part in parts}
    return [last[name] for name in CONVERTERS if name in last]


def _not_shrunken(part: Part, parent: Sheet | None, store: Store) -> None:
    """Refuse a feed with far fewer offers than the same source had before."""
    before = next((source for source in parent.sources if source.name == part.source.name), None) if parent else None
    data = store.raw_data(before.sha256) if before else None
    if before is None or data is None or before.sha256 == part.source.sha256:
        return
    n_before, n_now = len(converted(before, data).offers), len(part.converted.offers)
    if n_now < LEAST_KEPT_FRAC * n_before:
        raise MissingDataError(
            f"{part.source.origin}: shrunken: {n_now:,} offers, {n_before:,} before; "
            f"expected {LEAST_KEPT_FRAC:.0%} of that or more; try another version, or --allow-shrunken if it is meant; "
            "the current sheet is unchanged"
        )


def opinions(store: Store, sheet: Sheet) -> list[tuple[SheetSource, tuple[TokenOffer, ...]]]:
    """What each source of a sheet says by itself, before the merge, from the data kept at the pull."""
    found = []
    for source in sheet.sources:
        data = store.raw_data(source.sha256)
        if data is None:
            raise MissingDataError(
                f"the data of {source.name} {source.version} is not held; "
                f"`tco prices pull --source {source.name}` fetches it"
            )
        found.append((source, converted(source, data).offers))
    return found


def fetched(
    origins: Sequence[Origin], *, now: datetime, say: Callable[[str], None]
) -> list[tuple[str, tuple[TokenOffer, ...]]]:
    """What sources say by themselves, by name in the order of precedence, without keeping anything."""
    parts = [_fetched(origin, None, now, TIMEOUT_S, say) for origin in origins]
    return [(part.source.name, part.converted.offers) for part in _in_order(parts)]
