"""Laws of price sheets: they round-trip, no zero is silent, and more tokens never cost less."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError, UsageError
from tco.price.bill import Usage, bill
from tco.sheets.merge import merge
from tco.sheets.plausible import problems
from tco.sheets.sheet import Held, Sheet, SheetSource, dumps, loads, sheet_id
from tco.sheets.upstream import CONVERTERS

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
RETRIEVED = date(2026, 11, 20)
names = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
prices = st.decimals(0, 1_000_000, allow_nan=False, allow_infinity=False, places=9) | st.decimals(
    "1e-12", "1e-6", places=15
)
days = st.dates(date(2023, 1, 1), date(2027, 12, 31))
instants = st.datetimes(datetime(2023, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
midnights = days.map(lambda day: datetime(day.year, day.month, day.day, tzinfo=UTC))
thresholds = st.fixed_dictionaries({"gt": st.integers(1, 10**6)}) | st.fixed_dictionaries(
    {"gte": st.integers(1, 10**6)}
)
schedules = st.fixed_dictionaries(
    {
        "tz": st.sampled_from(["UTC", "Asia/Shanghai"]),
        "weekdays": st.lists(st.integers(0, 6), unique=True, min_size=1).map(tuple),
        "windows": st.just((("01:00", "04:00"),)),
    }
)
whens = st.fixed_dictionaries(
    {},
    optional={
        "processing": st.just("batch"),
        "service_tier": st.sampled_from(["flex", "priority"]),
        "speed": st.just("fast"),
        "data_residency": st.sampled_from(["eu", "us"]),
        "prompt_tok": thresholds,
        "schedule": schedules,
    },
)
rows = st.fixed_dictionaries(
    {
        "since": days | instants | midnights,
        "source": texts,
        "as_of": days,
        "kind": st.sampled_from(["published", "assumed"]),
        "usd_per_mtok": st.dictionaries(
            st.sampled_from(["input", "output", "cache_read", "audio_input"]), prices, min_size=1
        ),
    },
    optional={
        "when": whens,
        "until": days | instants,
        "promo": st.booleans(),
        "note": texts,
        "observed": st.tuples(days, days),
        "usd_each": st.dictionaries(st.sampled_from(["request", "page", "web_search"]), prices),
    },
)


@st.composite
def offers(draw: Any) -> TokenOffer:
    stated: dict[str, Any] = {"provider": draw(names), "model": draw(names), "tier": "api"}
    stated |= {"rates": tuple(draw(st.lists(rows, max_size=4))), "aliases": tuple(draw(st.lists(texts, max_size=3)))}
    stated |= {"free": draw(st.booleans()), "released": draw(st.none() | days)}
    return TokenOffer.model_validate(stated)


sheets = st.builds(
    Sheet,
    created_at=instants,
    parent=st.none() | names,
    sources=st.lists(
        st.builds(
            SheetSource, name=names, version=texts, origin=texts, sha256=texts, retrieved_at=instants, licence=texts
        ),
        max_size=2,
    ).map(tuple),
    offers=st.lists(offers(), max_size=4, unique_by=lambda offer: (offer.provider, offer.model)).map(tuple),
    held=st.lists(st.builds(Held, offer=offers(), why=texts), max_size=2).map(tuple),
)


@settings(max_examples=50)
@given(sheets)
def test_any_sheet_round_trips(sheet: Sheet) -> None:
    raw = dumps(sheet)
    back = loads(raw)
    assert dumps(back) == raw
    assert sheet_id(back) == sheet_id(sheet) == json.loads(raw)["id"]
    assert (back.created_at, back.parent, back.sources) == (sheet.created_at, sheet.parent, sheet.sources)
    by_name = {(offer.provider, offer.model): offer for offer in back.offers}
    for offer in sheet.offers:
        read = by_name[(offer.provider, offer.model)]
        assert read.model_copy(update={"rates": ()}) == offer.model_copy(update={"rates": ()})
        assert len(read.rates) == len(offer.rates)
        for row in offer.rates:
            assert row in read.rates


@settings(max_examples=50)
@given(sheets, st.integers(0, 10**6), st.integers(1, 255))
def test_a_changed_byte_is_seen(sheet: Sheet, place: int, flip: int) -> None:
    raw = bytearray(dumps(sheet))
    raw[place % len(raw)] ^= flip
    try:
        changed = loads(bytes(raw))
    except MissingDataError:
        return
    assert dumps(changed) == dumps(sheet)  # a difference that is none, such as another spelling of a space


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10**9) | st.floats(-1, 10, allow_nan=False) | st.just("0") | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
token_costs = st.sampled_from(
    [
        "input_cost_per_token",
        "output_cost_per_token",
        "input_cost_per_token_batches",
        "ocr_cost_per_page",
        "cache_read_input_token_cost",
        "input_cost_per_token_above_200k_tokens",
        "mode",
        "litellm_provider",
    ]
)
entries = st.dictionaries(token_costs, json_values | st.floats(0, 1e-3) | st.just(0.0), min_size=1)


@given(st.dictionaries(texts, entries, min_size=1, max_size=4))
def test_no_input_of_litellm_yields_a_silent_zero(registry: dict[str, Any]) -> None:
    nothing_is_lost_and_nothing_free("litellm", registry, set(registry))


model_prices = st.dictionaries(
    st.sampled_from(["input_mtok", "output_mtok", "requests_kcount", "input_mchars", "zzz"]), json_values | st.just("0")
)
models = st.lists(
    st.fixed_dictionaries({"id": names, "prices": model_prices | json_values, "match": st.just({})}), max_size=4
)


@given(st.lists(st.fixed_dictionaries({"id": names, "models": models}), min_size=1, max_size=2))
def test_no_input_of_genai_yields_a_silent_zero(registry: list[dict[str, Any]]) -> None:
    nothing_is_lost_and_nothing_free(
        "genai-prices", registry, {f"{part['id']}/{model['id']}" for part in registry for model in part["models"]}
    )


@given(st.binary(max_size=60))
def test_any_bytes_are_a_registry_or_a_named_error(raw: bytes) -> None:
    for convert in CONVERTERS.values():
        with pytest.raises(MissingDataError):
            convert(raw, retrieved=RETRIEVED, version="1")


def nothing_is_lost_and_nothing_free(source: str, registry: Any, expected: set[str]) -> None:
    converted = CONVERTERS[source](json.dumps(registry).encode(), retrieved=RETRIEVED, version="1")
    kept = {alias for offer in converted.offers for alias in (offer.model, *offer.aliases)}
    left_out = {name for name, why in converted.rejected_rows if why}
    assert {
        name for name in expected if name not in left_out and name not in kept and name.lower() not in kept
    } == set()
    used = merge([], {source: converted.offers}).offers
    for offer in used:
        for row in offer.rates:
            zeros = [usd for usd in (*row.usd_per_mtok.values(), *row.usd_each.values()) if usd == 0]
            assert not zeros or offer.free, offer
        assert not problems(offer)


def rising_offer(step: Decimal) -> TokenOffer:
    base = {
        "input": Decimal("2"),
        "output": Decimal("8"),
        "cache_read": Decimal("0.5"),
        "reasoning": Decimal("9"),
        "audio_input": Decimal("3"),
    }
    row = {"since": date(2026, 1, 1), "source": "s", "as_of": date(2026, 1, 1), "kind": "published"}
    return TokenOffer.model_validate(
        {
            "provider": "p",
            "model": "m",
            "tier": "api",
            "rates": (
                {**row, "usd_per_mtok": base, "usd_each": {"request": Decimal("0.001"), "page": Decimal("0.01")}},
                {
                    **row,
                    "when": {"prompt_tok": {"gt": 1_000}},
                    "usd_per_mtok": {meter: usd * (1 + step) for meter, usd in base.items()},
                },
            ),
        }
    )


counts = st.integers(0, 3_000)


@given(st.decimals(0, 3, places=3), counts, counts, counts, counts, counts, st.integers(0, 2_000), st.integers(1, 4))
def test_adding_tokens_never_lowers_a_bill(
    step: Decimal, plain: int, cached: int, heard: int, written: int, thought: int, more: int, part: int
) -> None:
    offer = rising_offer(step)

    def usd(plain: int, cached: int, heard: int, written: int, thought: int) -> Decimal:
        usage = Usage(
            input_tok=plain + cached + heard,
            output_tok=written + thought,
            cache_read_tok=cached,
            reasoning_tok=thought,
            media_tok={"audio_input": heard},
            events={"page": Decimal(1)},
        )
        return bill(offer, usage, AT).usd

    before = [plain, cached, heard, written, thought]
    after = list(before)
    after[part] += more
    assert usd(*after) >= usd(*before) > 0


@given(counts, counts, counts)
def test_a_part_beyond_its_whole_is_an_error(input_tok: int, cached: int, heard: int) -> None:
    usage = Usage(input_tok=input_tok, output_tok=1, cache_read_tok=cached, media_tok={"audio_input": heard})
    if cached + heard <= input_tok:
        assert bill(rising_offer(Decimal(0)), usage, AT).usd > 0
    else:
        with pytest.raises(UsageError):
            bill(rising_offer(Decimal(0)), usage, AT)
