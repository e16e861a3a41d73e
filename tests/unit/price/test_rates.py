from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tco.describe.offer import RateRow, Schedule, When
from tco.errors import MissingDataError
from tco.price.rates import (
    UTC,
    Request,
    effective,
    in_schedule,
    instant,
    matches,
    past_threshold,
    schedules,
    select,
    specificity,
    week_share,
)
from tests.factories import a_row, an_offer

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def priced(usd: float, **changes: Any) -> RateRow:
    return a_row(usd_per_mtok={"input": usd, "output": usd}, **changes)


def in_force(*rows: RateRow, on: date, **asked: Any) -> list[Decimal]:
    return [row.usd_per_mtok["input"] for row in effective(an_offer(*rows), on, **asked)]


def chosen(rows: list[RateRow], **asked: Any) -> Decimal | None:
    found = select(rows, "input", Request(**asked))
    return found.usd_per_mtok if found else None


# --- periods


def test_a_period_is_half_open_to_the_instant() -> None:
    row = priced(1, since=date(2026, 1, 1), until=date(2026, 2, 1))
    end = datetime(2026, 2, 1, tzinfo=UTC)
    assert in_force(row, on=NEW_YEAR) == [1]
    assert in_force(row, on=NEW_YEAR - TICK) == []
    assert in_force(row, on=end - TICK) == [1]
    assert in_force(row, on=end) == []
    assert in_force(row, on=date(2026, 1, 31)) == [1]
    assert in_force(row, on=date(2026, 2, 1)) == []


