"""Where pulled sheets lie, and whether there are any: cheap to ask, for every look-up of a price does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

LOCK = Path("tco.lock")


def home_folder() -> Path:
    """Where pulled sheets lie: ``TCO_HOME``, else the platform's folder for the data of programs."""
    if stated := os.environ.get("TCO_HOME"):
        return Path(stated)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "tco"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "tco"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "tco"


def is_pinned() -> bool:
    """Whether this project locks a sheet, or one was pulled."""
    return LOCK.is_file() or (home_folder() / "current").is_file()
