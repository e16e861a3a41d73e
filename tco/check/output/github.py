"""Findings as GitHub workflow commands, of which ten a level and step are kept and the rest dropped silently."""

from __future__ import annotations

from collections import Counter

from tco.check.finding import CLAIM, Finding
from tco.check.output.text import one_line, plural, said, summary
from tco.check.run import Report

MAX_PER_LEVEL = 10
COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report, *, exit_code: int) -> str:
    """At most ten annotations a level, the last of which counts those left out; then all of these in the log."""
    lines: list[str] = []
    hidden: list[Finding] = []
    if report.judged:  # beside its finding, where it has one, in full
        text = "\n".join([report.judged.sentence, *said(report.judged)])
        lines.append(f"::notice title={_property(report.judged.verdict)}::{_data(text)}")
    for severity, command in COMMANDS.items():
        held = [finding for finding in report.findings if finding.severity == severity]
        failed = [str(each) for each in report.failures] if severity == "error" else []
        shown = [_annotation(command, finding) for finding in held]
        shown = [*(f"::error title=tco check failed::{_data(text)}" for text in failed), *shown]
        if len(shown) > MAX_PER_LEVEL:
            n_left = len(shown) - MAX_PER_LEVEL + 1
            left = held[max(len(held) - n_left, 0) :]
            by_rule = ", ".join(f"{n:,} {rule}" for rule, n in Counter(each.rule for each in left).most_common())
            more = f"{plural(n_left, f'more {severity}')} ({by_rule}), not annotated: see the log of this step"
            shown = [*shown[: MAX_PER_LEVEL - 1], f"::{command} title=tco check::{_data(more)}"]
            hidden += left
        lines += shown
    if hidden:
        lines.append("::group::findings without an annotation")
        logged = [f"- {each.place}: {each.severity}: {each.rule}: {each.subject}: {each.message}" for each in hidden]
        lines += [one_line(line).replace("##[", "# #[") for line in logged]  # the old form of a command, anywhere
        lines.append("::endgroup::")
    return "\n".join([*lines, summary(report, exit_code), ""])


def _annotation(command: str, finding: Finding) -> str:
    place = {"file": finding.path} if finding.path != CLAIM else {}
    if finding.line:
        place |= {"line": str(finding.line), "col": str(finding.column)}
    named = {**place, "title": f"{finding.rule}: {finding.subject}" if finding.subject else finding.rule}
    properties = ",".join(f"{name}={_property(held)}" for name, held in named.items())
    parts = [finding.message]
    parts += [f"expected {finding.expected}"] if finding.expected else []
    parts += [f"found {finding.found}"] if finding.found else []
    return f"::{command} {properties}::{_data('; '.join(parts))}"


def _data(text: str) -> str:
    return "%0A".join(map(one_line, text.replace("%", "%25").splitlines()))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
