"""An advisory lock on an open file that the system releases when its holder ends, however it ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tco.errors import MissingDataError

POLL_S = 0.05

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def _release(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _release(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)


@contextmanager
def held_lock(handle: int, *, wait_s: float, what: str) -> Iterator[None]:
    """Hold the lock, waiting at most ``wait_s`` for whoever holds it. Raises MissingDataError after that."""
    until = time.monotonic() + wait_s
    while True:
        try:
            _take(handle)
            break
        except OSError:
            if time.monotonic() >= until:
                raise MissingDataError(
                    f"{what}: another pull is at work there and did not end within {wait_s:g} s; try again later"
                ) from None
            time.sleep(POLL_S)
    try:
        yield
    finally:
        _release(handle)
