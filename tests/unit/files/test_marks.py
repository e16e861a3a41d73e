"""YAML documents: strict scalars, marks, limits, and every problem of a file at once."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from tco.describe.record import Figure, Name, Record, Unit
from tco.errors import InvalidInputError
from tco.files.explain import describe, dotted
from tco.files.marks import parse, read, validate
from tco.files.scalars import number, scalar


class Tokens(Record):
    input: Annotated[Figure, Unit("tok", ge=0)]
    output: Annotated[Figure, Unit("tok", gt=0)] | None = None


class Hours(Record):
    plan: Literal["hours"]
    windows: tuple[tuple[str, str], ...]


class Seats(Record):
    plan: Literal["seats"]
    n_seats: int
    fee_usd: Decimal | None = None


class Scenario(Record):
    name: str
    tokens: Tokens
    since: date | datetime | None = None
    n_gpus: int = 1
    share_frac: float = 0.5
    tier: Literal["api", "self_hosted"] = "api"
    offers: tuple[Hours | Seats, ...] = ()
    per_model: dict[str, Tokens] = {}
    on: bool = False
    code: Annotated[str, Field(min_length=2, max_length=4)] = "abc"
    slug: Name = "x"
    n_seqs: int = Field(default=1, ge=1, le=9)
    regions: tuple[str, ...] = Field(default=("eu",), min_length=1)
    pair: tuple[str, int] = ("a", 1)
    by_meter: dict[Literal["input", "output"], float] = {}


GOOD = "name: chat\ntokens: {input: 10}\n"


def problems(text: str, record_class: type[Record] = Scenario) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        validate(parse(text, "w.yaml"), record_class)
    return [str(problem) for problem in caught.value.problems]


def refusal(text: str) -> str:
    with pytest.raises(InvalidInputError) as caught:
        parse(text, "w.yaml")
    (problem,) = caught.value.problems
    return str(problem)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-3", -3),
        ("+3", 3),
        ("0", 0),
        ("1_000", 1000),
        ("1e6", 1_000_000),
        ("1.5e3", 1500),
        ("1.5e-3", 0.0015),
        ("1e22", 1e22),
        (".5", 0.5),
        ("5.", 5.0),
        ("0.25", 0.25),
        ("0o10", 8),
        ("0x1F", 31),
        ("true", True),
        ("false", False),
        ("yes", "yes"),
        ("no", "no"),
        ("off", "off"),
        ("True", "True"),
        ("null", None),
        ("~", None),
        ("", None),
        ("nan", "nan"),
        ("12:30", "12:30"),
        ("1.2.3", "1.2.3"),
        ("1,200", "1,200"),
        ("0.003-0.005 USD/1K", "0.003-0.005 USD/1K"),
        ("-", "-"),
        ("1__0", "1__0"),
        ("2026-11-22", date(2026, 11, 22)),
        ("2026-11-22T10:30:00Z", datetime(2026, 11, 22, 10, 30, tzinfo=UTC)),
        ("2026-11-22 10:30 +00:00", datetime(2026, 11, 22, 10, 30, tzinfo=UTC)),
        ("2026-11-22..2026-12-01", "2026-11-22..2026-12-01"),
    ],
)
def test_an_unquoted_scalar(text, value):
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("010", "write 10, or 0o10"),
        ("-07", "write -7, or quote it"),
        ("08", "write 8, or quote it"),
        ("01.5", "write 1.5"),
        (".nan", "got NaN; expected a finite number"),
        ("-.inf", "got -infinity; expected a finite number"),
        ("1e999", "expected a finite number"),
        ("9" * 5000, "write it as a power of ten"),
        ("2025-13-01", "got 2025-13-01, which is no date"),
        ("2025-02-30", "got 2025-02-30, which is no date"),
        ("2026-1-5", "expected a date as 2026-01-05"),
        ("2026-01-05T10:00:00", "expected a time zone"),
        ("2026-01-05T25:00:00Z", "which is no time"),
    ],
)
def test_a_scalar_that_misleads_is_refused(text, message):
    with pytest.raises(ValueError, match="got") as caught:
        scalar(text)
    assert message in str(caught.value)


def test_number_refuses_text():
    with pytest.raises(ValueError, match="expected a number"):
        number("x")


def test_quoted_scalars_and_blocks_are_text():
    held = parse("a: '010'\nb: \"true\"\nc: |\n  2026-01-01\n", "w.yaml").data
    assert held == {"a": "010", "b": "true", "c": "2026-01-01\n"}


def test_sequences_are_tuples_and_marks_count_from_one():
    document = parse("a:\n  - x\n  - {b: 1}\nc: 2\n", "w.yaml")
    assert document.data == {"a": ("x", {"b": 1}), "c": 2}
    assert document.marks[("a", 0)] == (2, 5)
    assert document.marks[("a", 1, "b")] == (3, 9)
    assert document.mark(("a", 1, "b"), key=True) == (3, 6)
    assert document.mark(("a", 1, "nowhere", 5)) == (3, 5)
    assert str(document.problem(("a", 1, "b"), "is odd")) == "w.yaml:3:9: a[1].b: is odd"


def test_aliases_and_merge_keys_reuse_values():
    document = parse("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\nd:\n  <<: [*a, {z: 5, x: 9}]\n", "w.yaml")
    assert document.data["b"] == {"x": 1, "y": 3}
    assert document.data["c"] == {"x": 1, "y": 2}
    assert document.data["d"] == {"x": 1, "y": 2, "z": 5}
    assert document.mark(("b", "x")) == (1, 11)
    assert document.marks[("b", "y")] == (2, 16)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "w.yaml: file is empty"),
        (" \n\n", "w.yaml: file is empty"),
        ("# only a comment\n", "w.yaml: file holds no values"),
        ("- a\n", "w.yaml:1:1: got a list at the top level"),
        ("hello\n", "w.yaml:1:1: got 'hello' at the top level"),
        ("a: [1\n", "w.yaml:2:1: not valid YAML: did not find expected ',' or ']'"),
        ("a: b: c\n", "quote text that holds ': '"),
        ("a:\n\tb: 1\n", "w.yaml:2:1: not valid YAML: found character that cannot start any token; indent with spaces"),
        ("a: 'x\n", "close the quotes"),
        ("a: *x\n", "w.yaml:1:4: not valid YAML: found undefined alias"),
        ("a: &x 1\nb: &x 2\n", "w.yaml:2:4: duplicate anchor; the first is on line 1"),
        ("a: &a [*a]\n", "got an alias to a value that holds it"),
        ("a: &a {<<: *a}\n", "got an alias to a value that holds it"),
        ("a: x\x01\n", "w.yaml:1:5: got control character U+0001"),
        ("a: x\nb: \0\n", "w.yaml:2:4: got a NUL byte"),
        ("a: \ud800\n", "got U+D800, half of a character"),
        ("a: " + "[" * 60 + "]" * 60, "nested deeper than 50 levels"),
        ("a: [" + "1," * 200_001 + "]", "more than 200,000 values"),
        ("a: " + "x" * 5_000_001, "text is 5.0 MB; expected at most 5 MB"),
    ],
)
def test_what_cannot_be_composed_is_one_clear_problem(text, message):
    assert message in refusal(text)


def test_an_alias_bomb_is_counted_not_expanded():
    levels = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 60)]
    text = "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]", *levels])
    assert "aliases expand to more than 200,000 values" in refusal(text)


def test_a_ladder_of_aliases_is_no_recursion_error():
    text = "\n".join(["a0: &a0 [x]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 2000))])
    assert "aliases nest deeper than 50 levels" in refusal(text)


def test_fifty_levels_are_read():
    assert parse("a: " + "[" * 49 + "]" * 49, "w.yaml").problems == ()


def test_problems_of_yaml_do_not_hide_problems_of_schema():
    text = "name: a\nname: b\ntokens:\n  input: 010\n  outptu: 3\nsince: 2025-13-01\nn_gpus: two\n"
    assert problems(text) == [
        "w.yaml:2:1: name: duplicate key; the first is on line 1; keep one of them",
        "w.yaml:4:10: tokens.input: got 010, a number with a leading zero; "
        "write 10, or 0o10, or quote it if it is text",
        "w.yaml:5:3: tokens.outptu: unknown key; did you mean 'output'? expected one of: input, output",
        "w.yaml:6:8: since: got 2025-13-01, which is no date; expected YYYY-MM-DD, such as 2026-11-22",
        "w.yaml:7:9: n_gpus: got 'two' (text); expected a whole number",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1: x", "w.yaml:3:1: 1: got key 1; expected text; write it in quotes"),
        ("? [a]\n: 1", "got a list as a key; expected text"),
        ("on: !!bool true", "w.yaml:3:5: on: got tag !!bool; expected a plain value; remove the tag"),
        ("? !x on\n: true", "got tag !x"),
        ("since: !!python/object:os.system x", "got tag !!python/object:os.system"),
        ("---\nname: b", "got a second document; expected one"),
        ("<<: 5", "got '5' to merge; expected an alias to a mapping"),
        ("<<: {on: true}\n<<: {n_gpus: 2}", "w.yaml:4:1: duplicate key"),
    ],
)
def test_a_bad_key_tag_or_second_document(line, message):
    assert any(message in problem for problem in problems(GOOD + line))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("on: yes", "w.yaml:3:5: on: got 'yes' (text); expected true or false"),
        ("on: [1]", "on: got a list; expected true or false"),
        ("n_gpus: 1.5", "n_gpus: got 1.5; expected a whole number"),
        ("n_gpus: true", "n_gpus: got true; expected a whole number"),
        ("n_gpus:", "n_gpus: got null; expected a whole number"),
        ("share_frac: nan", "share_frac: got NaN; expected a finite number"),
        ("share_frac: inf", "share_frac: got 'inf' (text); expected a finite number"),
        ("share_frac: half", "share_frac: got 'half' (text); expected a number"),
        ("tier: apy", "tier: got 'apy' (text); did you mean 'api'? expected one of: api, self_hosted"),
        ("since: soon", "since: got 'soon' (text); expected a date such as 2026-11-22 or a time such as"),
        ("tokns: 1", "w.yaml:3:1: tokns: unknown key; did you mean 'tokens'? expected one of: name, tokens"),
        ("per_model: {a: {}}", "w.yaml:3:13: per_model.a.input: missing; expected a number in tok"),
        ("per_model: [a]", "per_model: got a list; expected a mapping"),
        ("per_model: {a: {input: -1}}", "w.yaml:3:24: per_model.a.input: got -1; expected at least 0 tok"),
        ("per_model: {a: {input: 5 USD}}", "per_model.a.input: got '5 USD', which is USD; expected tok"),
        ("per_model: {a: {input: {low: 5, high: 1, value: 3}}}", "got low 5, base 3, high 1"),
        ("per_model: {a: {input: {value: 1, hgih: 2}}}", "per_model.a.input.hgih: unknown key; did you mean 'high'?"),
        ("code: x", "code: got 'x'; expected text of at least 2 characters"),
        ("code: ''", "code: got ''; expected text that is not empty"),
        ("code: abcde", "code: got 'abcde' (text); expected at most 4 characters"),
        ("slug: A B", "slug: got 'A B' (text); expected an id in lower case such as h100-sxm"),
        ("n_seqs: 10", "n_seqs: got 10; expected at most 9"),
        ("regions: []", "regions: got a list; expected at least 1 entries"),
        ("pair: [a, b]", "w.yaml:3:11: pair[1]: got 'b' (text); expected a whole number"),
        ("pair: [a]", "w.yaml:3:1: pair[1]: missing; expected a whole number"),
        (
            "by_meter: {outptu: 1}",
            "w.yaml:3:12: by_meter.outptu: unknown key; did you mean 'output'? expected one of: in",
        ),
        ("by_meter: {input: x}", "by_meter.input: got 'x' (text); expected a number"),
        ("offers: {}", "offers: got a mapping; expected a list"),
        (
            "offers: [{plan: seats, n_seat: 3}]",
            "offers[0].n_seat: unknown key; did you mean 'n_seats'? expected one of",
        ),
        ("offers: [{plan: hours, windows: [[a]]}]", "offers[0].windows[0][1]: missing; expected text"),
        ("offers: [5]", "offers[0]: got 5; expected a mapping with plan, windows or a mapping with plan, n_seats"),
    ],
)
def test_a_value_that_does_not_fit_says_what_would(line, message):
    assert any(message in problem for problem in problems(GOOD + line)), problems(GOOD + line)


def test_of_a_union_only_the_member_meant_is_reported():
    assert problems(GOOD + "offers:\n  - plan: seats\n    n_seats: many\n") == [
        "w.yaml:5:14: offers[0].n_seats: got 'many' (text); expected a whole number"
    ]


def test_a_missing_key_is_marked_where_its_mapping_is():
    assert problems("on: true\ntokens:\n  output: 3\n") == [
        "w.yaml:1:1: name: missing; expected text",
        "w.yaml:2:1: tokens.input: missing; expected a number in tok",
    ]


def test_a_flood_of_errors_is_cut():
    found = problems(GOOD + "\n".join(f"k{i}: 1" for i in range(2000)))
    assert len(found) == 1001
    assert any("got 2,000 values that do not fit; the first 1,000 are listed" in problem for problem in found)


def test_a_part_of_a_document_becomes_a_record():
    document = parse("runs:\n  - name: a\n    tokens: {input: 3}\n  - name: 5\n", "w.yaml")
    assert validate(document, Scenario, ("runs", 0)).tokens.input.value == 3
    with pytest.raises(InvalidInputError, match=r"w.yaml:4:11: runs\[1\].name: got 5; expected text"):
        validate(document, Scenario, ("runs", 1))
    with pytest.raises(InvalidInputError, match=r"runs\[2\]: missing; expected a mapping with name, tokens"):
        validate(document, Scenario, ("runs", 2))


def test_problems_of_yaml_alone_stop_a_valid_record():
    assert len(problems(GOOD + "name: again\n")) == 1


def test_words_for_annotations_and_paths():
    assert describe(Annotated[Figure, Unit("USD/h")]) == "a number in USD/h"
    assert describe(dict[str, int] | None) == "a mapping"
    assert describe(tuple[int, ...]) == "a list"
    assert describe(object) == "another value"
    assert dotted(("a", 0, "b")) == "a[0].b"


def test_a_file_is_read_with_its_path_as_given(tmp_path, monkeypatch):
    (tmp_path / "w.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    monkeypatch.chdir(tmp_path)
    document = read(Path("w.yaml"))
    assert document.path == "w.yaml"
    assert validate(document, Scenario).name == "chat"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "file is empty"),
        (b"\xff\xfea\0:\0", "file is UTF-16; save it as UTF-8"),
        (b"a: 1\nb: \xc3\xa9\xe9", ":2:5: got byte 0xe9, which is not UTF-8"),
        (b"\x7fELF\0\0", "got control character U+007F"),
        (b"a: \0", ":1:4: got a NUL byte, so this is a binary file"),
    ],
)
def test_bytes_that_are_no_text(tmp_path, raw, message):
    path = tmp_path / "w.yaml"
    path.write_bytes(raw)
    with pytest.raises(InvalidInputError) as caught:
        read(path)
    assert message in str(caught.value)


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "w.yaml"
    with path.open("wb") as stream:
        stream.truncate(100_000_000)
    with pytest.raises(InvalidInputError, match=r"file is 100.0 MB; expected at most 5 MB"):
        read(path)


def test_a_path_that_is_no_file(tmp_path):
    (tmp_path / "chat.yaml").write_text(GOOD)
    with pytest.raises(InvalidInputError, match="is a directory; name a file in it"):
        read(tmp_path)
    with pytest.raises(InvalidInputError, match=r"no such file; did you mean '.*chat.yaml'\?"):
        read(tmp_path / "chta.yaml")
    with pytest.raises(InvalidInputError, match="no such file; check the path"):
        read(tmp_path / "none" / "chat.yaml")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read(tmp_path / ("x" * 300))
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read(Path("a\0b"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path):
    path = tmp_path / "w.yaml"
    path.write_text(GOOD)
    path.chmod(0)
    with pytest.raises(InvalidInputError, match="may not be read; change its permissions"):
        read(path)
