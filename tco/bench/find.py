"""Local profiles by name: an id, the beginning of one, a file, or ``local`` for the newest."""

from __future__ import annotations

from pathlib import Path

from tco.describe.profile import LOCAL, Profile
from tco.errors import MissingDataError, UnknownNameError, UsageError
from tco.files import profiles

NONE_YET = "nothing was measured here yet; `tco bench run` measures this machine, `tco bench import` reads other tools"


def one(name: str, data: Path | None) -> tuple[Profile, Path]:
    """The profile called ``name``.

    Raises UnknownNameError for a name nobody has, UsageError where several begin so, MissingDataError without any.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return profiles.load(path), path
    known = profiles.found(data)
    if not known:
        raise MissingDataError(NONE_YET)
    if name == LOCAL:
        return next(iter(known.values()))
    found = [name] if name in known else [each for each in known if each.startswith(name)]
    if not found:
        raise UnknownNameError("profile", name, known, "tco bench list")
    if len(found) > 1:
        raise UsageError(f"{name!r} is the beginning of {len(found)} profiles: {', '.join(found)}")
    return known[found[0]]
