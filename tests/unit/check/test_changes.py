"""What changed in cost, tier by tier, and the comment that shows it."""

from __future__ import annotations

import json

import pytest

from tco.check.changes import CostChange, changes
from tco.check.finding import Finding
from tco.check.output import render
from tco.check.output.comment import CUT, MARKER, MAX_CHARS
from tco.check.run import Report


def record(name="chat", **bills):
    """A record with one option a tier, named after it; the cheapest is the one with the least bill."""
    options = [{"id": f"o/{tier}", "tier": tier, "usd_per_month": usd} for tier, usd in bills.items()]
    priced = {tier: usd for tier, usd in bills.items() if isinstance(usd, int | float)}
    cheapest = min(priced, key=lambda tier: priced[tier], default=None)
    return {
        "workload": {"name": name},
        "options": options,
        "verdict": {
            "cheapest": cheapest and f"o/{cheapest}",
            "cheapest_by_tier": {tier: f"o/{tier}" for tier in bills},
        },
    }


def test_each_tier_by_hand():
    rows = list(changes(record(api=80.0, self_hosted=100.0), record(api=100.0, budget_cloud=90.0)))
    assert rows == [
        CostChange("chat", "api", "o/api", 80.0, True, "o/api", 100.0, False),
        CostChange("chat", "budget_cloud", None, None, False, "o/budget_cloud", 90.0, True),
        CostChange("chat", "self_hosted", "o/self_hosted", 100.0, False, None, None, False),
    ]
    assert [row.change_usd_per_month for row in rows] == [20.0, None, None]
    assert [row.change_frac for row in rows] == [0.25, None, None]


def test_nothing_before_is_new_and_nothing_at_all_is_no_row():
    assert list(changes(None, record(api=5.0))) == [CostChange("chat", "api", None, None, False, "o/api", 5.0, True)]
    assert list(changes(record(), record())) == []
    assert list(changes(record(), {**record(), "verdict": {"cheapest": None}})) == []


def test_a_bill_of_zero_has_no_share():
    (row,) = changes(record(api=0.0), record(api=5.0))
    assert (row.change_usd_per_month, row.change_frac) == (5.0, None)
    (row,) = changes(record(api=5.0), record(api=0.0))
    assert (row.change_usd_per_month, row.change_frac) == (-5.0, -1.0)


@pytest.mark.parametrize("bill", [None, True, "5", float("nan"), float("inf")])
def test_what_is_no_bill_is_unknown(bill):
    (row,) = changes(record(api=5.0), record(api=bill))
    assert (row.option, row.usd_per_month, row.change_usd_per_month, row.change_frac) == ("o/api", None, None, None)


def test_an_option_that_the_record_lacks_is_none():
    broken = record(api=5.0)
    broken["options"] = []
    assert list(changes(None, broken)) == []


# --- the comment --------------------------------------------------------------------------------------


def report(*findings: Finding, changed=()) -> Report:
    return Report(findings, (), ("a.yaml",), 1, "2026-11-22", "price sheet x", "old.json", tuple(changed))


def comment(before, now):
    lines = render(report(changed=changes(before, now)), "comment", exit_code=0).splitlines()
    return [line for line in lines if line.startswith("| chat")]


def test_marker_then_costs_then_findings():
    text = render(report(changed=changes(record(api=80.0), record(api=100.0))), "comment", exit_code=0)
    assert text.startswith(f"{MARKER}\n### Cost")
    assert text.index("| chat |") < text.index("### tco check") < text.index("clean: ")
    assert render(report(), "comment", exit_code=0).startswith(f"{MARKER}\n### tco check\n")


@pytest.mark.parametrize(
    ("before", "now", "cells"),
    [
        (80.0, 100.0, "| **o/api** | 80.00 | **o/api** | 100.00 | +20.00 (+25.0%) |"),
        (100.0, 80.0, "| **o/api** | 100.00 | **o/api** | 80.00 | −20.00 (−20.0%) |"),
        (100.0, 100.0, "| **o/api** | 100.00 | **o/api** | 100.00 | none |"),
        (0.0, 5.0, "| **o/api** | 0 | **o/api** | 5.00 | +5.00 |"),
        (0.004, 0.006, "| **o/api** | 0.00400 | **o/api** | 0.00600 | +0.00200 (+50.0%) |"),
        (1234567.0, 1234568.0, "| **o/api** | 1,234,567.00 | **o/api** | 1,234,568.00 | +1.00 (under 0.1%) |"),
        (100.0, 100.0 + 1.5e-14, "| **o/api** | 100.00 | **o/api** | 100.00 | none |"),
        (5.0, None, "| **o/api** | 5.00 | o/api | – | – |"),
    ],
)
def test_a_row_by_hand(before, now, cells):
    assert comment(record(api=before), record(api=now)) == [f"| chat | API {cells}"]


def test_a_flip_is_seen_by_the_bold_names():
    rows = comment(record(api=80.0, budget_cloud=90.0), record(api=80.0, budget_cloud=70.0))
    assert "| **o/api** | 80.00 | o/api | 80.00 |" in rows[0]
    assert "| o/budget\\_cloud | 90.00 | **o/budget\\_cloud** | 70.00 |" in rows[1]


def test_names_are_no_markup():
    text = render(report(changed=changes(None, record("a|b\n<img>@me", api=1.0))), "comment", exit_code=0)
    assert r"| a\|b \<img\>\@me | API |" in text


@pytest.mark.parametrize("length", range(200, 220))
def test_a_long_comment_is_cut_at_a_line_and_says_so(length):
    many = [Finding("drift", "error", "a.yaml", n, 1, f"item {n}", "x" * length) for n in range(1, 500)]
    text = render(report(*many), "comment", exit_code=1)
    assert MAX_CHARS - 500 < len(text) <= MAX_CHARS
    assert text.endswith(CUT)
    assert text.removesuffix(CUT).endswith(" |")
    assert not render(report(*many[:100]), "comment", exit_code=1).endswith(CUT)


def test_json_has_the_changes():
    held = json.loads(render(report(changed=changes(record(api=80.0), record(api=100.0))), "json", exit_code=0))
    assert held["changes"] == [{
        "workload": "chat", "tier": "api", "option_before": "o/api", "usd_per_month_before": 80.0, "was_cheapest": True,
        "option": "o/api", "usd_per_month": 100.0, "is_cheapest": True, "change_usd_per_month": 20.0,
        "change_frac": 0.25,
    }]  # fmt: skip
