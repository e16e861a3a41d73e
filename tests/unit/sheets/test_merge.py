"""Whom to believe, what keeps its history, and what is held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tco.describe.offer import RateRow, TokenOffer
from tco.sheets.merge import Merged, merge
from tco.sheets.sheet import Sheet
from tco.sheets.upstream.common import NO_START

AUG, NOV = date(2026, 8, 21), date(2026, 11, 20)


def row(usd: Any = 1, *, source: str = "s", on: date = NOV, dated: bool = False, **more: Any) -> dict[str, Any]:
    stated = {
        "since": on,
        "source": source,
        "as_of": on,
        "kind": "published",
        "usd_per_mtok": {"input": usd, "output": 4 * Decimal(str(usd))},
    }
    return {**stated, **({} if dated else {"observed": (on, on)}), **more}


def offer(*rows: dict[str, Any], model: str = "m", **more: Any) -> TokenOffer:
    return TokenOffer.model_validate(
        {"provider": "p", "model": model, "tier": "api", "rates": rows or (row(),), **more}
    )


def merged(
    curated: Sequence[TokenOffer] = (), parent: Sequence[TokenOffer] | None = None, **sources: TokenOffer
) -> Merged:
    sheet = Sheet(created_at=datetime(2026, 8, 21, tzinfo=UTC), offers=tuple(parent)) if parent is not None else None
    return merge(curated, {name: [part] for name, part in sources.items()}, parent=sheet)


def the(found: Merged) -> tuple[RateRow, ...]:
    (only,) = found.offers
    return only.rates


def test_curated_rows_are_believed_first_and_never_held() -> None:
    found = merged([offer(row(100_000))], a=offer(row(1)))
    assert the(found)[0].usd_per_mtok["input"] == 100_000
    assert found.held == ()


def test_the_first_source_wins_and_the_next_adds_what_it_lacks() -> None:
    first = offer(row(1, source="first"))
    second = offer(row(2, source="second"), row("0.5", source="second", when={"processing": "batch"}))
    rates = the(merged(first=first, second=second))
    assert [(r.source, r.when.processing) for r in rates] == [("first", None), ("second", "batch")]


def test_a_product_comes_from_one_source_as_a_whole() -> None:
    """A long-context rate is not put beside another source's base rate."""
    second = offer(row(2), row(4, when={"prompt_tok": {"gt": 200_000}}))
    assert len(the(merged(first=offer(row(1)), second=second))) == 1


def test_an_implausible_source_gives_way_to_the_next() -> None:
    found = merged(first=offer(row(3_200)), second=offer(row(3)))
    assert the(found)[0].usd_per_mtok["input"] == 3
    assert "1,000 times too much" in found.held[0].why


def test_nothing_plausible_is_nothing_to_bill_by() -> None:
    found = merged(first=offer(row(3_200)))
    assert found.offers == ()
    assert len(found.held) == 1


def test_an_implausible_batch_price_does_not_hold_the_standard_one() -> None:
    found = merged(first=offer(row(1), row(0, when={"processing": "batch"})))
    assert len(the(found)) == len(found.held) == 1


def test_undated_sources_over_3_times_apart_are_both_held() -> None:
    found = merged(first=offer(row(1)), second=offer(row(9)))
    assert found.offers == ()
    assert len(found.held) == 2


def test_a_dated_price_decides() -> None:
    found = merged(first=offer(row(1, dated=True)), second=offer(row(9)))
    assert the(found)[0].usd_per_mtok["input"] == 1
    assert len(found.held) == 1


def test_spellings_are_joined_exactly() -> None:
    first, second = offer(model="m", aliases=("M-2026",)), offer(model="m-2026", aliases=("bedrock/m-2026",))
    (only,) = merged(first=first, second=second).offers
    assert (only.model, set(only.aliases)) == ("m", {"M-2026", "m-2026", "bedrock/m-2026"})
    assert len(merged(first=offer(model="m"), second=offer(model="m-2")).offers) == 2


def test_two_prices_under_one_alias_are_two_models() -> None:
    found = merge(
        [], {"a": [offer(aliases=("m-may", "m-june"))], "b": [offer(row(1), model="m"), offer(row(2), model="m-may")]}
    )
    assert {part.model: part.rates[0].usd_per_mtok["input"] for part in found.offers} == {"m": 1, "m-may": 2}
    assert [part.aliases for part in found.offers if part.model == "m"] == [("m-june",)]


def test_a_registrys_spelling_of_a_curated_model_with_another_price_is_another_model() -> None:
    curated = [offer(row(1), model="m")]
    found = merge(curated, {"a": [offer(row(1), model="m", aliases=("m-may",))], "b": [offer(row(2), model="m-may")]})
    assert {part.model for part in found.offers} == {"m", "m-may"}
    same = merge(curated, {"a": [offer(row(1), model="m", aliases=("m-may",))], "b": [offer(row(1), model="m-may")]})
    assert [(part.model, part.aliases) for part in same.offers] == [("m", ("m-may",))]


def test_an_unchanged_price_keeps_its_start() -> None:
    (rate,) = the(merged(parent=[offer(row(1, on=AUG))], a=offer(row(1))))
    assert (rate.since, rate.observed, rate.as_of) == (AUG, (AUG, AUG), NOV)


def test_a_changed_price_is_observed_between_two_snapshots() -> None:
    rates = the(merged(parent=[offer(row(2, on=AUG))], a=offer(row(1))))
    assert [(r.since, int(r.usd_per_mtok["input"]), r.observed) for r in rates] == [
        (AUG, 2, (AUG, AUG)),
        (NOV, 1, (AUG, NOV)),
    ]


def test_a_dated_change_keeps_older_rows() -> None:
    rates = the(merged(parent=[offer(row(2, on=AUG))], a=offer(row(1, dated=True))))
    assert [(r.since, int(r.usd_per_mtok["input"])) for r in rates] == [(AUG, 2), (NOV, 1)]


def test_a_condition_that_is_gone_ends() -> None:
    parent = [offer(row(1, on=AUG), row("0.5", on=AUG, when={"processing": "batch"}))]
    (batch,) = [r for r in the(merged(parent=parent, a=offer(row(1)))) if r.when.processing]
    assert batch.until == NOV


def test_an_offer_no_longer_listed_stays_as_last_seen() -> None:
    parent = offer(row(1, on=AUG), model="old")
    assert parent in merged(parent=[parent], a=offer()).offers


def test_a_step_over_80_percent_leaves_the_old_price_in_use() -> None:
    parent = offer(row("0.5", on=AUG))
    found = merged(parent=[parent], a=offer(row(500)))
    assert found.offers == (parent,)
    assert "1,000 times, perhaps a price per thousand tokens" in found.held[0].why


def test_a_row_without_a_start_begins_with_the_release() -> None:
    before = row(1, on=date(2026, 3, 12), dated=True, note=NO_START, until=date(2026, 3, 13))
    (rate,) = the(merged(a=offer(before), b=offer(released=date(2025, 11, 1))))
    assert (rate.since, rate.kind) == (date(2025, 11, 1), "assumed")


def test_what_others_say_of_a_curated_product_is_not_held() -> None:
    curated = offer(row(1, dated=True, on=AUG))
    found = merged([curated], parent=[curated], a=offer(row(3_200), row("0.5", when={"processing": "batch"})))
    assert found.held == ()
    assert {(r.when.processing, r.usd_per_mtok["input"]) for r in the(found)} == {(None, 1), ("batch", Decimal("0.5"))}
