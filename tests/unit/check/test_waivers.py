"""Waivers: who may wave what through, where, and until when."""

from __future__ import annotations

import pytest

ITEM = '  - {{id: {}, subject: planted/model-2 input, value: "6 USD/Mtok", source: s, verified_at: 2026-11-20{}}}'
GOOD = "{rule: drift, owner: finops, reason: contract, until: 2026-12-31}"


def text(*lines: str) -> str:
    return "\n".join(["assumptions:", *lines, ""])


def rules(found):
    return [(each.rule, each.severity, each.subject) for each in found]


@pytest.mark.parametrize(
    "lines",
    [
        [ITEM.format("a", f", waive: [{GOOD}]")],
        [ITEM.format("a", f", waive: {GOOD}")],
        [ITEM.format("a", "") + f"  # waive: {GOOD}"],
        [f"  # waive: {GOOD}", ITEM.format("a", "")],
        [f"  # waive: [{GOOD}]", "  # because", "", ITEM.format("a", "")],
        [
            "  - id: a  # waive: " + GOOD,
            "    subject: planted/model-2 input",
            "    value: 6 USD/Mtok",
            "    source: s",
            "    verified_at: 2026-11-20",
        ],
    ],
)
def test_a_waived_finding_stays_visible_as_a_note(found, lines):
    (finding,) = found(text(*lines))
    assert (finding.rule, finding.severity) == ("drift", "note")
    assert finding.waiver == "waived by finops until 2026-12-31: contract"


@pytest.mark.parametrize(
    "lines",
    [
        [ITEM.format("a", f", waive: [{GOOD}]"), ITEM.format("b", "")],
        [f"  # waive: {GOOD}", ITEM.format("a", ""), ITEM.format("b", "")],
        [ITEM.format("a", "") + f"  # waive: {GOOD}", ITEM.format("b", "")],
    ],
)
def test_a_waiver_holds_for_its_item_only(found, lines):
    assert rules(found(text(*lines))) == [("drift", "note", "a"), ("drift", "error", "b")]


def test_items_by_id_are_waived_alike(found):
    item = ITEM.format("a", f", waive: {GOOD}").replace("- {id: a, ", "a: {")
    assert rules(found(text(item))) == [("drift", "note", "a")]


@pytest.mark.parametrize(
    ("waiver", "words"),
    [
        ("{rule: drift, owner: finops, reason: contract}", "no until"),
        ("{rule: drift, reason: contract, until: 2026-12-31}", "no owner"),
        ("{rule: drift, owner: ' ', reason: '', until: 2026-12-31}", "no owner and no reason"),
        ("{rule: drift, owner: finops, reason: contract, until: 2026-11-21}", "ended 1 day ago"),
        ("{rule: drift, owner: finops, reason: contract, until: 2025-11-22}", "ended 365 days ago"),
        ("{rule: drfit, owner: finops, reason: contract, until: 2026-12-31}", "did you mean 'drift'?"),
        ("{rule: schema, owner: finops, reason: contract, until: 2026-12-31}", "no rule that can be waived"),
        ("{rule: waiver, owner: finops, reason: contract, until: 2026-12-31}", "no rule that can be waived"),
        ("{owner: finops}", "missing"),
        ("{rule: drift, ownr: finops}", "unknown key"),
    ],
)
def test_a_waiver_that_does_not_count_is_a_finding_and_waives_nothing(found, waiver, words):
    for lines in ([ITEM.format("a", "") + f"  # waive: {waiver}"],):
        by_rule = {each.rule: each for each in found(text(*lines))}
        assert by_rule["drift"].severity == "error"
        assert by_rule["waiver"].severity == "error"
        assert words in by_rule["waiver"].message
        assert by_rule["waiver"].line == 2


def test_the_last_day_of_a_waiver_counts(found):
    (finding,) = found(text(ITEM.format("a", f", waive: {GOOD.replace('2026-12-31', '2026-11-22')}")))
    assert finding.severity == "note"


def test_a_waiver_that_waives_nothing_is_noted(found):
    clean = ITEM.format("a", f", waive: [{GOOD}]").replace("6 USD", "5 USD")
    (finding,) = found(text(clean))
    assert (finding.rule, finding.severity) == ("waiver", "note")
    assert (finding.message, finding.expected) == ("waives nothing: no finding of drift here", "no waiver")


@pytest.mark.parametrize("comment", ["# waive: {rule", "# waive: }", "# waive: 5", "# waive: [a]"])
def test_a_comment_that_cannot_be_read_is_a_finding(found, comment):
    assert ("waiver", "error") in [each[:2] for each in rules(found(text(ITEM.format("a", ""), f"  {comment}")))]


def test_a_row_of_a_data_file_is_waived_by_a_comment(found):
    offers = """\
provider: p
offers:
  - model: m
    tier: api
    rates:
      - {since: 2026-01-01, usd_per_mtok: {input: 5, output: 4}, source: s, as_of: 2026-11-20, kind: vendor}
      # waive: {rule: order, owner: me, reason: it is so, until: 2027-01-01}
      - {since: 2026-02-01, usd_per_mtok: {input: 6, output: 4}, source: s, as_of: 2026-11-20, kind: vendor}
"""
    assert [(each.line, each.severity) for each in found(offers, "order")] == [(6, "error"), (8, "note")]


def test_a_claim_is_waived_by_its_key_too(found):
    claim = (
        'claims:\n  - {id: c, quote: "50x", date: 2026-03-24, states: {quantity: saving, value: 50 x, formula: a / b, '
        "from: {a: 15 USD/Mtok, b: 0.10 USD/Mtok}}, "
        "waive: {rule: claim-arithmetic, owner: me, reason: quoted, until: 2027-01-01}}\n"
    )
    assert rules(found(claim)) == [("claim-arithmetic", "note", "c")]
