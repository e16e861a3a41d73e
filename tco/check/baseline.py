"""What held before: values of an older file of assumptions, older offers, older records of ``tco compare``.

A baseline that is absent or cannot be read is an error, never "no change".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from tco.check import results
from tco.check.item import Assumption, records
from tco.check.value import UsdPer, Value, ValueProblem, read
from tco.describe.offer import TokenOffer
from tco.errors import InvalidInputError, MissingDataError
from tco.files.marks import Document, parse
from tco.files.readers import token_offers
from tco.files.text import read_text

SUFFIXES = (".yaml", ".yml", ".json")
NOTHING = "holds no assumptions, no offers and no record of `tco compare --json`"


@dataclass(frozen=True)
class Baseline:
    """Values by the id of their item, offers by provider and model, records of ``tco compare`` by workload name.

    ``files`` has the values of each file, for an id that several of them use.
    """

    label: str
    values: dict[str, Value] = field(default_factory=dict)
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    offers: dict[tuple[str, str], TokenOffer] = field(default_factory=dict)
    files: dict[Path, dict[str, Value]] = field(default_factory=dict)

    def value(self, name: str, path: str) -> Value | None:
        """The value of an id; of those of several files that of the file whose path ends most like ``path``."""
        holding = [file for file, values in self.files.items() if name in values]
        if len(holding) < 2:
            return self.values.get(name)
        return self.files[max(holding, key=lambda file: _n_common(file, Path(path)))][name]


def load(paths: Sequence[Path], usd_per: UsdPer, *, allow_new: bool = False) -> Baseline | None:
    """The baseline of files and folders, None without any. Raises MissingDataError where one cannot be used.

    With ``allow_new`` one may hold nothing that can be compared with.
    """
    held = Baseline(", ".join(map(str, paths)))
    for path in paths:
        try:
            found = [_add(held, each, usd_per) for each in _files(path)]
        except InvalidInputError as error:
            raise MissingDataError(f"--baseline {error}; without it nothing can be compared") from None
        if not any(found) and not allow_new:
            raise MissingDataError(f"--baseline {path}: {NOTHING}")
    return held if paths else None


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    yield from (each for each in sorted(path.rglob("*")) if each.suffix in SUFFIXES and each.is_file())


def _add(held: Baseline, path: Path, usd_per: UsdPer) -> bool:
    """Add what a file holds; whether it holds anything that can be compared with."""
    text = read_text(path)
    held_json = _json(text, path)
    if held_json is not None and held_json.get("schema") == results.COMPARE:
        record = results.parse(text, path)
        name = str(record["workload"]["name"])
        if held.results.get(name, record) != record:
            raise MissingDataError(f"--baseline {path}: a second record of workload {name!r}, which differs")
        held.results[name] = record
        return True
    if held_json is not None and "assumptions" not in held_json:
        return False
    document = parse(text, str(path))
    if "offers" in document.data:
        held.offers.update({(offer.provider, offer.model): offer for offer in token_offers(path)})
    elif isinstance(document.data.get("assumptions"), dict | tuple):
        held.files[path] = _values(document, usd_per)
        held.values.update(held.files[path])
    else:
        return False
    return True


def _json(text: str, path: Path) -> Mapping[str, Any] | None:
    """The object of a JSON file; None for YAML."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        held = json.loads(text)
    except (ValueError, RecursionError) as error:
        if path.suffix == ".json":
            raise MissingDataError(f"--baseline {path}: not JSON: {error}") from None
        return None
    return held if isinstance(held, dict) else None


def _values(document: Document, usd_per: UsdPer) -> dict[str, Value]:
    if document.problems:
        raise MissingDataError(f"--baseline {document.problems[0]}")
    held, wrong = records(document, "assumptions", Assumption)
    if wrong:
        raise MissingDataError(f"--baseline {wrong[0].place}: {wrong[0].message}")
    found: dict[str, Value] = {}
    for loc, item in held:
        try:
            found[item.id] = read(item.value, item.unit, item.currency, usd_per)
        except ValueProblem as error:
            raise MissingDataError(f"--baseline {document.problem((*loc, 'value'), str(error))}") from None
    return found


def _n_common(one: Path, other: Path) -> int:
    """How many parts two paths have in common, from the last one on."""
    pairs = zip(reversed(one.parts), reversed(other.parts), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
