"""Rental rows of a day: the last of each kind, unless it is old or its provider moved on."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tco.describe.offer import RentalOffer
from tco.files.policy import MAX_RENTAL_AGE_DAYS, REPLACED_AFTER_DAYS
from tco.files.rentals import in_force, offered, too_old

DAY = date(2026, 11, 22)


def a_row(age_days: int, provider: str = "acme", instance: str = "a", usd: str = "2") -> RentalOffer:
    return RentalOffer(
        provider=provider, instance=instance, hardware="l4", n_gpus=1, region="", plan="on_demand",
        usd_per_gpu_h=Decimal(usd), since=DAY - timedelta(days=age_days), source="s", kind="vendor",
    )  # fmt: skip


def test_the_last_row_of_a_kind_begun_by_the_day():
    rows = [a_row(30, usd="3"), a_row(10, usd="2"), a_row(-1, usd="1")]
    found = in_force(rows, DAY)
    assert [row.usd_per_gpu_h for row in found.fresh] == [2]
    assert (found.old, found.replaced, list(found.left_out())) == ((), (), [])


def test_a_row_is_old_the_day_after_the_limit():
    at, past = a_row(MAX_RENTAL_AGE_DAYS, "b"), a_row(MAX_RENTAL_AGE_DAYS + 1, "c")
    found = in_force([at, past], DAY)
    assert (found.fresh, found.old) == ((at,), (past,))
    ((name, why),) = found.left_out()
    assert name == "c/a/l4/on_demand"
    assert f"is {MAX_RENTAL_AGE_DAYS + 1} days old, over {MAX_RENTAL_AGE_DAYS}; name its provider" in why
    assert too_old(found.old) == [
        f"1 rental row older than {MAX_RENTAL_AGE_DAYS} days was left out; name their provider to use them"
    ]
    assert too_old(()) == []


def test_a_provider_that_moved_on_replaced_its_older_rows():
    new, at, past = a_row(0), a_row(REPLACED_AFTER_DAYS, instance="b"), a_row(REPLACED_AFTER_DAYS + 1, instance="c")
    found = in_force([new, at, past], DAY)
    assert (set(found.fresh), found.replaced) == ({new, at}, (past,))
    assert [name for name, _ in found.left_out()] == ["acme/c/l4/on_demand"]


def test_who_rents_a_machine_out():
    assert offered([a_row(1), a_row(2)], "l4").startswith("it is offered by acme (on_demand); state usd_per_gpu_h")
    assert offered([a_row(1)], "l40s").startswith("nobody in the sheet rents it out")


@given(st.lists(st.tuples(st.integers(-10, 400), st.sampled_from("pq"), st.sampled_from("ab")), max_size=12))
def test_every_begun_row_that_is_the_last_of_its_kind_is_an_offer_or_left_out(drawn):
    rows = [a_row(age, provider, instance) for age, provider, instance in drawn]
    found = in_force(rows, DAY)
    kinds = {(row.provider, row.instance) for row in rows if row.since <= DAY}
    parts = [*found.fresh, *found.old, *found.replaced]
    assert sorted((row.provider, row.instance) for row in parts) == sorted(kinds)
    assert len(list(found.left_out())) == len(found.old) + len(found.replaced)
