"""Findings as SARIF 2.1.0, for code scanning."""

from __future__ import annotations

import json
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from tco import __version__
from tco.check.finding import CLAIM, RULES, Finding
from tco.check.output.json import fingerprints
from tco.check.output.text import one_line, said
from tco.check.run import Report

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"
_LEVELS = {"off": "none"}


def render(report: Report, *, exit_code: int) -> str:
    """The log as text."""
    return json.dumps(log(report, exit_code=exit_code), ensure_ascii=False, allow_nan=False) + "\n"


def log(report: Report, *, exit_code: int) -> dict[str, Any]:
    """One run of the tool with its rules, its findings and what kept it from checking."""
    names = list(RULES)
    prints = fingerprints(report)
    told = {"understood": said(report.judged)} if report.judged else {}
    failed = [{"level": "error", "message": {"text": one_line(str(each))}} for each in report.failures]
    return {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [{
            "tool": {"driver": {"name": "tco check", "version": __version__, "rules": [_rule(name) for name in names]}},
            "invocations": [{
                "executionSuccessful": not failed, "exitCode": exit_code, "toolExecutionNotifications": failed,
            }],
            "columnKind": "unicodeCodePoints",
            "properties": {"asOf": report.as_of, "prices": report.prices},
            "results": [
                *(_result(finding, names.index(finding.rule), prints[finding], told) for finding in report.findings),
                *_passed(report),
            ],
        }],
    }  # fmt: skip


def _rule(name: str) -> dict[str, Any]:
    level, text = RULES[name]
    return {
        "id": name,
        "shortDescription": {"text": text},
        "defaultConfiguration": {"level": _LEVELS.get(level, level)},
    }


def _result(finding: Finding, index: int, fingerprint: str, told: dict[str, list[str]]) -> dict[str, Any]:
    words = [f"{finding.subject}: {finding.message}" if finding.subject else finding.message]
    words += [f"expected {finding.expected}"] if finding.expected else []
    words += [f"found {finding.found}"] if finding.found else []
    held: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": one_line("; ".join(words))},
        "locations": [_location(finding)],
        "partialFingerprints": {"tcoFinding/v1": fingerprint},
        "properties": {"evidence": finding.evidence, "arithmetic": list(finding.arithmetic), **told},
    }
    if finding.waiver:
        held["suppressions"] = [{"kind": "inSource", "justification": one_line(finding.waiver)}]
    return held


def _location(finding: Finding) -> dict[str, Any]:
    if finding.path == CLAIM:
        return {"logicalLocations": [{"fullyQualifiedName": CLAIM}]}
    place: dict[str, Any] = {"artifactLocation": {"uri": uri(finding.path)}}
    if finding.line:
        place["region"] = {"startLine": finding.line, "startColumn": max(finding.column, 1)}
    return {"physicalLocation": place}


def _passed(report: Report) -> list[dict[str, Any]]:
    """A result for a sentence without a finding; SARIF has none for files without one."""
    held = report.judged
    if held is None or report.findings:
        return []
    return [{
        "kind": "pass" if held.verdict == "consistent" else "informational",
        "level": "none",
        "message": {"text": one_line("; ".join([held.sentence, *said(held)]))},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": CLAIM}]}],
        "properties": {"evidence": "; ".join(held.against), "arithmetic": list(held.arithmetic)},
    }]  # fmt: skip


def uri(path: str) -> str:
    """A path as a URI: relative to the folder of the run, or a file URI."""
    if PurePath(path).is_absolute():
        return Path(path).as_uri()
    return quote(PurePath(path).as_posix())
