"""The sheet: canonical text, content address, and what a changed one says."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError
from tco.sheets.sheet import Held, Sheet, SheetSource, canonical, dumps, exact, loads, sheet_id

ROW: dict[str, Any] = {"since": date(2026, 1, 1), "source": "s", "as_of": date(2026, 1, 2), "kind": "published"}


def offer(model: str = "m", usd: str = "0.15", **more: Any) -> TokenOffer:
    rates = ({**ROW, "usd_per_mtok": {"input": usd}},)
    return TokenOffer.model_validate({"provider": "p", "model": model, "tier": "api", "rates": rates, **more})


def sheet(*offers: TokenOffer, **more: Any) -> Sheet:
    return Sheet(created_at=datetime(2026, 11, 20, tzinfo=UTC), offers=offers, **more)


def test_the_text_is_canonical() -> None:
    text = dumps(sheet(offer("b"), offer("a"))).decode()
    assert text.index('"model":"a"') < text.index('"model":"b"')
    assert text == canonical(json.loads(text)).decode()
    assert ": " not in text


def test_a_price_is_a_plain_decimal_string() -> None:
    assert '"input":"0.00000004"' in dumps(sheet(offer(usd="4E-8"))).decode()
    assert sheet_id(sheet(offer(usd="0.150"))) == sheet_id(sheet(offer(usd="0.15")))


@pytest.mark.parametrize(
    ("price", "text"), [("4E-8", "0.00000004"), ("1E+1", "10"), ("2.50", "2.5"), ("0", "0"), ("100", "100")]
)
def test_exact_text_of_a_price(price: str, text: str) -> None:
    assert exact(Decimal(price)) == text


def test_order_does_not_change_the_address_but_content_does() -> None:
    assert sheet_id(sheet(offer("a"), offer("b"))) == sheet_id(sheet(offer("b"), offer("a")))
    assert sheet_id(sheet(offer("a"))) != sheet_id(sheet(offer("a", "0.16")))
    assert sheet_id(sheet(offer("a"))) != sheet_id(sheet(offer("a"), parent="0" * 64))


def test_everything_comes_back() -> None:
    source = SheetSource(
        name="litellm",
        version="1",
        origin="package",
        sha256="0" * 64,
        retrieved_at=datetime(2026, 11, 20, tzinfo=UTC),
        licence="MIT",
    )
    before = sheet(offer("a"), sources=(source,), parent="1" * 64, held=(Held(offer("h"), "a reason"),))
    assert loads(dumps(before)) == before


def test_an_instant_at_midnight_stays_an_instant() -> None:
    rates = ({**ROW, "since": datetime(2026, 8, 16, tzinfo=UTC), "usd_per_mtok": {"input": 1}},)
    before = sheet(offer(rates=rates))
    assert loads(dumps(before)).offers[0].rates[0].since == datetime(2026, 8, 16, tzinfo=UTC)
    assert loads(dumps(before)) == before


def test_a_sheet_edited_by_hand_is_named() -> None:
    raw = dumps(sheet(offer(usd="0.15"))).replace(b"0.15", b"0.14")
    with pytest.raises(MissingDataError, match="tampered") as caught:
        loads(raw)
    assert caught.value.exit_code == 3
    assert "prices pull" in str(caught.value)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<!DOCTYPE html><html>",
        b"[]",
        b"{}",
        b'{"schema":"tco.sheet/2"}',
        b'{"schema":',
        b"\xff\xfe",
        b"null",
        b"[" * 100_000,
    ],
)
def test_what_is_no_sheet_is_named(raw: bytes) -> None:
    with pytest.raises(MissingDataError, match="no price sheet"):
        loads(raw)


@pytest.mark.parametrize("missing", ["offers", "held", "created_at", "sources", "parent"])
def test_a_sheet_without_a_part_is_none(missing: str) -> None:
    document = json.loads(dumps(sheet(offer())))
    del document[missing], document["id"]
    from hashlib import sha256

    with pytest.raises(MissingDataError, match="no price sheet"):
        loads(canonical({**document, "id": sha256(canonical(document)).hexdigest()}))
