"""Findings as JUnit XML: a suite a file, a failed case an error; warnings and notes are skipped cases."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from tco.check.finding import CLAIM, Finding
from tco.check.output.text import said
from tco.check.run import Report

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, *, exit_code: int) -> str:
    """The XML, UTF-8."""
    root = ElementTree.Element("testsuites", name=f"tco check, exit {exit_code}")
    totals = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for path in report.files:
        suite = ElementTree.SubElement(root, "testsuite", name=_text(path))
        found = [finding for finding in report.findings if finding.path == path]
        failed = [failure for failure in report.failures if failure.path == path]
        for finding in found:
            _case(suite, finding)
        for failure in failed:
            case = ElementTree.SubElement(suite, "testcase", classname=_text(path), name="check")
            ElementTree.SubElement(case, "error", message=_text(failure.message), type=f"exit {failure.exit_code}")
        if not found and not failed:
            name = f"{report.judged.verdict}: {report.judged.sentence}" if report.judged else "clean"
            ElementTree.SubElement(suite, "testcase", classname=_text(path), name=_text(name))
        if report.judged:
            lines = [report.judged.sentence, *said(report.judged)]
            ElementTree.SubElement(suite, "system-out").text = _text("\n".join(lines))
        counts = {
            "tests": max(len(found) + len(failed), 1),
            "failures": sum(finding.severity == "error" for finding in found),
            "errors": len(failed),
            "skipped": sum(finding.severity != "error" for finding in found),
        }
        suite.attrib.update({name: str(n) for name, n in counts.items()})
        totals = {name: totals[name] + n for name, n in counts.items()}
    root.attrib.update({name: str(n) for name, n in totals.items()})
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _case(suite: ElementTree.Element, finding: Finding) -> None:
    name = f"{finding.rule}: {finding.subject}" if finding.subject else finding.rule
    case = ElementTree.SubElement(suite, "testcase", classname=_text(finding.path), name=_text(name))
    if finding.path != CLAIM:
        case.attrib.update({"file": _text(finding.path), "line": str(finding.line)})
    tag = "failure" if finding.severity == "error" else "skipped"
    part = ElementTree.SubElement(case, tag, message=_text(f"{finding.severity}: {finding.message}"), type=finding.rule)
    lines = [finding.place]
    lines += [
        f"{key}: {held}" for key in ("expected", "found", "evidence", "waiver") if (held := getattr(finding, key))
    ]
    part.text = _text("\n".join([*lines, *finding.arithmetic]))


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
