"""Making a profile of what was measured and putting it where ``compare`` finds it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tco import __version__
from tco.describe.profile import LOCAL, Machine, Micro, Profile, ProfileRow, to_the_second
from tco.files import profiles

MAX_ID = 80


def made(
    *, machine: Machine, at: datetime, micro: Micro | None = None, rows: Sequence[ProfileRow] = (),
    notes: Sequence[str] = (), name: str = "",
) -> Profile:  # fmt: skip
    """A profile whose id is the machine, what was measured (``name``) and the second it was."""
    return Profile(
        id=profile_id(machine, at, name), tool_version=__version__, measured_at=to_the_second(at), machine=machine,
        micro=micro, rows=tuple(rows), notes=tuple(notes),
    )  # fmt: skip


def profile_id(machine: Machine, at: datetime, name: str = "") -> str:
    """An id that sorts by machine and time: ``h200-sxm-run-20261122-073000``."""
    known = machine.hardware if machine.hardware != LOCAL else machine.name
    stem = "-".join(part for part in (known, name) if part)
    slug = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:MAX_ID].strip("-") or LOCAL
    return f"{slug}-{to_the_second(at):%Y%m%d-%H%M%S}"


def save(profile: Profile, *, out: Path | None = None, data: Path | None = None) -> Path:
    """Write a profile to ``out``, else into the folder of ``--data``, else into the user's own; returns where it is."""
    return profiles.write(profile, profiles.target(profile.id, out=out, data=data))
