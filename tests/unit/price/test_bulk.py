"""Bulk bills by hand, at the limits of each condition, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from tco.describe.offer import RateRow, TokenOffer, When
from tco.errors import EXIT_DATA, EXIT_INPUT, UsageError
from tco.price.bulk import ANYWHERE, BLOCK, CONDITIONS, UnpricedError, bulk_usd, compile_rates
from tests.factories import a_row, an_offer

approx: Any = pytest.approx
EU, US = frozenset({"eu"}), frozenset({"us"})
BATCH = CONDITIONS.index(("batch", None, None))
FLEX = CONDITIONS.index((None, "flex", None))
FAST = CONDITIONS.index((None, None, "fast"))
RATES = {"input": 1, "cache_read": 0.1, "cache_write": 1.25, "cache_write_1h": 2, "cache_write_12h": 3, "output": 10}


def unix(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NOON_S = unix("2026-06-01T12:00")  # a Monday


def priced(usd: float, **changes: Any) -> RateRow:
    return a_row(usd_per_mtok={"input": usd, "output": usd}, **changes)


def billed(*offers: TokenOffer, residencies: tuple[frozenset[str], ...] = ANYWHERE, **asked: Any) -> list[float]:
    table = compile_rates(offers, residencies=residencies)
    return list(bulk_usd(table, **{"offer_index": 0, "at_s": NOON_S, "input_tok": 0, "output_tok": 0, **asked}))


def input_rates(*rows: RateRow, **asked: Any) -> list[float]:
    """USD of a million input tokens."""
    return billed(an_offer(*rows), **{"input_tok": 1_000_000, **asked})


def test_each_meter_by_hand() -> None:
    # 100,000 uncached at 1, 400,000 read at 0.1, writes 200,000 at 1.25, 200,000 at 2, 100,000 at 3, 10,000 out at 10
    usd = billed(
        an_offer(a_row(usd_per_mtok=RATES)), input_tok=1_000_000, cache_read_tok=400_000, cache_write_5m_tok=200_000,
        cache_write_1h_tok=200_000, cache_write_12h_tok=100_000, output_tok=10_000, reasoning_tok=4_000,
    )  # fmt: skip
    assert usd == [approx(0.1 + 0.04 + 0.25 + 0.4 + 0.3 + 0.1)]


def test_reasoning_pays_its_own_rate_where_it_has_one() -> None:
    own = an_offer(a_row(usd_per_mtok={"input": 1, "output": 10, "reasoning": 40}))
    assert billed(own, output_tok=1_000_000, reasoning_tok=250_000) == [approx(7.5 + 10)]


def test_requests_name_their_offer_by_position() -> None:
    offers = [an_offer(priced(usd), model=f"m{usd}") for usd in (1, 2, 3)]
    assert billed(*offers, offer_index=[2, 0, 1, 2], input_tok=1_000_000) == approx([3, 1, 2, 3])


def test_a_request_fee_is_part_of_the_bill() -> None:
    offer = an_offer(a_row(usd_each={"request": 0.005}))
    assert billed(offer, input_tok=[0, 1_000_000]) == approx([0.005, 1.005])
    assert billed(an_offer(*offer.rates, min_billed={"request": 2})) == approx([0.01])


def test_an_offer_not_yet_sold_refuses_even_a_request_without_tokens() -> None:
    with pytest.raises(UnpricedError):
        billed(an_offer(), at_s=unix("2025-12-31T23:59:59"))
    assert billed(an_offer(), condition=BATCH) == [0.0]


def test_a_change_holds_from_its_first_second() -> None:
    rows = priced(1), priced(2, since=date(2026, 6, 1)), priced(3, since=datetime(2026, 7, 1, 12, tzinfo=UTC))
    at = [unix("2026-05-31T23:59:59"), unix("2026-06-01"), unix("2026-07-01T11:59:59"), unix("2026-07-01T12:00")]
    assert input_rates(*rows, at_s=at) == approx([1, 2, 2, 3])


def test_a_change_within_a_second_holds_from_the_next_one() -> None:
    change = datetime(2026, 6, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    assert input_rates(priced(1), priced(2, since=change), at_s=unix("2026-06-01") + np.arange(2)) == approx([1, 2])


def test_a_promotion_ends() -> None:
    rows = priced(4), priced(1, since=date(2026, 5, 1), until=date(2026, 6, 1), promo=True)
    at = [unix("2026-04-30T23:59:59"), unix("2026-05-01"), unix("2026-05-31T23:59:59"), unix("2026-06-01")]
    assert input_rates(*rows, at_s=at) == approx([4, 1, 1, 4])


def test_thresholds_are_strict_or_inclusive_and_tiers_differ_by_offer() -> None:
    strict = an_offer(priced(1), priced(2, when={"prompt_tok": {"gt": 200_000}}))
    inclusive = an_offer(
        priced(1), priced(2, when={"prompt_tok": {"gte": 200_000}}), priced(3, when={"prompt_tok": {"gt": 400_000}})
    )
    flat = an_offer(priced(1))
    prompts = np.array([199_999, 200_000, 200_001, 400_001])
    for n, usd_per_mtok in enumerate(([1, 1, 2, 2], [1, 2, 2, 3], [1, 1, 1, 1])):
        found = billed(strict, inclusive, flat, offer_index=n, input_tok=prompts)
        assert found == approx(prompts * usd_per_mtok / 1e6)


def test_processing_tier_and_speed_are_products_of_their_own() -> None:
    rows = [priced(8), priced(4, when={"processing": "batch"}), priced(5, when={"service_tier": "flex"})]
    rows.append(priced(48, when={"speed": "fast"}))
    assert input_rates(*rows, condition=[0, BATCH, FLEX, FAST]) == approx([8, 4, 5, 48])


def test_there_is_a_condition_for_all_that_a_rate_can_name() -> None:
    assert CONDITIONS[0] == (None, None, None)
    assert (None, "priority", None) in CONDITIONS
    assert ("batch", "flex", "fast") in CONDITIONS
    for processing, service_tier, speed in CONDITIONS:
        When.model_validate({"processing": processing, "service_tier": service_tier, "speed": speed})


def test_residency_has_rows_and_dated_surcharges() -> None:
    source = {"source": "tests", "as_of": date(2026, 11, 1), "kind": "published"}
    surcharge = {"when": {"data_residency": "us"}, "multiplier": 1.1, "since": date(2026, 6, 1), **source}
    row = a_row(usd_each={"request": 0.5})
    offer = an_offer(row, priced(3, when={"data_residency": "eu"}), adjustments=(surcharge,))
    asked: dict[str, Any] = {"residency": [0, 1, 2], "input_tok": 1_000_000, "residencies": (*ANYWHERE, EU, US)}
    assert billed(offer, **asked) == approx([1.5, 3.5, 1.65])
    assert billed(offer, **asked, at_s=unix("2026-05-31")) == approx([1.5, 3.5, 1.5])


def test_a_schedule_follows_the_vendors_clock_over_the_change_to_summer_time() -> None:
    windows = ("09:00", "17:00"), ("22:30", "01:00")
    hours = {"tz": "Europe/Berlin", "weekdays": tuple(range(7)), "windows": windows}
    rows = priced(1), priced(2, when={"schedule": hours})
    # Berlin left winter time on 2026-03-29 at 01:00 UTC: nine o'clock is 08:00 UTC before, 07:00 UTC after.
    at = ["2026-03-28T07:59:59", "2026-03-28T08:00", "2026-03-29T06:59:59", "2026-03-29T07:00", "2026-03-29T15:00"]
    assert input_rates(*rows, at_s=[unix(text) for text in at]) == approx([1, 2, 1, 2, 1])
    night = ["2026-06-01T20:29:59", "2026-06-01T20:30", "2026-06-01T22:59:59", "2026-06-01T23:00"]
    assert input_rates(*rows, at_s=[unix(text) for text in night]) == approx([1, 2, 2, 1])


def test_the_hour_that_summer_time_skips_is_over_at_once() -> None:
    hours = {"tz": "Europe/Berlin", "windows": (("03:00", "04:00"),)}
    rows = priced(1), priced(2, when={"schedule": hours})
    assert input_rates(*rows, at_s=unix("2026-03-29T01:00") + np.arange(-1, 1)) == approx([1, 2])


def test_hours_of_two_schedules_add_up() -> None:
    both = [{"tz": "UTC", "windows": ((f"{hour}:00", f"{hour + 1}:00"),)} for hour in (12, 14)]
    rows = priced(1), *(priced(2, when={"schedule": hours}) for hours in both)
    assert input_rates(*rows, at_s=NOON_S + 3600 * np.arange(4)) == approx([2, 1, 2, 1])


def test_only_the_offer_with_a_schedule_has_peak_prices() -> None:
    hours = {"tz": "UTC", "weekdays": (0,), "windows": (("00:00", "24:00"),)}
    peak = an_offer(priced(1), priced(2, when={"schedule": hours}))
    at = [NOON_S, NOON_S + 86_400] * 2
    found = billed(peak, an_offer(priced(5)), offer_index=[0, 0, 1, 1], at_s=at, input_tok=1_000_000)
    assert found == approx([2, 1, 5, 5])


def test_blocks_join_without_a_seam() -> None:
    n_tok = np.arange(2 * BLOCK + 3)
    table = compile_rates([an_offer(priced(1))])
    usd = bulk_usd(table, offer_index=0, at_s=NOON_S, input_tok=n_tok, output_tok=np.int32(0))
    assert np.allclose(usd, n_tok / 1e6, rtol=1e-12)


def test_no_requests_cost_nothing() -> None:
    assert billed(an_offer(), offer_index=np.zeros(0, dtype=np.int64)) == []
    assert billed(offer_index=[]) == []


def test_requests_without_a_price_are_named_never_billed_at_nothing() -> None:
    offer = an_offer(a_row(usd_per_mtok={"input": 1, "output": 10}), model="x")
    table = compile_rates([offer], residencies=(*ANYWHERE, EU))
    with pytest.raises(UnpricedError) as caught:
        bulk_usd(
            table, offer_index=0, at_s=[NOON_S, unix("2025-12-31"), NOON_S, NOON_S, NOON_S], input_tok=10, output_tok=1,
            cache_read_tok=[0, 0, 1, 0, 0], condition=[0, 0, 0, BATCH, 0], residency=[0, 0, 0, 1, 1],
        )  # fmt: skip
    assert list(caught.value.rows) == [1, 2, 3]
    assert caught.value.exit_code == EXIT_DATA
    assert str(caught.value).splitlines() == [
        "no price of 3 requests, the first of them:",
        "  request 1: vendor/x, standard, 2025-12-31T00:00:00+00:00",
        "  request 2: vendor/x, standard, 2026-06-01T12:00:00+00:00",
        "  request 3: vendor/x, batch, eu, 2026-06-01T12:00:00+00:00",
    ]


def test_two_rates_that_match_equally_well_are_no_price() -> None:
    rows = [priced(3, when={"data_residency": "eu"}), priced(4, when={"data_residency": "us"}), priced(1)]
    both = (*ANYWHERE, EU | US)
    assert input_rates(*rows, residencies=both) == approx([1])
    with pytest.raises(UnpricedError):
        input_rates(*rows, residencies=both, residency=1)
    cached = [a_row(usd_per_mtok={"cache_read": n}, when={"data_residency": at}) for n, at in ((1, "eu"), (2, "us"))]
    assert input_rates(*cached, priced(1), residencies=both, residency=1) == approx([1])
    with pytest.raises(UnpricedError):
        input_rates(*cached, priced(1), residencies=both, residency=1, cache_read_tok=1)
    hidden = [a_row(usd_per_mtok={"reasoning": n}, when={"data_residency": at}) for n, at in ((1, "eu"), (2, "us"))]
    with pytest.raises(UnpricedError):
        input_rates(*hidden, priced(1), residencies=both, residency=1, input_tok=0)


def test_a_rumour_counts_only_when_asked_for() -> None:
    offer = an_offer(priced(7, kind="rumoured"))
    one: dict[str, Any] = {"offer_index": 0, "at_s": NOON_S, "input_tok": 1_000_000, "output_tok": 0}
    assert list(bulk_usd(compile_rates([offer], allow_rumoured=True), **one)) == approx([7])
    with pytest.raises(UnpricedError):
        bulk_usd(compile_rates([offer]), **one)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"cache_read_tok": 6, "cache_write_1h_tok": 5}, "cache reads and writes must not exceed the input"),
        ({"reasoning_tok": 11}, "reasoning must not exceed the output"),
        ({"input_tok": [10, -1]}, "input_tok must be at least 0 .* the first of them 1$"),
        ({"input_tok": 10.5}, "input_tok: got float64; expected whole numbers"),
        ({"offer_index": -1}, "offer_index must be at least 0 and below 1"),
        ({"offer_index": 1}, "offer_index must be at least 0 and below 1"),
        ({"condition": len(CONDITIONS)}, "condition must be"),
        ({"residency": 1}, "residency must be"),
        ({"at_s": NOON_S * 1000}, "at_s must be at least 946,684,800 .* by 1 or more requests, the first of them 0$"),
    ],
)
def test_requests_that_make_no_sense_are_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        billed(an_offer(a_row(usd_per_mtok=RATES)), **{"input_tok": 10, "output_tok": 10, **asked})
    assert caught.value.exit_code == EXIT_INPUT


def test_the_place_of_a_wrong_request_counts_over_all_blocks() -> None:
    n_tok = np.ones(BLOCK + 10, dtype=np.uint8)
    with pytest.raises(UsageError, match=f"the first of them {BLOCK + 7:,}$"):
        billed(an_offer(), input_tok=1, cache_read_tok=np.where(np.arange(len(n_tok)) == BLOCK + 7, 2, n_tok))
