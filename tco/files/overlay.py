"""The folder of ``--data``: every data file in it is checked, whether or not a workload names what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tco.describe.hardware import Hardware, Throughput
from tco.describe.model import Model
from tco.describe.offer import Discount, Provider, RentalOffer
from tco.describe.quality import Score
from tco.describe.site import FacilityRow, FxRow, TariffRow
from tco.errors import InvalidInputError, Problem
from tco.files import profiles
from tco.files.addresses import DATA_FOLDERS, EMPTY
from tco.files.catalogue import Catalogue
from tco.files.marks import read, validate
from tco.files.readers import listed, plan_offers, token_offers
from tco.files.tables import read_table

Reader = Callable[[Path], Any]
# Files a catalogue reads by name; every other one it reads lies in one of the folders below.
FILES: Mapping[str, Reader] = MappingProxyType({
    "pricing/plans.yaml": plan_offers,
    "pricing/providers.yaml": partial(listed, key="providers", record_class=Provider),
    "pricing/discounts.yaml": partial(listed, key="discounts", record_class=Discount),
    "pricing/facility.yaml": partial(listed, key="facility", record_class=FacilityRow),
    "pricing/gpu_rental.csv": partial(read_table, record_class=RentalOffer),
    "pricing/electricity.csv": partial(read_table, record_class=TariffRow),
    "pricing/fx.csv": partial(read_table, record_class=FxRow),
    "hardware_profiles/throughput.csv": partial(read_table, record_class=Throughput),
    "quality/scores.csv": partial(read_table, record_class=Score),
})  # fmt: skip
READ = (".yaml", ".yml", ".csv")


def check(catalogue: Catalogue) -> None:
    """Validate every data file of the overlay; raises InvalidInputError with all problems of all of them."""
    if catalogue.overlay is None:
        return
    problems: list[Problem] = []
    for path in _data_files(catalogue.overlay):
        try:
            _reader(path, path.relative_to(catalogue.overlay).as_posix())(path)
        except InvalidInputError as error:
            problems += error.problems
    if problems:
        raise InvalidInputError(sorted(set(problems)))


def warnings(catalogue: Catalogue) -> list[str]:
    """A warning when the folder changes nothing: most likely another one was meant."""
    overlay = catalogue.overlay
    if overlay is None or (overlay / "workloads").is_dir() or not catalogue.sheet_ids[0].endswith(f"@{EMPTY}"):
        return []
    return [f"{overlay} (--data) holds no data files: every figure is a shipped one"]


def _data_files(root: Path) -> Iterator[Path]:
    for folder in DATA_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in READ and path.is_file() and not path.name.startswith("."):
                yield path


def _reader(path: Path, name: str) -> Reader:
    folder = name.rpartition("/")[0]
    if name in FILES:
        return FILES[name]
    if folder == "pricing/tokens" and path.suffix == ".yaml":
        return token_offers
    if folder == profiles.FOLDER.as_posix() and path.suffix == ".yaml":
        return profiles.load
    if folder == "hardware_profiles" and path.suffix == ".yaml":
        return partial(_profile, record_class=Hardware)
    if folder == "model_profiles" and path.suffix == ".yaml":
        return partial(_profile, record_class=Model)
    return _unread


def _profile(path: Path, record_class: type[Hardware] | type[Model]) -> None:
    document = read(path)
    profile = validate(document, record_class)
    if profile.id != path.stem:
        message = f"got {profile.id!r}; expected {path.stem!r}, the name of the file"
        raise InvalidInputError([document.problem(("id",), message)])


def _unread(path: Path) -> None:
    message = "no data file of this name is read; see docs/data.md, or move it out of the folder"
    raise InvalidInputError([Problem(str(path), 0, 0, "", message)])
