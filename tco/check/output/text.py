"""Findings as lines a person reads: where, how bad, which rule, what; then expected, found, evidence."""

from __future__ import annotations

import re

from tco.check.finding import Finding
from tco.check.run import Judged, Report

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


def render(report: Report, *, exit_code: int, with_errors: bool = True) -> str:
    """Every finding with its arithmetic, and a last line that sums up.

    ``with_errors`` false leaves out what kept something from being checked, for a stdout beside which stderr has it.
    """
    findings = [finding for finding in report.findings if with_errors or finding.rule != "schema"]
    lines = [line for finding in findings for line in _lines(finding)]
    lines += [one_line(f"failed: {failure}") for failure in report.failures if with_errors]
    hidden = not with_errors and (report.failures or len(findings) < len(report.findings))
    elsewhere = "; what could not be checked is on stderr" if hidden else ""
    return "\n".join([*lines, summary(report, exit_code) + elsewhere, ""])


def summary(report: Report, exit_code: int) -> str:
    """How many findings in what, as of when, against which prices."""
    counted = [plural(report.count(severity), severity) for severity in ("error", "warning", "note")]
    counted += [f"{plural(len(report.failures), 'check')} failed"]
    found = ", ".join(part for part in counted if not part.startswith("0 ")) or "clean"
    against = f"{report.prices}, baseline {one_line(report.baseline)}" if report.baseline else report.prices
    items, files = plural(report.n_items, "item"), plural(len(report.files), "file")
    checked = "1 claim" if report.judged else f"{items} in {files}"
    return f"{found}: {checked}, as of {report.as_of}, against {against}; exit {exit_code}"


def said(judged: Judged) -> list[str]:
    """How a sentence was understood, on which day, its verdict and the arithmetic, a line each."""
    lines = [*(f"understood: {line}" for line in judged.understood), f"on: {judged.on}", f"verdict: {judged.verdict}"]
    return [one_line(line) for line in (*lines, *(f"= {step}" for step in judged.arithmetic))]


def plural(n: int, noun: str) -> str:
    """A count with its noun."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def one_line(text: str) -> str:
    """A text without line breaks and control characters, whatever a file smuggled in."""
    return _CONTROL.sub(" ", text)


def _lines(finding: Finding) -> list[str]:
    subject = f"{finding.subject}: " if finding.subject else ""
    lines = [f"{finding.place}: {finding.severity}: {finding.rule}: {subject}{finding.message}"]
    if finding.expected:
        found = f"; found {finding.found}" if finding.found else ""
        lines.append(f"  expected {finding.expected}{found}")
    lines += [f"  {name}{text}" for name, text in (("evidence: ", finding.evidence), ("", finding.waiver)) if text]
    lines += [f"  = {step}" for step in finding.arithmetic]
    return [one_line(line) for line in lines]
