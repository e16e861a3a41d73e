"""What a check found: which rule, how bad, where, what was expected and found, and the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from tco.errors import Problem

Severity = Literal["error", "warning", "note"]
Level = Literal["off", "note", "warning", "error"]

# Rule -> (default level, what it says). A rule that is not here does not exist.
RULES: dict[str, tuple[Level, str]] = {
    "schema": ("error", "the file can be read, and holds what its kind of file holds"),
    "unit": ("error", "the unit is known, fits the subject, and is not off by a power of 1000"),
    "plausible": ("error", "a value is there, is not a literal 0, and lies where values of its kind lie"),
    "stale": ("error", "the value was verified recently enough"),
    "stale-data": ("warning", "the newest row of a data file was read recently enough"),
    "expired": ("error", "the date until which the value is valid has not passed"),
    "future": ("warning", "no date lies after the day of the check"),
    "unsourced": ("error", "the value names its source"),
    "weak-source": ("error", "a decision-critical value rests on a primary source"),
    "rumoured": ("error", "no rumour is used as a value"),
    "drift": ("error", "the value is that of the price sheet or the catalogue, within its tolerance"),
    "unmatched": ("error", "the subject is something that the sheet or the catalogue has a value for"),
    "order": ("error", "cache read <= input <= cache write, batch <= standard, output >= input"),
    "step": ("error", "no value moved by more than 80% in one step"),
    "budget": ("error", "the cost lies within its budget, and moved no more than allowed"),
    "verdict": ("error", "the cheapest tier is the expected one, with enough margin to break-even"),
    "golden": ("error", "a pinned result is still what the tool computes"),
    "waiver": ("error", "each waiver has an owner, a reason and a day on which it ends that has not passed"),
    "claim-unit": ("error", "a claim is not off by its unit"),
    "claim-arithmetic": ("error", "a claim follows from its own inputs"),
    "claim-contradicts": ("error", "a claim agrees with the sheet and the profiles"),
    "claim-stale": ("warning", "a claim holds on the day of the check, not only once"),
    "claim-needs-assumption": ("warning", "a claim states what it needs to be recomputed"),
    "claim-unverifiable": ("note", "a claim can be checked against something"),
}  # fmt: skip
CLAIM = "--claim"  # what stands for the path where a sentence is checked, and no file
ORDER: tuple[Severity, ...] = ("note", "warning", "error")


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. ``subject`` is the id of the item; ``arithmetic`` shows the steps, one a line.

    ``waiver`` is set on a finding that somebody answers for: it stays visible as a note.
    """

    rule: str
    severity: Severity
    path: str
    line: int
    column: int
    subject: str
    message: str
    expected: str = ""
    found: str = ""
    evidence: str = ""
    arithmetic: tuple[str, ...] = ()
    waiver: str = ""

    @property
    def fingerprint(self) -> str:
        """16 hex digits that stay the same while the item keeps its file and id, wherever in the file it moves."""
        return sha256("\n".join((self.rule, self.path, self.subject)).encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def place(self) -> str:
        """Where it is: path:line:column, or the path alone."""
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


@dataclass(frozen=True, slots=True)
class Failure:
    """What kept a file or an item from being checked: its message, and the exit code that goes with it."""

    path: str
    line: int
    column: int
    subject: str
    message: str
    exit_code: int

    def __str__(self) -> str:
        subject = f"{self.subject}: " if self.subject else ""
        return f"{Problem(self.path, self.line, self.column, '', f'{subject}{self.message}')}"


def of_problem(problem: Problem) -> Finding:
    """A problem of reading a file, as a finding."""
    return Finding("schema", "error", problem.path, problem.line, problem.column, problem.field, problem.message)
