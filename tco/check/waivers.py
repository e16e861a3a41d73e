"""Waivers: somebody answers for a finding until a day. They end, and without an owner they do not count."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from tco.check.context import Context
from tco.check.finding import RULES, Finding
from tco.check.item import Waiver
from tco.errors import InvalidInputError
from tco.files.explain import Loc, findings, meant
from tco.files.marks import Document, parse

Place = tuple[int, int]
_COMMENT = re.compile(r"(?:^|\s)#\s*waive:\s*(?P<stated>\S.*)$")
WAIVER = "{rule, owner, reason, until: a day that has not passed}"
NEVER = ("schema", "waiver")  # a file that cannot be read, and a bad waiver, cannot be waived


@dataclass(frozen=True, slots=True)
class Waived:
    """A waiver with the part of the file it holds for, and where it stands."""

    waiver: Waiver
    start: Place
    end: Place
    at: Place

    def covers(self, finding: Finding) -> bool:
        """Whether a finding of its rule stands in its part of the file."""
        inside = self.start <= (finding.line, finding.column) < self.end
        return finding.rule == self.waiver.rule and inside

    @property
    def text(self) -> str:
        """Who answers, why, until when."""
        return f"waived by {self.waiver.owner} until {self.waiver.until}: {self.waiver.reason}"


def apply(document: Document, text: str, found: Iterable[Finding], context: Context) -> list[Finding]:
    """Findings with those that are waived as notes, and a finding for each waiver that does not count."""
    starts = _starts(document)
    good: list[Waived] = []
    kept: list[Finding] = []
    for waived, problems in (*_keys(document, starts), *_comments(document, text, starts)):
        problems = problems or _problems(waived.waiver, context)
        if problems:
            kept += [_bad(document, waived, message, context, expected=WAIVER) for message in problems]
        else:
            good.append(waived)
    used: set[int] = set()
    good.sort(key=lambda waived: waived.start)
    by_rule = {
        rule: [each for each in good if each.waiver.rule == rule] for rule in {each.waiver.rule for each in good}
    }
    for finding in found:
        covering = _covering(by_rule.get(finding.rule, []), finding)
        if covering is None:
            kept.append(finding)
        else:
            used.add(id(covering))
            kept.append(replace(finding, severity="note", waiver=covering.text))
    unused = (waived for waived in good if id(waived) not in used)
    kept += [
        replace(
            _bad(
                document, waived, f"waives nothing: no finding of {waived.waiver.rule} here", context,
                expected="no waiver",
            ),
            severity="note",
        )
        for waived in unused
    ]  # fmt: skip
    return kept


def _covering(held: list[Waived], finding: Finding) -> Waived | None:
    """The waiver, of those of one rule by start, whose part of the file holds a finding. Parts do not overlap."""
    index = bisect_right(held, (finding.line, finding.column), key=lambda waived: waived.start)
    return held[index - 1] if index and held[index - 1].covers(finding) else None


def _bad(document: Document, waived: Waived, message: str, context: Context, *, expected: str) -> Finding:
    line, column = waived.at
    return Finding(
        "waiver", context.severity("waiver"), document.path, line, column, waived.waiver.rule, message,
        expected=expected,
    )  # fmt: skip


def _problems(waiver: Waiver, context: Context) -> list[str]:
    if waiver.rule not in RULES or waiver.rule in NEVER:
        known = [name for name in RULES if name not in NEVER]
        return [
            f"waives {waiver.rule!r}, which is no rule that can be waived{meant(waiver.rule, known)} see docs/check.md"
        ]
    absent = [name for name in ("owner", "reason") if not getattr(waiver, name).strip()]
    absent += ["until"] if waiver.until is None else []
    if absent:
        return [f"the waiver of {waiver.rule} has no {' and no '.join(absent)}"]
    if waiver.until is not None and waiver.until < context.as_of:
        days = (context.as_of - waiver.until).days
        ago = f"{days:,} {'day' if days == 1 else 'days'} ago"
        return [f"the waiver of {waiver.rule} by {waiver.owner} ended {ago}, on {waiver.until}"]
    return []


# --- where waivers stand ----------------------------------------------------------------------------


def _starts(document: Document) -> list[Place]:
    """Where the items of a document begin: entries of its lists and maps, rows of an offer's rates."""
    found: set[Place] = set()
    for key, held in document.data.items():
        for part, entry in _entries(held):
            loc: Loc = (key, part)
            found.add(document.mark(loc, key=isinstance(part, str)))
            rates = entry.get("rates") if isinstance(entry, dict) else None
            found |= {document.mark((*loc, "rates", n)) for n in range(len(rates) if isinstance(rates, tuple) else 0)}
    return sorted(found)


def _entries(held: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(held, tuple):
        yield from ((index, entry) for index, entry in enumerate(held) if isinstance(entry, dict))
    elif isinstance(held, dict):
        yield from ((name, entry) for name, entry in held.items() if isinstance(entry, dict))


def _part(starts: list[Place], at: Place) -> tuple[Place, Place]:
    """The item around a place: from its start to the next one's; the whole file where there are no items."""
    index = bisect_right(starts, at)
    start = starts[index - 1] if index else (0, 0)
    return start, starts[index] if index < len(starts) else (1 << 30, 0)


def _keys(document: Document, starts: list[Place]) -> Iterator[tuple[Waived, list[str]]]:
    for key, held in document.data.items():
        for part, entry in _entries(held):
            stated = entry.get("waive")
            if stated is None:
                continue
            loc: Loc = (key, part)
            span = _part(starts, document.mark(loc, key=isinstance(part, str)))
            several = stated if isinstance(stated, tuple) else (stated,)
            for index, raw in enumerate(several):
                at = document.mark((*loc, "waive", index) if isinstance(stated, tuple) else (*loc, "waive"))
                yield _read(raw, span, at)


def _comments(document: Document, text: str, starts: list[Place]) -> Iterator[tuple[Waived, list[str]]]:
    if "waive:" not in text:
        return
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        found = _COMMENT.search(line)
        if found is None:
            continue
        at = (number, found.start() + 1)
        own = number
        while own <= len(lines) and (not lines[own - 1].strip() or lines[own - 1].lstrip().startswith("#")):
            own += 1
        span = _part(starts, (own, 1 << 20 if own == number else len(lines[own - 1]) if own <= len(lines) else 0))
        if own != number and own <= len(lines):
            first = len(lines[own - 1]) - len(lines[own - 1].lstrip(" -")) + 1
            span = _part(starts, (own, first))
        try:
            held = parse(f"waive: {found['stated']}", document.path).data.get("waive")
        except InvalidInputError as error:
            yield Waived(Waiver(rule="?"), *span, at), [error.problems[0].message]
            continue
        for raw in held if isinstance(held, tuple) else (held,):
            yield _read(raw, span, at)


def _read(raw: Any, span: tuple[Place, Place], at: Place) -> tuple[Waived, list[str]]:
    try:
        return Waived(Waiver.model_validate(raw), *span, at), []
    except ValidationError as error:
        messages = [f"{'.'.join(map(str, each.loc))}: {each.message}" for each in findings(error, Waiver, raw)]
        return Waived(Waiver(rule="?"), *span, at), messages
