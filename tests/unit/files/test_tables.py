"""CSV tables: cells become what the field takes; every problem has line and column."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

import pytest
from pydantic import Field

from tco.describe.record import Record
from tco.errors import InvalidInputError
from tco.files.tables import parse_table, read_table


class Row(Record):
    id: str = Field(min_length=1)
    n_gpus: int
    price_usd: Decimal | None = None
    speed: float | None = Field(default=None, gt=0)
    since: date | datetime | None = None
    plan: Literal["spot", "on_demand"] = "spot"
    on: bool = False
    level: Literal[1, 2] = 1
    tags: tuple[str, ...] = ()


HEADER = "id,n_gpus,price_usd,speed,since,plan,on,level,tags\n"


def problems(text: str) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        parse_table(text, "t.csv", Row)
    return [str(problem) for problem in caught.value.problems]


def test_cells_become_the_types_of_the_fields():
    text = HEADER + 'a,8,0.150,1e3,2026-11-22,on_demand,true,2,\n\n"b, c",1e1,,,2026-11-22T00:00:00Z,,false,,\n'
    first, second = parse_table(text, "t.csv", Row)
    assert first == Row(
        id="a", n_gpus=8, price_usd=Decimal("0.150"), speed=1000.0, since=date(2026, 11, 22),
        plan="on_demand", on=True, level=2,
    )  # fmt: skip
    assert str(first.price_usd) == "0.150"
    assert second == Row(id="b, c", n_gpus=10, since=datetime(2026, 11, 22, tzinfo=UTC))


def test_columns_may_come_in_any_order_and_have_converters(tmp_path):
    names = HEADER.strip().split(",")[::-1]
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xef\xbb\xbf" + ",".join(names).encode() + b"\r\nx;y,,,,,,,3,a\r\n")
    (row,) = read_table(path, Row, {"tags": lambda cell: tuple(cell.split(";"))})
    assert (row.id, row.n_gpus, row.tags) == ("a", 3, ("x", "y"))


def test_every_cell_that_does_not_fit_has_line_and_column():
    text = HEADER + 'a,1,,,,,,,\n"b",two,x,nan,2026-02-30,sopt,yes,3,t\n,1,,-1,,,,,\n'
    assert problems(text) == [
        "t.csv:3:5: n_gpus: got 'two' (text); expected a whole number",
        "t.csv:3:9: price_usd: got 'x' (text); expected a number",
        "t.csv:3:11: speed: got NaN; expected a finite number",
        "t.csv:3:15: since: got '2026-02-30' (text); expected a date such as 2026-11-22 or a time such as "
        "2026-11-22T12:00:00Z",
        "t.csv:3:26: plan: got 'sopt' (text); did you mean 'spot'? expected one of: spot, on_demand",
        "t.csv:3:31: on: got 'yes' (text); expected true or false",
        "t.csv:3:35: level: got 3; expected one of: 1, 2",
        "t.csv:3:37: tags: got 't' (text); expected a list",
        "t.csv:4:1: id: missing; expected text",
        "t.csv:4:5: speed: got -1.0; expected more than 0.0",
    ]


def test_a_cell_over_two_lines_keeps_the_lines_right():
    text = HEADER + '"a\nb, ""c""",x,,,,,,,\nd,y,,,,,,,\n'
    assert [problem.split(" ")[0] for problem in problems(text)] == ["t.csv:3:11:", "t.csv:4:3:"]


def test_the_header_names_every_field_once():
    found = problems("id,n_gpu,price_usd,speed,since,plan,on,level,id\na,1,,,,,,,\n")
    assert found == [
        "t.csv:1:1: n_gpus: missing column; expected a whole number",
        "t.csv:1:1: tags: missing column; expected a list",
        "t.csv:1:4: n_gpu: unknown column; did you mean 'n_gpus'? expected one of: "
        "id, n_gpus, price_usd, speed, since, plan, on, level, tags",
        "t.csv:1:46: id: duplicate column; the first is column 1; keep one of them",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "t.csv: file is empty"),
        (HEADER + "a,1\n", "t.csv:2:1: got 2 cells; expected 9, as in the header"),
        (HEADER + '"a,1\n', "t.csv:2:1: got an opening quote without a closing one; close it"),
        (HEADER + '"a"b,1\n', "t.csv:2:1: not valid CSV"),
        (HEADER + "a\0,1\n", "t.csv:2:2: got a NUL byte"),
        (HEADER + "a,1,sNaN,,,,,,\n", "price_usd: got NaN; expected a finite number"),
        (HEADER + "a," + "9" * 5000 + ",,,,,,,\n", "expected a whole number"),
    ],
)
def test_a_table_that_is_none(text, message):
    assert any(message in problem for problem in problems(text)), problems(text)


def test_only_blank_lines_after_quotes_are_no_rows():
    assert parse_table(HEADER + "\n\n", "t.csv", Row) == []
