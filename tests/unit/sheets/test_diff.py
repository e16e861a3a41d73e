"""Differences of prices in force: by hand, of nothing, and there and back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tco.describe.offer import PromptTok, Schedule, When
from tco.sheets.diff import condition, diff
from tests.sheetkit import BATCH, offer, row

ON = date(2026, 11, 22)


def test_by_hand():
    old = [offer("a", row("1", "2")), offer("b", row("3", "4"))]
    new = [offer("a", row("1", "2"), row("0.5", "2", since=date(2026, 6, 1))), offer("c", row("5", "6", when=BATCH))]
    found = diff(old, new, on=ON)
    (change,) = found.changed
    assert (change.model, change.meter, change.ratio) == ("a", "input", 0.5)
    assert (change.old_usd, change.new_usd) == (Decimal(1), Decimal("0.5"))
    assert [(each.model, each.meter, each.when) for each in found.added] == [
        ("c", "input", "batch"),
        ("c", "output", "batch"),
    ]
    assert [(each.model, each.usd) for each in found.removed] == [("b", Decimal(3)), ("b", Decimal(4))]
    assert not found.announced


def test_the_last_digit_counts():
    found = diff([offer("a", row("0.1"))], [offer("a", row("0.10000000000000001"))], on=ON)
    assert len(found.changed) == 1
    assert diff([offer("a", row("0.10"))], [offer("a", row("0.1"))], on=ON).empty


def test_announced_prices():
    later = row("9", "9", since=date(2027, 1, 1))
    found = diff([offer("a", row())], [offer("a", row(), later)], on=ON)
    assert [(each.meter, each.usd, each.since) for each in found.announced] == [
        ("input", Decimal(9), "2027-01-01"),
        ("output", Decimal(9), "2027-01-01"),
    ]
    assert not found.changed
    assert diff([offer("a", row())], [offer("a", row(), later)], on=datetime(2027, 1, 1, tzinfo=UTC)).changed


def test_no_ratio_from_zero():
    (change,) = diff([offer("a", row("0", "2"))], [offer("a", row("1", "2"))], on=ON).changed
    assert change.ratio is None


prices = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(1, 5), st.integers(1, 5)), max_size=4, unique_by=lambda each: each[0]
)


@given(prices, prices)
def test_there_and_back(some, others):
    old, new = (
        [offer(name, row(str(usd_in), str(usd_out))) for name, usd_in, usd_out in held] for held in (some, others)
    )
    there, back = diff(old, new, on=ON), diff(new, old, on=ON)
    assert [(each.model, each.meter, each.usd) for each in there.added] == [
        (each.model, each.meter, each.usd) for each in back.removed
    ]
    assert [(each.old_usd, each.new_usd) for each in there.changed] == [
        (each.new_usd, each.old_usd) for each in back.changed
    ]
    assert diff(old, old, on=ON).empty


def test_conditions_in_words():
    when = When(
        processing="batch", region="eu", data_residency="us", prompt_tok=PromptTok(gte=200_000),
        schedule=Schedule(tz="UTC", weekdays=(0, 4), windows=(("01:00", "04:00"),)),
    )  # fmt: skip
    assert condition(when) == "batch, region eu, data in us, prompt >= 200,000, 01:00-04:00 UTC on days 04"
    assert condition(When(prompt_tok=PromptTok(gt=1))) == "prompt > 1"
    assert condition(When()) == ""
