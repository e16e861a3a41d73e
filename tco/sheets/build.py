"""The sheet that comes with the tool, made from snapshots of registries: ``python -m tco.sheets.build --help``.

The same snapshots and curated files give the same bytes. Offers that ``pricing/tokens`` has are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from tco.describe.offer import TokenOffer
from tco.files.catalogue import Catalogue, shipped_folder
from tco.sheets.merge import merge
from tco.sheets.sheet import Sheet, SheetSource, canonical, offer_record, sheet_id
from tco.sheets.upstream import CONVERTERS, LICENCES, WHEEL_MEMBERS

SCHEMA = "tco.shipped/1"
INDEX = "index.json"
Names = dict[str, dict[str, str]]  # provider -> spelling -> curated model


def main(arguments: Sequence[str] | None = None) -> int:
    """Build from the command line; says how many offers there are."""
    parser = argparse.ArgumentParser(prog="python -m tco.sheets.build", description=__doc__)
    parser.add_argument("snapshots", nargs="+", metavar="SOURCE@VERSION=FILE", help=f"source: {', '.join(CONVERTERS)}")
    parser.add_argument(
        "--as-of", required=True, type=date.fromisoformat, help="the day on which the snapshots were current"
    )
    parser.add_argument(
        "--earlier", action="append", default=[], metavar="SOURCE@VERSION=FILE", help="an older snapshot, for history"
    )
    parser.add_argument(
        "--earlier-as-of", type=date.fromisoformat, help="the day on which the older snapshots were current"
    )
    parser.add_argument("--out", type=Path, default=shipped_folder() / "pricing" / "sheet", help="folder to write")
    asked = parser.parse_args(arguments)
    if asked.earlier and asked.earlier_as_of is None:
        parser.error("--earlier needs --earlier-as-of")
    curated = Catalogue(use_sheet=False).offers
    parent = None
    if asked.earlier:
        parent, _, _ = built([_snapshot(text) for text in asked.earlier], curated, asked.earlier_as_of)
    sheet, index, names = built([_snapshot(text) for text in asked.snapshots], curated, asked.as_of, parent)
    write(sheet, index, names, asked.out)
    sys.stdout.write(
        f"{len(sheet.offers):,} offers of {len(index['n_offers'])} providers, {len(sheet.held):,} held, "
        f"id {index['id'][:12]}\n"
    )
    return 0


def built(
    snapshots: Sequence[tuple[str, str, bytes]], curated: Sequence[TokenOffer], as_of: date, parent: Sheet | None = None
) -> tuple[Sheet, dict[str, Any], Names]:
    """The sheet of (source, version, bytes), its index, and more names of curated offers.

    ``as_of`` is the day of every undated price; ``parent`` is the sheet of older snapshots, whose history is kept.
    """
    at = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
    sources = []
    offers = {}
    rejected = {}
    for source, version, raw in sorted(snapshots, key=lambda part: list(CONVERTERS).index(part[0])):
        converted = CONVERTERS[source](raw, retrieved=as_of, version=version)
        offers[source] = converted.offers
        rejected[source] = len(converted.rejected_rows)
        member = f", member {WHEEL_MEMBERS[source]}" if source in WHEEL_MEMBERS else ""
        sources.append(
            SheetSource(
                name=source, version=version, sha256=sha256(raw).hexdigest(),
                origin=f"package {source} {version}{member}",
                retrieved_at=at, licence=LICENCES[source],
            )
        )  # fmt: skip
    merged = merge(curated, offers, parent=parent)
    sources = [*(parent.sources if parent else ()), *sources]
    known = {(offer.provider, offer.model) for offer in curated}
    kept = tuple(offer for offer in merged.offers if (offer.provider, offer.model) not in known)
    sheet = Sheet(created_at=at, sources=tuple(sources), offers=kept, held=merged.held)
    return sheet, _index(sheet, rejected), _more_names(curated, merged.offers)


def _more_names(curated: Sequence[TokenOffer], merged: Sequence[TokenOffer]) -> Names:
    """Upstream spellings of curated models by provider, those left out that an offer is called already."""
    own = {(offer.provider, name.lower()) for offer in curated for name in (offer.model, *offer.aliases)}
    own |= {(offer.provider, offer.model) for offer in merged}
    known = {(offer.provider, offer.model) for offer in curated}
    found: Names = {}
    for offer in merged:
        if (offer.provider, offer.model) in known:
            more = {name.lower(): offer.model for name in offer.aliases if (offer.provider, name.lower()) not in own}
            found.setdefault(offer.provider, {}).update(more)
    return found


def _index(sheet: Sheet, rejected: dict[str, int]) -> dict[str, Any]:
    counts = Counter(offer.provider for offer in sheet.offers)
    return {
        "schema": SCHEMA,
        "id": sheet_id(without_held(sheet)),
        "created_at": sheet.created_at.isoformat(),
        "sources": [
            {**{name: getattr(source, name) for name in ("name", "version", "origin", "sha256", "licence")},
             "retrieved_at": source.retrieved_at.isoformat()}
            for source in sheet.sources
        ],
        "n_offers": dict(sorted(counts.items())),
        "n_rejected": rejected,
        "held": sorted({(part.offer.provider, part.offer.model, part.why) for part in sheet.held}),
    }  # fmt: skip


def without_held(sheet: Sheet) -> Sheet:
    """What the shipped id addresses: the offers and their sources."""
    return Sheet(created_at=sheet.created_at, sources=sheet.sources, offers=sheet.offers)


def write(sheet: Sheet, index: dict[str, Any], names: Names, folder: Path) -> None:
    """One file a provider, one offer a line, and the index; files of providers that are gone are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    by_provider: dict[str, list[bytes]] = {provider: [] for provider, more in names.items() if more}
    for offer in sheet.offers:
        by_provider.setdefault(offer.provider, []).append(canonical(offer_record(offer)))
    for path in folder.glob("*.json"):
        if path.stem not in by_provider:
            path.unlink()
    for provider, lines in by_provider.items():
        head = canonical({"aliases": names.get(provider, {}), "provider": provider})[:-1]
        (folder / f"{provider}.json").write_bytes(head + b',"offers":[\n' + b",\n".join(lines) + b"\n]}\n")
    text = json.dumps(index, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / INDEX).write_text(text + "\n", encoding="utf-8")


def _snapshot(text: str) -> tuple[str, str, bytes]:
    name, _, path = text.partition("=")
    source, _, version = name.partition("@")
    if source not in CONVERTERS or not version or not Path(path).is_file():
        raise SystemExit(f"got {text!r}; expected SOURCE@VERSION=FILE with SOURCE one of: {', '.join(CONVERTERS)}")
    return source, version, Path(path).read_bytes()


if __name__ == "__main__":
    raise SystemExit(main())
