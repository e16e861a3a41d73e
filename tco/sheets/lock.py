"""A project pins a sheet: ``tco.lock`` beside its workloads names it, and reports and CI use that one."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from tco.errors import MissingDataError
from tco.sheets.home import LOCK
from tco.sheets.quick import Quick, quick
from tco.sheets.store import PREFIX, Store, write_whole

OLD_DAYS = 45


def lock(store: Store, name: str, path: Path = LOCK) -> str:
    """Write the lock file for a sheet that is held and sound; returns its id. Raises MissingDataError."""
    held = store.current_id() if name == "current" else store.full_id(name)
    if held is None:
        raise MissingDataError("nothing was pulled yet, so there is nothing to lock; `tco prices pull` fetches a sheet")
    store.load(held)
    text = json.dumps({"schema": "tco.lock/1", "sheet": held}, indent=2) + "\n"
    try:
        write_whole(path.absolute(), text.encode("utf-8"))
    except OSError as error:
        raise MissingDataError(f"cannot write {path}: {error.strerror or error}; make the folder writable") from None
    return held


def pinned(store: Store, path: Path = LOCK) -> str | None:
    """The id of the sheet to use: the locked one, else the current one, else None.

    Raises MissingDataError when the lock names a sheet that is not held: a project's prices are never swapped silently.
    """
    locked = read_lock(path)
    if locked is None:
        return store.current_id()
    if locked not in store.ids():
        raise MissingDataError(
            f"{path}: pins sheet {locked[:12]}, which is not in {store.folder}; fetch it from where it was made, "
            "`tco prices lock` pins the current one, or remove the file to use the newest prices"
        )
    return locked


def opened() -> Quick | None:
    """The sheet to use, its hash verified, ready for single look-ups; None when none is locked and none was pulled."""
    store = Store()
    held = pinned(store)
    return None if held is None else quick(store, held)


def old(created_at: datetime, now: datetime) -> str | None:
    """A warning when a sheet is older than 45 days."""
    days = (now - created_at).days
    if days <= OLD_DAYS:
        return None
    return (
        f"prices are {days} days old (pulled {created_at.date()}); "
        "`tco prices pull` fetches new ones, `tco prices lock` pins them"
    )


def read_lock(path: Path) -> str | None:
    """The sheet id a project's lock file names; None without one. Raises MissingDataError when it is no lock file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise MissingDataError(f"{path}: cannot be read: {error}; `tco prices lock` writes a new one") from None
    try:
        held = json.loads(text)
        found = held["sheet"] if isinstance(held, dict) else None
    except (ValueError, KeyError, RecursionError):
        found = None
    if not isinstance(found, str) or not PREFIX.fullmatch(found):
        raise MissingDataError(f'{path}: not a lock file; expected {{"sheet": id}}; `tco prices lock` writes a new one')
    return found