def test_instants_of_the_vendors_clock() -> None:
    # 16:00 UTC on 16 August is midnight in Beijing.
    beijing = datetime(2026, 8, 17, 0, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    row = priced(1, since=datetime(2026, 8, 16, 16, tzinfo=UTC))
    assert in_force(row, on=beijing) == [1]
    assert in_force(row, on=beijing - TICK) == []
    assert instant(datetime(2026, 8, 16, 16)) == instant(beijing)  # no zone stated: UTC
    assert instant(date(2026, 1, 1)) == NEW_YEAR


def test_the_last_row_begun_holds_and_the_past_keeps_its_price() -> None:
    rows = priced(5, since=date(2024, 5, 13)), priced(2.5, since=date(2024, 10, 1))
    assert in_force(*rows, on=date(2024, 6, 1)) == [5]
    assert in_force(*rows, on=date(2025, 4, 1)) == [2.5]
    assert in_force(*reversed(rows), on=date(2025, 4, 1)) == [2.5]
    assert in_force(*rows, on=date(2024, 5, 12)) == []


def test_a_promotion_comes_before_the_list_while_it_runs_and_not_a_day_longer() -> None:
    rows = priced(1.74), priced(0.435, promo=True, until=date(2026, 5, 5)), priced(2, since=date(2026, 6, 1))
    assert in_force(*rows, on=date(2026, 5, 4)) == [Decimal("0.435")]
    assert in_force(*rows, on=date(2026, 5, 5)) == [Decimal("1.74")]
    assert in_force(*rows, on=date(2026, 6, 1)) == [2]


def test_a_promotion_beats_a_list_price_begun_later() -> None:
    rows = priced(0.5, promo=True, until=date(2026, 5, 5)), priced(2, since=date(2026, 3, 1))
    assert in_force(*rows, on=date(2026, 4, 1)) == [Decimal("0.5")]


def test_a_rumour_is_never_used_silently() -> None:
    rumour = priced(0.1, kind="rumoured")
    assert in_force(rumour, on=date(2026, 3, 24)) == []
    assert in_force(rumour, on=date(2026, 3, 24), allow_rumoured=True) == [Decimal("0.1")]
    later = priced(0.1, kind="rumoured", since=date(2026, 3, 1), promo=True)
    assert in_force(priced(1), later, on=date(2026, 3, 24), allow_rumoured=True) == [1]


def test_each_condition_has_its_own_history() -> None:
    batch = When(processing="batch")
    rows = priced(2), priced(1, when=batch), priced(0.8, when=batch, since=date(2026, 2, 1))
    assert in_force(*rows, on=date(2026, 3, 1)) == [2, Decimal("0.8")]


# --- which row


def test_the_most_specific_row_wins() -> None:
    rows = [
        priced(1),
        priced(2, when={"prompt_tok": {"gt": 200_000}}),
        priced(3, when={"prompt_tok": {"gt": 500_000}}),
        priced(4, when={"region": "eu"}),
        priced(5, when={"region": "eu", "prompt_tok": {"gt": 200_000}}),
    ]
    assert chosen(rows) == 1
    assert chosen(rows, prompt_tok=200_001) == 2
    assert chosen(rows, prompt_tok=500_001) == 3
    assert chosen(rows, region="eu") == 4
    assert chosen(rows, region="us") == 1
    assert chosen(rows, region="eu", prompt_tok=600_000) == 5


@pytest.mark.parametrize(
    ("when", "asked"),
    [
        ({"processing": "batch"}, {"processing": "batch"}),
        ({"service_tier": "flex"}, {"service_tier": "flex"}),
        ({"service_tier": "priority"}, {"service_tier": "priority"}),
        ({"speed": "fast"}, {"speed": "fast"}),
    ],
)
def test_a_different_product_never_falls_back_to_standard(when: dict[str, Any], asked: dict[str, Any]) -> None:
    standard = priced(2)
    assert chosen([standard], **asked) is None
    assert chosen([standard, priced(1, when=when)], **asked) == 1
    assert chosen([priced(1, when=when)]) is None


def test_data_residency_rows_hold_only_where_asked() -> None:
    rows = [priced(2), priced(2.2, when={"data_residency": "eu"}), priced(2.3, when={"data_residency": "us"})]
    assert chosen(rows) == 2
    assert chosen(rows, residency=frozenset({"eu"})) == Decimal("2.2")
    assert chosen(rows, residency=frozenset({"de"})) == 2


def test_a_meter_falls_back_to_the_row_that_has_it() -> None:
    long = a_row(usd_per_mtok={"output": 20}, when={"prompt_tok": {"gt": 100}})
    assert chosen([priced(1), long], prompt_tok=101) == 1
    assert chosen([long], prompt_tok=101) is None


def test_two_rows_that_match_equally_well_are_an_error() -> None:
    rows = [priced(1, when={"region": "eu"}), priced(2, when={"data_residency": "eu"})]
    with pytest.raises(MissingDataError, match="two rates of input match equally well"):
        chosen(rows, region="eu", residency=frozenset({"eu"}))


def test_equal_prices_are_no_conflict() -> None:
    rows = [priced(2), *(priced(2.2, when={"data_residency": place}) for place in ("eu", "us"))]
    assert chosen(rows, residency=frozenset({"eu", "us"})) == Decimal("2.2")


def test_a_threshold_at_exactly_the_limit() -> None:
    strict, inclusive = (
        When.model_validate({"prompt_tok": {"gt": 200_000}}),
        When.model_validate({"prompt_tok": {"gte": 200_000}}),
    )
    assert strict.prompt_tok is not None
    assert inclusive.prompt_tok is not None
    assert not past_threshold(strict.prompt_tok, 200_000.0)
    assert past_threshold(strict.prompt_tok, 200_001.0)
    assert past_threshold(inclusive.prompt_tok, 200_000.0)
    assert not past_threshold(inclusive.prompt_tok, 199_999.0)
    assert not matches(strict, Request(prompt_tok=200_000.0))
    assert matches(inclusive, Request(prompt_tok=200_000.0))


def test_specificity_counts_clauses_then_height() -> None:
    assert specificity(When()) == (0, 0)
    assert specificity(When.model_validate({"region": "eu", "data_residency": "eu", "speed": "fast"})) == (3, 0)
    assert specificity(When.model_validate({"prompt_tok": {"gte": 5}})) == (1, 5)


# --- hours


def windows(*spans: tuple[str, str], **changes: Any) -> Schedule:
    return Schedule.model_validate({"tz": "UTC", "windows": spans, **changes})


def test_share_of_the_week() -> None:
    assert week_share(windows(("00:00", "24:00"))) == 1.0
    assert week_share(windows(("16:30", "00:30"))) == pytest.approx(8 / 24)  # across midnight
    assert week_share(windows(("16:00", "00:00"))) == pytest.approx(8 / 24)
    # Two windows of 3 h and 4 h, Monday to Friday: 35 of 168 h.
    weekdays = windows(("01:00", "04:00"), ("06:00", "10:00"), weekdays=(0, 1, 2, 3, 4))
    assert week_share(weekdays) == pytest.approx(35 / 168)


def test_inside_and_outside_the_hours() -> None:
    day, night = windows(("01:00", "04:00")), windows(("16:30", "00:30"))
    at = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # a Monday
    assert in_schedule(day, at.replace(hour=1))
    assert not in_schedule(day, at.replace(hour=4))
    assert in_schedule(night, at.replace(hour=16, minute=30))
    assert in_schedule(night, at.replace(hour=0, minute=29))
    assert not in_schedule(night, at.replace(hour=0, minute=30))
    assert not in_schedule(windows(("00:00", "24:00"), weekdays=(5, 6)), at)
    assert in_schedule(windows(("00:00", "24:00")), at.replace(hour=23, minute=59))


def test_hours_are_on_the_vendors_clock() -> None:
    # 17:00 UTC on Sunday is 01:00 on Monday in Shanghai.
    sunday = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    monday = windows(("00:00", "02:00"), tz="Asia/Shanghai", weekdays=(0,))
    assert in_schedule(monday, sunday)


@pytest.mark.parametrize(
    "schedule", [windows(("16:30", "00:30")), windows(("01:15", "04:00"), ("06:00", "10:45"), weekdays=(0, 3))]
)
def test_the_share_is_the_minutes_inside(schedule: Schedule) -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    inside = sum(in_schedule(schedule, start + timedelta(minutes=15 * k)) for k in range(4 * 168))
    assert week_share(schedule) == pytest.approx(inside / (4 * 168))


def test_distinct_schedules() -> None:
    peak = {"schedule": {"tz": "UTC", "windows": (("01:00", "04:00"),)}}
    rows = [priced(1), priced(2, when=peak), priced(3, when={**peak, "region": "eu"})]
    assert [schedule.windows for schedule in schedules(rows)] == [(("01:00", "04:00"),)]
