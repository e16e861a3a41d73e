"""Problems a person can fix, the errors that carry them, and the exit code of each.

Exit codes: 0 answered · 1 the answer is no · 2 the input is wrong · 3 data missing, stale,
tampered or unreachable · 70 a bug.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

EXIT_OK = 0
EXIT_NO = 1
EXIT_INPUT = 2
EXIT_DATA = 3
EXIT_BUG = 70

MAX_NAME_SHOWN = 60


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with an input: where, which field, what was found, what to do instead."""

    path: str
    line: int
    column: int
    field: str
    message: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"


class TcoError(Exception):
    """Base of every error whose message is meant for the user."""

    exit_code = EXIT_BUG


class InvalidInputError(TcoError):
    """The input is wrong; carries every problem found, in file order."""

    exit_code = EXIT_INPUT

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(TcoError):
    """A command was called with arguments that do not fit together."""

    exit_code = EXIT_INPUT


class UnknownNameError(TcoError):
    """A model, machine, offer or option nobody knows; the message suggests the nearest names."""

    exit_code = EXIT_INPUT

    def __init__(self, what: str, name: str, known: Iterable[str], listing: str) -> None:
        super().__init__(unknown_name(what, name, known, listing))


class MissingDataError(TcoError):
    """A price, specification or throughput that is needed is not there. Unknown is never zero."""

    exit_code = EXIT_DATA


def unknown_name(what: str, name: str, known: Iterable[str], listing: str) -> str:
    """Say that ``name`` is unknown, what was probably meant and which command lists them all."""
    names = sorted(set(known))
    near = get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    near += [part for part in names if name.lower() in part and part not in near][: 3 - len(near)]
    hint = f"; did you mean {' or '.join(repr(guess) for guess in near)}?" if near else ";"
    shown = name if len(name) <= MAX_NAME_SHOWN else f"{name[: MAX_NAME_SHOWN - 3]}..."
    return f"no {what} {shown!r}{hint} `{listing}` lists what there is"
