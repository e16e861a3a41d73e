"""What a bill refuses: parts over their whole, unknown lifetimes, prices that tie."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tco.errors import MissingDataError, UsageError
from tco.price.bill import Usage, bill
from tests.factories import a_row, an_offer

AT = datetime(2026, 11, 22, tzinfo=UTC)


def test_reasoning_is_part_of_the_output() -> None:
    with pytest.raises(UsageError, match=r"reasoning \(11\) exceeds the output \(10\)"):
        bill(an_offer(), Usage(input_tok=1, output_tok=10, reasoning_tok=11), AT)


def test_a_cache_lives_for_a_known_time() -> None:
    with pytest.raises(UsageError, match="got '2h'; expected one of: 5m, 1h, 12h"):
        bill(an_offer(), Usage(input_tok=5, output_tok=1, cache_write_tok={"2h": 1}), AT)


def test_no_events_cost_nothing_and_need_no_price() -> None:
    usage = Usage(input_tok=1000, output_tok=0, events={"image": Decimal(0)})
    assert [line.meter for line in bill(an_offer(), usage, AT).lines] == ["input"]


def test_two_prices_of_an_event_that_tie_are_refused() -> None:
    rows = (
        a_row(usd_each={"image": "0.1"}, when={"data_residency": "de"}),
        a_row(usd_each={"image": "0.2"}, when={"data_residency": "eu"}),
        a_row(),
    )
    usage = Usage(input_tok=1, output_tok=1, events={"image": Decimal(1)})
    with pytest.raises(MissingDataError, match="two prices of image match equally well"):
        bill(an_offer(*rows), usage, AT, residency=frozenset({"de", "eu"}))
