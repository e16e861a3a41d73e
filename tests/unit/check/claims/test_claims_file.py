"""Files of claims: what is refused, what is found, and laws that hold for every claim."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.check import claims
from tco.check.claims import judgements
from tco.check.context import Context
from tco.errors import InvalidInputError
from tco.files.marks import parse, read

ROOT = Path(__file__).resolve().parents[4]
FILES = sorted((ROOT / "docs" / "claims").glob("0*.yaml"))
STATES = "claims: [{{id: X, quote: q, states: {}}}]"
RATIO = "claims: [{{id: X, quote: q, states: {{quantity: ratio, value: 2 x, {}}}}}]"
PRICE = "{id: X, quote: q, states: {quantity: price, value: 1 USD/Mtok, about: {model: gpt-4o}}}"


def judged(text: str, context: Context) -> dict[str, str]:
    return {each.claim.id: each.verdict for each in judgements(parse(text, "claims.yaml"), context)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("claims: []", "at least 1"),
        ("claims: [{id: X, quote: q}]", "states"),
        ("claims: [{id: X, quote: q, states: []}]", "at least 1"),
        ("claims: [{id: X, quote: q, verdict: wrong, states: {quantity: price, value: 1 USD/Mtok}}]", "verdict"),
        (STATES.format("{quantity: prize, value: 1 USD/Mtok}"), "did you mean 'price'"),
        (STATES.format("{quantity: price, value: 1 USD/Mtok, about: {modle: x}}"), "did you mean 'model'"),
        (STATES.format("{quantity: price, value: cheap}"), "expected a number"),
        (STATES.format("{quantity: price, value: 1 USD/parsec}"), "unit"),
        (STATES.format("{quantity: price, value: 1 USD/Mtok, about: {meter: inputs}}"), "did you mean 'input'"),
        (STATES.format("{quantity: trend, value: up}"), "rises"),
        ("claims: [{id: X, quote: q, article: y, states: {quantity: price, value: 1 USD/Mtok}}]", "articles: none"),
        (f"claims: [{PRICE}, {PRICE}]", "twice"),
        (f"facts: [gone.yaml]\nclaims: [{PRICE}]", "gone.yaml"),
        (RATIO.format("formula: a / b, from: {a: 1 USD}"), "uses b"),
        (RATIO.format("formula: a + b, from: {a: 1 USD, b: 1 W}"), "adds"),
        (RATIO.format("formula: 'a.b', from: {a: 1 USD}"), "expected numbers"),
        (RATIO.format("from: {a: 1 USD}"), "without a"),
        (RATIO.format("formula: a, from: {a: {claim: Y}}"), "no claim 'Y'"),
        (RATIO.format("formula: a, from: {a: {fact: y}}"), "no fact 'y'"),
        (RATIO.format("formula: a, from: {a: {claim: X}}"), "circle"),
        (RATIO.format("formula: a, from: {a: {fact: y, claim: z}}"), "one of"),
    ],
)  # fmt: skip
def test_a_broken_file_says_what_and_where(text: str, says: str, context: Context) -> None:
    with pytest.raises(InvalidInputError) as caught:
        claims.check(parse(text, "claims.yaml"), context)
    assert says in str(caught.value)
    assert str(caught.value).startswith("claims.yaml:")


def test_a_file_of_facts_is_read(context: Context) -> None:
    text = "facts: [{id: a, quantity: price, value: 1 USD/Mtok, as_of: 2026-01-01, source: s}]"
    assert claims.check_facts(parse(text, "facts.yaml")) == []
    with pytest.raises(InvalidInputError, match="twice"):
        claims.check_facts(parse(f"{text[:-1]}, {text[len('facts: [') :]}", "facts.yaml"))


def test_a_file_of_claims_may_bring_its_own_facts(tmp_path: Path, context: Context) -> None:
    (tmp_path / "own.yaml").write_text(
        "facts: [{id: mine, quantity: share, value: 10 %, about: {part: cats, whole: pets}, "
        "as_of: 2026-01-01, source: s}]"
    )
    claim = "claims: [{id: X, quote: q, states: {quantity: share, value: 90 %, about: {part: cats, whole: pets}}}]"
    (tmp_path / "claims.yaml").write_text(f"facts: [own.yaml]\n{claim}")
    assert judged(claim, context) == {"X": "unverifiable"}
    assert judgements(read(tmp_path / "claims.yaml"), context)[0].verdict == "contradicts"


def test_a_finding_shows_place_value_evidence_and_arithmetic(context: Context) -> None:
    about = "{model: gpt-4o, meter: input}"
    state = f"{{quantity: price, value: 5 USD/Mtok, about: {about}}}"
    text = f"claims:\n  - id: X\n    quote: q\n    date: 2025-06-15\n    states: {state}\n"
    (finding,) = claims.check(parse(text, "claims.yaml"), context)
    assert (finding.rule, finding.line, finding.subject, finding.found) == ("claim-stale", 2, "X", "5 USD/Mtok")
    assert "2.5 USD/Mtok since 2024-08-06" in finding.arithmetic[0]
    assert finding.evidence


def test_a_claim_that_is_right_is_no_finding(context: Context) -> None:
    text = f"claims: [{PRICE.replace('1 USD', '2.5 USD').replace('gpt-4o', 'gpt-4o, meter: input')}]"
    assert claims.check(parse(text, "claims.yaml"), context) == []


def _renamed(held: Any, names: dict[str, str]) -> Any:
    if isinstance(held, dict):
        return {
            key: names.get(value, value)
            if key in ("id", "claim") and isinstance(value, str)
            else _renamed(value, names)
            for key, value in held.items()
        }
    return [_renamed(each, names) for each in held] if isinstance(held, list) else held


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_verdict_depends_on_the_name_of_a_claim(path: Path, context: Context) -> None:
    document = yaml.safe_load(path.read_text())
    said = [each["id"] for article in document["articles"].values() for each in article.get("also", [])]
    names = {name: f"N{place}" for place, name in enumerate([*(each["id"] for each in document["claims"]), *said])}
    before = [each.verdict for each in judgements(read(path), context)]
    # the shipped facts answer wherever the file lies
    renamed = {**_renamed(document, names), "facts": []}
    assert list(judged(yaml.safe_dump(renamed), context).values()) == before


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_claim_that_was_right_is_found_when_its_number_is_changed(path: Path, context: Context) -> None:
    """Seeded corruption: each number of each consistent claim, times seven."""
    document = yaml.safe_load(path.read_text())
    right = [place for place, each in enumerate(judgements(read(path), context)) if each.verdict == "consistent"]
    for place in right:
        for changed in _corrupted(document, place):
            verdicts = list(judged(yaml.safe_dump(changed), context).values())
            assert verdicts[place] != "consistent", changed["claims"][place]


def _corrupted(document: dict[str, Any], place: int) -> Iterator[dict[str, Any]]:
    states = document["claims"][place]["states"]
    for which in range(len(states) if isinstance(states, list) else 1):
        changed = {**copy.deepcopy(document), "facts": []}
        held = changed["claims"][place]["states"]
        state = held[which] if isinstance(held, list) else held
        value = state["value"]
        if value.startswith((">", "up to")):  # a bound: corrupt it to the side that it forbids
            digits = "".join(letter for letter in value if letter.isdigit())
            state["value"] = value.replace(digits, str(int(digits) * 700), 1)
        elif value in ("yes", "rises", "falls"):
            state["value"] = {"yes": "no", "rises": "falls", "falls": "rises"}[value]
        else:
            state["value"] = f"{_times_seven(value)}"
        yield changed


def _times_seven(value: str) -> str:
    number, _, rest = value.partition(" ")
    ends = [
        f"{float(end.rstrip('B')) * 7:g}{'B' if end.endswith('B') else ''}" for end in number.lstrip("-").split("-")
    ]
    return f"{'-' if number.startswith('-') else ''}{'-'.join(ends)} {rest}"


GARBAGE = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 10**20), st.floats(), st.text(max_size=12), st.just([]), st.just({}),
    st.sampled_from(["0 USD/Mtok", "1e29 USD", "-5 x", "1-2 %", "price", "gpt-4o", "a / 0", "a", "5 USD/1M tokens"]),
    st.dictionaries(st.sampled_from(["claim", "fact", "value", "unknown"]), st.text(max_size=5), max_size=2),
)  # fmt: skip
SEEDS = [yaml.safe_load(path.read_text()) for path in FILES]


@settings(max_examples=250)
@given(st.data())
def test_a_mangled_file_is_judged_or_refused(data: st.DataObject) -> None:
    context = _context()
    document = {**copy.deepcopy(data.draw(st.sampled_from(SEEDS))), "facts": []}
    for _ in range(data.draw(st.integers(1, 3))):
        _mangle(document, data)
    text = yaml.safe_dump(document, allow_unicode=True)
    try:
        claims.check(parse(text, "claims.yaml"), context)
    except InvalidInputError:
        return


def _mangle(held: Any, data: st.DataObject) -> None:
    while True:
        keys = list(held) if isinstance(held, dict) else list(range(len(held)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if isinstance(held[key], dict | list) and held[key] and data.draw(st.integers(0, 5)):
            held = held[key]
            continue
        held[key] = data.draw(GARBAGE)
        return


def _context() -> Context:
    if not _HELD:
        from datetime import date

        from tco.check.prices import of_catalogue
        from tco.check.results import Comparer
        from tco.files.catalogue import Catalogue

        catalogue = Catalogue(use_sheet=False)
        _HELD.append(Context(date(2026, 11, 22), catalogue, of_catalogue(catalogue), Comparer(None, False)))
    return _HELD[0]


_HELD: list[Context] = []
