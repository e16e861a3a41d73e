"""Bulk bills are the exact ones: on random offers and requests, and on every shipped offer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.describe.offer import RateRow, Schedule, TokenOffer
from tco.errors import MissingDataError
from tco.files.catalogue import Catalogue
from tco.price.bill import Usage, bill
from tco.price.bulk import CONDITIONS, METERS, RateTable, UnpricedError, bulk_usd, compile_rates
from tco.price.clock import END_S, FIRST_S, clock
from tco.price.rates import UTC as ZONE
from tco.price.rates import in_schedule
from tests.factories import a_row, an_offer

RESIDENCIES = (frozenset[str](), frozenset({"eu"}), frozenset({"us"}), frozenset({"eu", "us"}))
SOURCED: dict[str, Any] = {"source": "tests", "as_of": date(2026, 11, 1), "kind": "published"}
START = datetime(2026, 1, 1, tzinfo=UTC)

prices = st.decimals(0, 100, places=4)
instants = st.one_of(
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(ZONE)),
)
clock_times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
schedules = st.builds(
    lambda tz, weekdays, windows: {"tz": tz, "weekdays": tuple(weekdays), "windows": tuple(windows)},
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.sets(st.integers(0, 6), min_size=1),
    st.lists(st.tuples(clock_times, st.one_of(clock_times, st.just("24:00"))), min_size=1, max_size=2),
)
thresholds = st.builds(lambda how, tok: {how: tok}, st.sampled_from(["gt", "gte"]), st.integers(1, 40))
whens = st.fixed_dictionaries(
    {},
    optional={
        "processing": st.just("batch"),
        "service_tier": st.sampled_from(["flex", "priority"]),
        "speed": st.just("fast"),
        "data_residency": st.sampled_from(["eu", "us"]),
        "prompt_tok": thresholds,
        "schedule": schedules,
        "region": st.just("moon"),
    },
)
rows = st.builds(
    lambda usd, fee, when, since, days, promo, kind: a_row(
        usd_per_mtok=usd, usd_each=fee, when=when, since=since, promo=promo, kind=kind,
        until=None if days is None else since + timedelta(days=days),
    ),
    st.dictionaries(st.sampled_from(METERS), prices, min_size=1),
    st.dictionaries(st.just("request"), prices),
    st.one_of(st.just({}), whens),
    instants, st.one_of(st.none(), st.integers(1, 200)), st.booleans(), st.sampled_from(["published", "rumoured"]),
)  # fmt: skip
surcharges = st.builds(
    lambda when, factor, since: {"when": when, "multiplier": factor, "since": since, **SOURCED},
    st.sampled_from([{"data_residency": "eu"}, {"data_residency": "us"}, {"region": "regional"}]),
    st.floats(0.5, 2), instants,
)  # fmt: skip
full_row = st.builds(lambda usd: a_row(usd_per_mtok=usd), st.fixed_dictionaries(dict.fromkeys(METERS, prices)))
offers = st.builds(
    lambda first, more, adjustments, least: an_offer(*first, *more, adjustments=tuple(adjustments), min_billed=least),
    st.lists(full_row, max_size=1), st.lists(rows, min_size=1, max_size=5), st.lists(surcharges, max_size=2),
    st.dictionaries(st.just("request"), st.integers(1, 3), max_size=1),
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request: which offer, how, when, and its tokens by meter."""

    offer: int
    condition: int
    residency: int
    at_s: int
    tokens: tuple[int, ...]

    def exact(self, of: list[TokenOffer], *, allow_rumoured: bool = False) -> Decimal | None:
        uncached, read, five_min, hour, half_day, said, hidden = self.tokens
        processing, service_tier, speed = CONDITIONS[self.condition]
        usage = Usage(
            input_tok=uncached + read + five_min + hour + half_day, output_tok=said + hidden, reasoning_tok=hidden,
            cache_read_tok=read, cache_write_tok={"5m": five_min, "1h": hour, "12h": half_day},
        )  # fmt: skip
        try:
            return bill(
                of[self.offer], usage, datetime.fromtimestamp(self.at_s, ZONE), processing=processing, speed=speed,
                service_tier=service_tier, residency=RESIDENCIES[self.residency], allow_rumoured=allow_rumoured,
            ).usd  # fmt: skip
        except MissingDataError:
            return None


