"""Local profiles as YAML files: what was measured here, read beside the catalogue and written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tco.describe.hardware import Hardware
from tco.errors import InvalidInputError, MissingDataError, Problem
from tco.files.marks import read, validate
from tco.files.scalars import scalar
from tco.sheets.home import home_folder

if TYPE_CHECKING:
    from tco.describe.profile import LocalThroughput, Profile, ProfileRow
    from tco.files.catalogue import Catalogue

FOLDER = Path("hardware_profiles", "local")
MEND = "a profile of `tco bench`: mend it, or move it out of its folder"
LOCAL = "local"  # the id of a machine without one, as in ``describe.profile``


def target(profile_id: str, *, out: Path | None, data: Path | None) -> Path:
    """Where a profile is written: ``--out``, else the folder of ``--data``, else the user's own."""
    return out if out is not None else (data or home_folder()) / FOLDER / f"{profile_id}.yaml"


def paths(overlay: Path | None) -> list[Path]:
    """Every local profile: those of the overlay, then those of the user's own folder."""
    folders = [overlay, home_folder()] if overlay else [home_folder()]
    return [path for folder in folders for path in sorted((folder / FOLDER).glob("*.yaml")) if _is_shown(path)]


def load(path: Path) -> Profile:
    """One profile; raises InvalidInputError with every problem, or when its id is not the name of the file."""
    from tco.describe.profile import Profile  # a run without local profiles needs none of its records

    document = read(path)
    profile = validate(document, Profile)
    if path.parent.name == FOLDER.name and profile.id != path.stem:
        message = f"got {profile.id!r}; expected {path.stem!r}, the name of the file"
        raise InvalidInputError([document.problem(("id",), message)])
    return profile


def found(overlay: Path | None) -> dict[str, tuple[Profile, Path]]:
    """Every local profile with its file by id, the newest first; those of the overlay before the user's own.

    Raises InvalidInputError with every problem of every file: an answer without a measurement is another answer.
    """
    held: dict[str, tuple[Profile, Path]] = {}
    problems: list[Problem] = []
    for path in paths(overlay):
        if path.stem in held:
            continue
        try:
            held[path.stem] = load(path), path
        except InvalidInputError as error:
            problems += [replace(each, message=f"{each.message} ({MEND})") for each in error.problems]
    if problems:
        raise InvalidInputError(problems)
    newest_first = sorted(held, key=lambda name: (held[name][0].measured_at, name), reverse=True)
    return {name: held[name] for name in newest_first}


def load_all(overlay: Path | None) -> tuple[Profile, ...]:
    """Every local profile, the newest first; one of the overlay hides one of the same id in the user's folder."""
    return tuple(profile for profile, _ in found(overlay).values())


def newest(profiles: Sequence[Profile]) -> Profile | None:
    """The profile whose machine is ``local``: the newest with microbenchmarks, else the newest; None without any."""
    return next((each for each in profiles if each.micro is not None), next(iter(profiles), None))


def throughput_of(profiles: Sequence[Profile]) -> tuple[LocalThroughput, ...]:
    """The rows of profiles that may stand for their operating points, as the sizing reads them.

    Of an operating point that was measured again the newest row counts, one that nothing disturbed before others.
    Rows of a machine without an id of its own count only while that machine is ``local``.
    """
    here = newest(profiles)
    held = [
        (row, each.machine.driver)
        for each in profiles
        if here is not None and _is_named(each, here)
        for row in each.rows
        if row.is_usable
    ]
    held.sort(key=lambda pair: (bool(pair[0].contended), -pair[0].measured_at.timestamp()))
    kept: list[tuple[ProfileRow, str]] = []
    for row, driver in held:
        if not any(row.is_again(other) for other, _ in kept):
            kept.append((row, driver))
    points = (row.throughput(driver=driver) for row, driver in kept)
    return tuple(point for point in points if point is not None)


def _is_named(profile: Profile, here: Profile) -> bool:
    machine = profile.machine
    return machine.hardware != LOCAL or (machine.hardware, machine.name) == (here.machine.hardware, here.machine.name)


def local_ids(profiles: Sequence[Profile]) -> list[str]:
    """The content of local profiles in 12 digits, as a report names its data; nothing without any."""
    if not profiles:
        return []
    digest = sha256("\0".join(dump(each) for each in profiles).encode())
    return [f"local@{digest.hexdigest()[:12]}"]


def local_hardware(catalogue: Catalogue) -> Hardware:
    """The machine measured here as hardware; raises MissingDataError when none was."""
    from tco.files import local  # predicts with what was measured: heavier than reading it

    return local.hardware(catalogue)


def write(profile: Profile, path: Path) -> Path:
    """Put a whole profile in place or leave what was there; raises MissingDataError where it cannot be written."""
    from tco.sheets.store import write_whole

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, dump(profile).encode("utf-8"))
    except OSError as error:
        why = f"{path}: cannot be written: {error.strerror or error}; name another file with --out"
        raise MissingDataError(why) from None
    return path


def dump(profile: Profile) -> str:
    """A profile as YAML, defaults left out, texts quoted wherever the reader would take them for something else."""
    held = profile.model_dump(by_alias=True, exclude_defaults=True)
    held = {"schema": profile.schema_id, **held}
    text: str = yaml.dump(held, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text


def _is_shown(path: Path) -> bool:
    return not path.name.startswith(".")


class _Dumper(yaml.SafeDumper):
    """Block style; no anchors."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _is_plain(text) else '"')


def _is_plain(text: str) -> bool:
    try:
        return scalar(text) == text and isinstance(scalar(text), str)
    except ValueError:
        return False


def _number(dumper: _Dumper, value: float) -> yaml.ScalarNode:
    digits, exponent, power = repr(value).partition("e")
    shown = digits if not exponent or "." in digits else f"{digits}.0"  # without a point YAML 1.1 reads a text
    return dumper.represent_scalar("tag:yaml.org,2002:float", f"{shown}{exponent}{power}")


def _instant(dumper: _Dumper, at: datetime) -> yaml.ScalarNode:
    text = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return dumper.represent_scalar("tag:yaml.org,2002:timestamp", text)


def _list(dumper: _Dumper, held: tuple[Any, ...]) -> yaml.SequenceNode:
    return dumper.represent_list(held)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _number)
_Dumper.add_representer(datetime, _instant)
_Dumper.add_representer(tuple, _list)
