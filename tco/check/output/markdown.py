"""Findings as a Markdown table, for job summaries and comments."""

from __future__ import annotations

import re

from tco.check.finding import Finding
from tco.check.output.text import one_line, said, summary
from tco.check.run import Report

MAX_ROWS = 500  # a job summary holds 1 MB
MARKS = {"error": "❌ error", "warning": "⚠️ warning", "note": "note"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#@~$])")  # between two dollar signs GitHub shows a formula


def render(report: Report, *, exit_code: int) -> str:
    """A heading, a table of findings, and the line that sums up."""
    lines = ["### tco check", "", *_judged(report)]
    if report.findings:
        lines += [
            "| | rule | where | item | finding | expected | found |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]
        lines += [_row(finding) for finding in report.findings[:MAX_ROWS]]
        left = len(report.findings) - MAX_ROWS
        lines += [f"| | | | | {left:,} more findings | | |"] if left > 0 else []
        lines.append("")
    steps = [finding for finding in report.findings if finding.arithmetic and not report.judged]
    if steps:
        lines += ["<details><summary>Arithmetic</summary>", ""]
        lines += [
            f"- {escaped(finding.subject)}: {escaped('; '.join(finding.arithmetic))}" for finding in steps[:MAX_ROWS]
        ]
        lines += ["", "</details>", ""]
    lines += [f"- failed: {escaped(str(failure))}" for failure in report.failures]
    return "\n".join([*lines, escaped(summary(report, exit_code)), ""])


def _judged(report: Report) -> list[str]:
    """The sentence of ``--claim``, how it was understood, its verdict and arithmetic."""
    held = report.judged
    if held is None:
        return []
    return [f"> {escaped(held.sentence)}", "", *(f"- {escaped(line)}" for line in said(held)), ""]


def _row(finding: Finding) -> str:
    message = f"{finding.message} ({finding.waiver})" if finding.waiver else finding.message
    cells = (finding.rule, finding.place, finding.subject, message, finding.expected, finding.found)
    return f"| {MARKS[finding.severity]} | " + " | ".join(escaped(cell) for cell in cells) + " |"


def escaped(text: str) -> str:
    """Text that Markdown and HTML show as it is."""
    return _SPECIAL.sub(r"\\\1", one_line(text))
