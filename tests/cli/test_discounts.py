"""A contract's discounts in an overlay: on bills and in comparisons, dated, one provider or one model, checked."""

from __future__ import annotations

import pytest

COST = (
    "prices", "cost", "claude-opus-4.6", "--provider", "anthropic",
    "--input", "10000", "--output", "1000", "--json",
)  # fmt: skip
ROW = (
    "{provider: anthropic, multiplier: 0.8, since: 2026-01-01, until: 2026-12-31, "
    "source: contract 7, as_of: 2026-01-01, kind: vendor"
)


@pytest.fixture
def overlay(home):
    def write(*rows):
        folder = home / "ours" / "pricing"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "discounts.yaml").write_text("discounts:\n" + "".join(f"  - {row}}}\n" for row in rows))
        return ("--data", "ours")

    return write


def test_a_discount_is_a_line_of_the_bill(tco, overlay):
    # 0.075 at list, less a fifth.
    record = tco(*COST, *overlay(ROW), "--at", "2026-11-20").record
    assert record["usd"] == "0.06"
    assert [(line["meter"], line["usd"]) for line in record["lines"]][-1] == ("negotiated discount", "-0.015")


def test_it_lasts_as_long_as_the_contract(tco, overlay):
    data = overlay(ROW)
    assert tco(*COST, *data, "--at", "2026-12-30T23:59:59Z").record["usd"] == "0.06"
    assert tco(*COST, *data, "--at", "2026-12-31").record["usd"] == "0.075"


def test_it_may_be_for_one_model(tco, overlay):
    data = overlay(f"{ROW}, model: claude-sonnet-4.6")
    assert tco(*COST, *data, "--at", "2026-11-20").record["usd"] == "0.075"


def test_of_two_the_last_begun_holds_and_surcharges_come_on_top(tco, overlay):
    data = overlay(ROW, ROW.replace("0.8", "0.5").replace("2026-01-01, until", "2026-06-01, until"))
    assert tco(*COST, *data, "--at", "2026-11-20").record["usd"] == "0.0375"
    assert tco(*COST, *data, "--at", "2026-11-20", "--region", "us").record["usd"] == "0.04125"


def test_a_comparison_pays_it_too(tco, overlay, home):
    (home / "w.yaml").write_text(
        "name: w\ndemand: {requests: 1000}\ntokens: {input: 10000, output: 1000}\n"
        "candidates: {api: [anthropic/claude-opus-4.6], budget_cloud: [], self_hosted: []}\n"
    )
    held = tco("compare", "w.yaml", "--json", "--as-of", "2026-11-20", "--draws", "0", *overlay(ROW)).record
    assert held["options"][0]["usd_per_month"] == pytest.approx(60.0)


def test_a_wrong_row_is_told(tco, overlay):
    left = tco(*COST, *overlay(ROW.replace("0.8", "-1")), "--at", "2026-11-20")
    assert left.code == 2
    assert "multiplier" in left.err
