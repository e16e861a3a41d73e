"""Law of the loader: no text and no bytes give anything but a value or InvalidInputError."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import Field

from tco.describe.record import Figure, Record, Unit
from tco.errors import InvalidInputError
from tco.files.marks import Document, parse, read, validate
from tco.files.scalars import scalar
from tco.files.tables import parse_table, read_table


class Inner(Record):
    usd: Annotated[Figure, Unit("USD", ge=0)]
    n: int = Field(default=1, ge=1, le=9)


class Other(Record):
    kind: Literal["a", "b"]
    frac: float = 0.0


class Outer(Record):
    name: str = Field(min_length=1)
    inner: Inner | None = None
    parts: tuple[Inner | Other, ...] = ()
    by: dict[Literal["x", "y"], Decimal] = {}
    since: date | datetime | None = None
    pair: tuple[str, int] = ("", 0)
    on: bool = False


class Row(Record):
    name: str
    n: int | None = None
    usd: Decimal | None = None
    frac: float = 0.0
    since: date | datetime | None = None
    on: bool = False
    kind: Literal["a", "b"] = "a"


KEYS = ["name", "inner", "parts", "by", "since", "pair", "on", "usd", "n", "x", "kind", "frac", "nmae", "<<", "1", "? "]
VALUES = [
    "1", "-1", "010", "1e6", "1e999", ".nan", "nan", "a", "'q'", "true", "yes", "null", "~", "", "2026-11-22",
    "2025-13-01", "2026-01-01T10:00", "5 USD", "1-2 USD", "[1, 2]", "[[a]]", "{usd: 1}", "{kind: a, frac: x}", "&a 1",
    "*a", "&b {usd: 5}", "*b", "!!int 3", "!x", "|", "|\n    x", "{value: 1, low: 2, high: 3}", "{", "]", "\t",
    "@", "%",
]  # fmt: skip
yamlish = st.lists(
    st.builds(lambda dent, key, value: f"{dent}{key}: {value}", st.sampled_from(["", "  ", "- ", "  - "]),
              st.sampled_from(KEYS), st.sampled_from(VALUES) | st.text(max_size=8)),
    max_size=8,
).map("\n".join)  # fmt: skip
tokens = st.lists(st.sampled_from([*"{}[],:-?&*!|>'\"%@`#ab1 \n\t.~<=", "\r", "\x85", "\u2028", "\ufeff", "---\n"]))
CELLS = ["a", "1", "", "x,y", '"', '""', "nan", "1e999", "2026-13-01", "true", "\r", "٣", "sNaN", "_"]
csvish = st.lists(st.lists(st.sampled_from(CELLS) | st.text(max_size=4), max_size=8).map(",".join), max_size=5).map(
    "\n".join
)


def well_formed(error: InvalidInputError) -> bool:
    found = error.problems
    return bool(found) and list(found) == sorted(found) and all(part.message and part.line >= 0 for part in found)


def check(text: str) -> None:
    try:
        document = parse(text, "f.yaml")
        assert isinstance(document, Document)
        assert all(line >= 1 and column >= 1 for line, column in document.marks.values())
        held: object = validate(document, Outer)
    except InvalidInputError as error:
        held = error
    assert well_formed(held) if isinstance(held, InvalidInputError) else isinstance(held, Outer)


@given(st.text())
@example("a: \ud800")
def test_any_text(text):
    check(text)


@given(tokens.map("".join))
@settings(max_examples=300)
def test_any_punctuation(text):
    check(text)


@given(yamlish)
@settings(max_examples=300)
def test_what_looks_like_a_document(text):
    check(text)


@given(st.binary() | st.text().map(lambda text: text.encode("utf-16", "replace")))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes(tmp_path, raw):
    path = tmp_path / "f"
    path.write_bytes(raw)
    with pytest.raises(InvalidInputError):
        validate(read(path), Outer)
    with suppress(InvalidInputError):
        assert isinstance(read_table(path, Row), list)


@given(st.text() | csvish | csvish.map(lambda rows: "name,n,usd,frac,since,on,kind\n" + rows))
@settings(max_examples=300)
def test_any_table(text):
    try:
        held: object = parse_table(text, "f.csv", Row)
    except InvalidInputError as error:
        held = error
    assert well_formed(held) if isinstance(held, InvalidInputError) else isinstance(held, list)


@given(st.text() | st.from_regex(r"[-+0-9._:TZeox ]{1,30}", fullmatch=True))
@settings(max_examples=300)
def test_any_scalar(text):
    try:
        held: object = scalar(text)
    except ValueError as error:
        held = str(error)
        assert held.startswith("got ")
    assert held is None or isinstance(held, str | int | float | date)


@given(st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back(value):
    assert scalar(repr(value)) == value


@given(st.dates())
def test_a_date_is_read_back(day):
    assert scalar(day.isoformat()) == day