def requests(of: list[TokenOffer]) -> st.SearchStrategy[Asked]:
    """Any condition, mostly one that somebody sells."""
    sold = {_condition(row) for offer in of for row in offer.rates}
    return st.builds(
        Asked,
        st.integers(0, len(of) - 1), st.sampled_from([*sold, *sold, *range(len(CONDITIONS))]), st.integers(0, 3),
        st.integers(int(START.timestamp()) - 10**6, int(START.timestamp()) + 40 * 10**6),
        st.tuples(*[st.integers(0, 12)] * len(METERS)),
    )  # fmt: skip


def billed(table: RateTable, asked: list[Asked]) -> np.ndarray:
    uncached, read, five_min, hour, half_day, said, hidden = np.array([each.tokens for each in asked]).T
    return bulk_usd(
        table, offer_index=[each.offer for each in asked], condition=[each.condition for each in asked],
        residency=[each.residency for each in asked], at_s=[each.at_s for each in asked],
        input_tok=uncached + read + five_min + hour + half_day, output_tok=said + hidden, reasoning_tok=hidden,
        cache_read_tok=read, cache_write_5m_tok=five_min, cache_write_1h_tok=hour, cache_write_12h_tok=half_day,
    )  # fmt: skip


def check(of: list[TokenOffer], asked: list[Asked], *, allow_rumoured: bool = False) -> int:
    """Assert that both paths agree on what has a price and on the price; the number of priced requests."""
    table = compile_rates(of, residencies=RESIDENCIES, allow_rumoured=allow_rumoured)
    exact = [each.exact(of, allow_rumoured=allow_rumoured) for each in asked]
    unpriced = [n for n, usd in enumerate(exact) if usd is None]
    if unpriced:
        with pytest.raises(UnpricedError) as caught:
            billed(table, asked)
        assert list(caught.value.rows) == unpriced
    kept = [(each, usd) for each, usd in zip(asked, exact, strict=True) if usd is not None]
    if kept:
        found = billed(table, [each for each, _ in kept])
        np.testing.assert_allclose(found, [float(usd) for _, usd in kept], rtol=1e-12, atol=0)
    return len(kept)


@settings(deadline=None, max_examples=60)
@given(schedules, st.lists(st.integers(FIRST_S, END_S - 1), min_size=1, max_size=50))
def test_a_clock_agrees_with_the_schedule_at_any_instant(raw: dict[str, Any], at_s: list[int]) -> None:
    schedule = Schedule.model_validate(raw)
    expected = [in_schedule(schedule, datetime.fromtimestamp(at, UTC)) for at in at_s]
    assert list(clock(schedule).holds(np.array(at_s))) == expected


@settings(deadline=None, max_examples=60)
@given(st.lists(offers, min_size=1, max_size=3), st.booleans(), st.data())
def test_bulk_equals_exact_on_random_offers(of: list[TokenOffer], allow_rumoured: bool, data: st.DataObject) -> None:
    asked = data.draw(st.lists(requests(of), min_size=1, max_size=20))
    check(of, asked, allow_rumoured=allow_rumoured)


@settings(deadline=None, max_examples=60)
@given(offers, st.data())
def test_bulk_equals_exact_around_each_change_and_bound(offer: TokenOffer, data: st.DataObject) -> None:
    bounds = [row.when.prompt_tok.limit_tok for row in offer.rates if row.when.prompt_tok] or [1]
    asked = []
    for row in offer.rates:
        prompt_tok = data.draw(st.sampled_from(bounds)) + data.draw(st.integers(-1, 1))
        for shift_s in (-1, 0, 1):
            at_s = int(_utc(row).timestamp()) + shift_s
            asked.append(Asked(0, _condition(row), data.draw(st.integers(0, 3)), at_s, (prompt_tok, 0, 0, 0, 0, 1, 0)))
    check([offer], asked)


def _condition(row: RateRow) -> int:
    return CONDITIONS.index((row.when.processing, row.when.service_tier, row.when.speed))


def _utc(row: RateRow) -> datetime:
    return row.since if isinstance(row.since, datetime) else datetime(*row.since.timetuple()[:3], tzinfo=UTC)


def test_bulk_equals_exact_on_every_shipped_offer() -> None:
    of = list(Catalogue().offers)
    rng = np.random.default_rng(20261122)
    asked = []
    for n, offer in enumerate(of):
        sold = [_condition(row) for row in offer.rates]
        for _ in range(6):
            used = rng.random(7) < [0.9, 0.2, 0.1, 0.1, 0.02, 0.9, 0.5]
            tokens = used * rng.choice([100, 50_000, 300_000], 7)
            at_s = int(rng.integers(1_700_000_000, 1_800_000_000))
            asked.append(Asked(n, int(rng.choice([0, *sold])), int(rng.integers(0, 3)), at_s, tuple(map(int, tokens))))
    assert check(of, asked) > len(of)
