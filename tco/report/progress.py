"""Progress on standard error: for people at a terminal, and only when something takes longer than a second."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

DELAY_S = 1.0


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A function to say what is being done now; silent for the first second and where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    doing: list[str] = []
    late: list[bool] = []

    def begin() -> None:
        late.append(True)
        for text in doing[-1:]:
            print(text, file=sys.stderr)

    def say(text: str) -> None:
        doing.append(text)
        if late:
            print(text, file=sys.stderr)

    timer = Timer(DELAY_S, begin)
    timer.daemon = True
    timer.start()
    try:
        yield say
    finally:
        timer.cancel()
