from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError
from tco.price.tokens import Quote, quote
from tests.factories import TODAY, a_row, an_offer

approx: Any = pytest.approx
BATCH = {"processing": "batch"}


def quoted(offer: TokenOffer, **changes: Any) -> Quote:
    return quote(offer, TODAY, **{"prompt_tok": 1000.0, "batch_frac": 0.0, **changes})


def shares(found: Quote) -> dict[str, Any]:
    return {part.label: part.share_frac for part in found.slices}


def test_one_slice_of_standard_requests() -> None:
    found = quoted(an_offer())
    assert shares(found) == {"": 1.0}
    assert found.slices[0].rates["output"].usd_per_mtok == Decimal(10)
    assert set(found.slices[0].rates) == {"input", "output"}
    assert found.notes == ()


def test_the_batch_share_pays_the_batch_rate() -> None:
    offer = an_offer(a_row(), a_row(when=BATCH, usd_per_mtok={"input": 0.5, "output": 5}))
    found = quoted(offer, batch_frac=0.2)
    assert shares(found) == {"": 0.8, "batch": 0.2}
    assert found.slices[1].rates["input"].usd_per_mtok == Decimal("0.5")
    assert shares(quoted(offer, batch_frac=1.0)) == {"batch": 1.0}


def test_without_a_batch_price_the_share_pays_standard_and_says_so() -> None:
    found = quoted(an_offer(), batch_frac=0.2)
    assert shares(found) == {"": 1.0}
    assert found.notes == ("no batch price: the batch share pays the standard rate",)


def test_past_a_threshold_the_whole_request_pays_more() -> None:
    offer = an_offer(a_row(), a_row(when={"prompt_tok": {"gt": 1000}}, usd_per_mtok={"input": 2, "output": 15}))
    assert shares(quoted(offer, prompt_tok=1000.0)) == {"": 1.0}
    over = quoted(offer, prompt_tok=1001.0)
    assert shares(over) == {"prompt over 1,000": 1.0}
    assert over.slices[0].rates["input"].usd_per_mtok == 2
    inclusive = an_offer(a_row(), a_row(when={"prompt_tok": {"gte": 1000}}))
    assert shares(quoted(inclusive, prompt_tok=1000.0)) == {"prompt over 1,000": 1.0}


def test_tiers_of_an_array_of_prompts() -> None:
    rows = a_row(), a_row(when={"prompt_tok": {"gt": 100}}), a_row(when={"prompt_tok": {"gte": 500}})
    found = quoted(an_offer(*rows), prompt_tok=np.array([100.0, 101.0, 500.0, 9000.0]))
    assert shares(found) == {
        "": pytest.approx([1, 0, 0, 0]),
        "prompt over 100": pytest.approx([0, 1, 0, 0]),
        "prompt over 500": pytest.approx([0, 0, 1, 1]),
    }


def test_hours_of_the_day_split_by_their_share_of_the_week() -> None:
    peak = {"schedule": {"tz": "UTC", "windows": (("00:00", "06:00"),)}}
    found = quoted(an_offer(a_row(), a_row(when=peak, usd_per_mtok={"input": 2, "output": 20})))
    assert shares(found) == {"off-peak": 0.75, "peak": 0.25}
    assert found.slices[1].rates["input"].usd_per_mtok == 2
    assert "25% of it in the scheduled hours" in found.notes[0]


def test_all_shares_sum_to_one() -> None:
    peak = {"schedule": {"tz": "UTC", "windows": (("00:00", "06:00"),)}}
    rows = a_row(), a_row(when=BATCH), a_row(when=peak), a_row(when={"prompt_tok": {"gt": 100}, **BATCH})
    prompts = np.array([1.0, 100.0, 101.0])
    found = quoted(an_offer(*rows), prompt_tok=prompts, batch_frac=np.array([0.0, 0.3, 1.0]))
    total = sum(np.broadcast_to(part.share_frac, prompts.shape) for part in found.slices)
    assert total == pytest.approx(np.ones(3))


def test_two_schedules_cannot_be_told_apart() -> None:
    rows = [a_row(when={"schedule": {"tz": "UTC", "windows": ((start, "06:00"),)}}) for start in ("00:00", "01:00")]
    with pytest.raises(MissingDataError, match="two different time-of-day schedules"):
        quoted(an_offer(*rows))


def test_a_region_where_data_must_stay() -> None:
    offer = an_offer(a_row(), a_row(when={"data_residency": "eu"}, usd_per_mtok={"input": 1.1, "output": 11}))
    found = quoted(offer, residency=frozenset({"eu"}))
    assert found.slices[0].rates["input"].usd_per_mtok == Decimal("1.1")


@pytest.mark.parametrize(
    ("offer", "says"),
    [
        (an_offer(a_row(), rates=(), unpriced="on request"), "vendor/m: no price: on request"),
        (an_offer(a_row(kind="rumoured")), "only a rumoured price on 2026-11-22; --allow-rumoured"),
        (
            an_offer(a_row(since=date(2027, 1, 1))),
            "no price in force on 2026-11-22; the sheet has rows since 2027-01-01",
        ),
        (an_offer(a_row(), rates=()), "vendor/m: no price in force on 2026-11-22"),
        (an_offer(a_row(when={"service_tier": "flex"})), "no rate for standard requests on 2026-11-22"),
    ],
)
def test_no_price_is_an_error_that_says_why(offer: TokenOffer, says: str) -> None:
    with pytest.raises(MissingDataError, match=says.replace("(", r"\(")):
        quoted(offer)


def test_a_rumour_when_asked_for() -> None:
    found = quoted(an_offer(a_row(kind="rumoured")), allow_rumoured=True)
    assert found.slices[0].rates["input"].row.kind == "rumoured"


@pytest.mark.parametrize(("peak_usd", "label"), [(20, "off-peak"), (5, "peak")])
def test_work_that_may_wait_is_done_in_the_cheaper_hours(peak_usd: float, label: str) -> None:
    hours = {"schedule": {"tz": "UTC", "windows": (("00:00", "06:00"),)}}
    found = quoted(an_offer(a_row(), a_row(when=hours, usd_per_mtok={"input": 1, "output": peak_usd})), batch_frac=0.2)
    assert shares(found) == approx({"off-peak": 0.6, "peak": 0.2, f"may wait, {label}": 0.2})
    assert "time-of-day price: work that may wait is done in the cheaper hours" in found.notes


def test_a_batch_price_of_all_hours_waits_for_none() -> None:
    hours = {"schedule": {"tz": "UTC", "windows": (("00:00", "06:00"),)}}
    batch = a_row(when=BATCH, usd_per_mtok={"input": 0.5, "output": 5})
    found = quoted(an_offer(a_row(), batch, a_row(when=hours)), batch_frac=0.2)
    assert shares(found) == approx({"off-peak": 0.6, "peak": 0.2, "batch, off-peak": 0.2})
