"""Findings as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tco.check.changes import CostChange
from tco.check.finding import Finding
from tco.check.run import Report

SCHEMA = "tco.check/1"


def render(report: Report, *, exit_code: int) -> str:
    """The object as text."""
    return json.dumps(record(report, exit_code=exit_code), ensure_ascii=False, allow_nan=False) + "\n"


def record(report: Report, *, exit_code: int) -> dict[str, Any]:
    """The object: what was checked against what, the counts, and every finding."""
    prints = fingerprints(report)
    return {
        "schema": SCHEMA,
        "as_of": report.as_of,
        "prices": report.prices,
        "baseline": report.baseline or None,
        "files": list(report.files),
        "n_items": report.n_items,
        "changes": [_change(change) for change in report.changes],
        "counts": {severity: report.count(severity) for severity in ("error", "warning", "note")},
        "exit_code": exit_code,
        "findings": [{**asdict(finding), "fingerprint": prints[finding]} for finding in report.findings],
        "failures": [asdict(failure) for failure in report.failures],
    }


def _change(change: CostChange) -> dict[str, Any]:
    own = {"change_usd_per_month": change.change_usd_per_month, "change_frac": change.change_frac}
    return {**asdict(change), **own}


def fingerprints(report: Report) -> Mapping[Finding, str]:
    """The fingerprint of each finding; a number tells apart those of one rule about one item."""
    seen: dict[str, int] = {}
    found: dict[Finding, str] = {}
    for finding in report.findings:
        base = finding.fingerprint
        seen[base] = seen.get(base, 0) + 1
        found[finding] = base if seen[base] == 1 else f"{base}:{seen[base]}"
    return found
