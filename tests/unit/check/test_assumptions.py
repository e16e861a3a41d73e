"""Each rule on assumptions by hand: what is found, where, and what is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tco.check import assumptions
from tco.check.prices import Prices
from tco.check.run import check_text
from tco.check.subject import of_id, parse

HEAD = "assumptions:\n"
GOOD = 'source: {url: "https://…"}, verified_at: 2026-11-20'


def item(more: str, value: str = "5 USD/Mtok", subject: str = "planted/model-2 input") -> str:
    stated = f'subject: "{subject}", ' if subject else ""
    return f'  - {{id: a, {stated}value: "{value}", {more}}}\n'


def test_a_clean_item_is_clean(found):
    assert found(HEAD + item(GOOD)) == []


def test_items_by_id_are_read_too(found):
    text = f'assumptions:\n  a: {{subject: planted/model-2 input, value: "6 USD/Mtok", {GOOD}}}\n'
    (finding,) = found(text)
    assert (finding.rule, finding.subject, finding.line) == ("drift", "a", 2)


def rules_with(context, levels, text):
    held = replace(context, settings=replace(context.settings, levels=levels))
    return sorted({each.rule for each in check_text(HEAD + text, "file.yaml", held)[0]})


@pytest.mark.parametrize(
    ("value", "levels", "rules"),
    [
        ("5 USD/ktok", {}, ["unit"]),  # 5,000 USD/Mtok, over 1,000
        ("15 USD/ktok", {}, ["unit"]),  # 1,000 times the price of a year ago
        ("5 USD/h", {}, ["unit"]),
        ("5 USD/ktok", {"unit": "warning"}, ["plausible", "unit"]),  # nothing worse is hidden by something milder
        ("5 USD/ktok", {"unit": "off"}, ["plausible", "unit"]),
        ("5 USD/ktok", {"plausible": "note", "unit": "note"}, ["unit"]),
        ("7777 USD/Mtok", {}, ["drift", "plausible"]),  # no slip
        ("0 USD/h", {}, ["plausible", "unit"]),
        ("-5 USD/h", {}, ["plausible", "unit"]),
    ],
)
def test_a_size_that_a_slip_explains_is_told_once(context, value, levels, rules):
    assert rules_with(context, levels, item(GOOD, value)) == rules


def test_a_size_without_a_subject_is_still_told(context):
    assert rules_with(context, {}, item(GOOD, "5 USD/ktok", subject="")) == ["plausible"]


@pytest.mark.parametrize(
    ("subject", "value", "words"),
    [
        ("facility/pue-global-mean", "1.54", "'1.54 ratio'"),
        ("facility/pue-global-mean", "", "'1.54 ratio'"),  # the catalogue's own
        ("facility/pue-global-mean", "high", "'1.54 ratio'"),
        ("planted/model-2 input", "0.25", "'0.25 USD/Mtok'"),
        ("electricity/US", "0.12", "'0.12 USD/kWh'"),
        ("hardware/h100-sxm max_w", "700", "'700 W'"),
        ("hardware/h100-sxm memory_gb", "80", "'80 GB'"),
        ("hardware/nonsuch price", "80", "'5 USD/Mtok'"),
        ("", "80", "'5 USD/Mtok'"),
    ],
)
def test_a_value_without_a_unit_is_shown_with_that_of_its_subject(found, subject, value, words):
    (finding,) = [each for each in found(HEAD + item(GOOD, value, subject)) if each.rule in ("unit", "plausible")]
    assert finding.expected.endswith(f"such as {words}")


def test_a_price_by_id_is_shown_with_its_unit(found):
    text = f'{HEAD}  - {{id: planted/model-2.input, value: "5", {GOOD}}}\n  - {{id: no/such.input, value: 2, {GOOD}}}\n'
    assert [each.expected for each in found(text)] == ["such as '5 USD/Mtok'"] * 2


def test_a_pure_slip_is_named(found):
    (finding,) = found(HEAD + item(GOOD, "0.005 USD/Mtok"), "unit")
    assert finding.message.startswith("unit_error, x1/1000")
    assert finding.arithmetic == ("0.005 / 5 = 0.001",)
    assert (finding.line, finding.column) == (2, 54)
    assert "planted/model-2 input 5 USD/Mtok since 2026-01-01" in finding.evidence


def test_a_slip_stacked_on_an_older_price_is_taken_apart(found):
    # 15,000 / 5 = 3,000 is no power of 1000; 15,000 = 1000 x 15, and 15 held until 2026.
    (finding,) = found(HEAD + item(GOOD, "15,000 USD/Mtok"), "unit")
    assert finding.message == (
        "not a pure power of 1000: 15,000 = 1000 x 15, and 15 is model-2 input from 2025-01-01: unit + stale"
    )
    assert finding.arithmetic == ("15,000 / 5 = 3,000", "1000 x 15 = 15,000")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("15 USD/Mtok", "stale: 15 is the price of model-2 input from 2025-01-01; now it is 5"),
        ("25 USD/Mtok", "side error: 25 is output, not this meter, which is 5"),
        ("5.5 USD/Mtok", "10% above what is known"),
        ("4.5 USD/Mtok", "10% below what is known"),
    ],
)
def test_drift_names_the_likeliest_reason(found, value, words):
    (finding,) = found(HEAD + item(GOOD, value))
    assert (finding.rule, finding.message, finding.expected) == ("drift", words, "5 USD/Mtok")


@pytest.mark.parametrize(
    ("value", "tolerance", "drifts"),
    [
        ("5.04 USD/Mtok", "", False),  # 0.04 <= 1% of 5.04
        ("5.06 USD/Mtok", "", True),
        ("5.06 USD/Mtok", "tolerance: {rel: 0.05}", False),
        ("4.5 USD/Mtok", "tolerance: {abs: 0.5}", False),
        ("4.4 USD/Mtok", "tolerance: {abs: 0.5}", True),
        ("0.0045 USD/ktok", "tolerance: {abs: 0.0005}", False),  # an amount in the value's own unit
        ("4.5 USD/Mtok", 'tolerance: {abs: "0.0005 USD/ktok"}', False),
        ("4-6 USD/Mtok", "", False),
        ("5.5-6 USD/Mtok", "", True),
    ],
)
def test_tolerance_holds_in_both_directions(found, value, tolerance, drifts):
    more = f"{GOOD}, {tolerance}" if tolerance else GOOD
    assert bool(found(HEAD + item(more, value), "drift")) is drifts


def test_the_unit_has_to_fit_the_subject(found):
    (finding,) = found(HEAD + item(GOOD, "5 USD/h"))
    assert (finding.rule, finding.expected, finding.found) == ("unit", "USD/Mtok", "USD/h")


def test_a_subject_nobody_has_is_an_error_with_suggestions(found):
    (finding,) = found(HEAD + item(GOOD, subject="planted/model-3 input"))
    assert finding.rule == "unmatched"
    assert "did you mean 'model-2'?" in finding.message


@pytest.mark.parametrize("subject", ["model-2", "planted/model-2 inptu", "hardware/rtx-4090", "electricity/US/x/y"])
def test_a_subject_that_cannot_be_read_is_a_schema_error(found, subject):
    (finding,) = found(HEAD + item(GOOD, subject=subject), "schema")
    assert "expected text such as 'openai/gpt-4o input'" in finding.message


def test_an_id_that_names_a_price_needs_no_subject(found):
    text = f'assumptions:\n  - {{id: planted/model-2.output, value: "5 USD/Mtok", {GOOD}}}\n'
    (finding,) = found(text)
    assert finding.message.startswith("side error: 5 is input")


@pytest.mark.parametrize(
    ("name", "model", "meter", "processing"),
    [
        ("openai/gpt-4o.input", "gpt-4o", "input", "standard"),
        ("gpt-4o-cache-read", "gpt-4o", "cache_read", "standard"),
        ("gpt-4o_output_batch", "gpt-4o", "output", "batch"),
        ("openai/gpt-4o cached input price", "gpt-4o", "cache_read", "standard"),
    ],
)
def test_ids_as_people_write_them(name, model, meter, processing):
    subject = of_id(name)
    assert subject is not None
    assert (subject.model, subject.meter, subject.processing) == (model, meter, processing)


def test_ids_of_things_nobody_sells_are_looked_up_once_a_provider(context, monkeypatch):
    asked = []

    def nobody(model, provider):
        asked.append(model)
        raise AssertionError(model)

    def none_of(provider):
        asked.append(provider)
        return ()

    quiet = replace(context, prices=Prices("p", "p", nobody, none_of))
    names = [f"svc-{n}-input" for n in range(50)] + [f"openai/svc-{n}.input" for n in range(50)]
    text = HEAD + "".join(f'  - {{id: {name}, value: "5 USD/Mtok", {GOOD}}}\n' for name in names)
    assert check_text(text, "f.yaml", quiet)[0] == []
    assert asked == ["openai"]


@pytest.mark.parametrize("name", ["input", "pue", "requests-per-month", "a-b-c"])
def test_other_ids_name_no_price(name):
    assert of_id(name) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0 USD/Mtok", "literal 0"),
        ("-5 USD/Mtok", "negative"),
        ("0.0009 USD/Mtok", "outside"),
        ("1001 USD/Mtok", "outside"),
        ("0.01 USD/tok", "outside"),
        ("150 USD/kWh", "outside"),
    ],
)
def test_implausible_sizes(found, value, words):
    (finding,) = found(HEAD + item(GOOD, value, subject=""))
    assert finding.rule == "plausible"
    assert words in finding.message


@pytest.mark.parametrize("value", ["0.001 USD/Mtok", "1000 USD/Mtok", "1e-9 USD/tok", "1e-3 USD/tok"])
def test_the_bounds_themselves_are_plausible(found, value):
    assert found(HEAD + item(GOOD, value, subject="")) == []


def test_a_price_of_0_may_be_meant(found):
    assert found(HEAD + item(f"{GOOD}, free: true", "0 USD/Mtok", subject="")) == []


def test_a_missing_value_is_a_finding(found):
    (finding,) = found(f"assumptions:\n  - {{id: a, {GOOD}}}\n")
    assert (finding.rule, finding.message) == ("plausible", "no value")


@pytest.mark.parametrize(("day", "stale"), [("2026-10-08", False), ("2026-10-07", True)])  # 45 and 46 days
def test_a_price_is_stale_after_45_days(found, day, stale):
    text = HEAD + item(f'source: "https://…", verified_at: {day}')
    assert bool(found(text, "stale")) is stale


@pytest.mark.parametrize(
    ("value", "days", "limit"),
    [("1600 USD", 181, "180"), ("0.15 USD/kWh", 401, "400"), ("3 USD/h", 181, "180"), ("5 USD/Mtok", 46, "45")],
)
def test_limits_by_topic(found, value, days, limit):
    from datetime import date, timedelta

    day = date(2026, 11, 22)
    old, fresh = (HEAD + item(f'source: "…", verified_at: {day - timedelta(n)}', value, "") for n in (days, days - 1))
    (finding,) = found(old, "stale")
    assert f"over {limit} for" in finding.message
    assert finding.arithmetic == (f"2026-11-22 - {day - timedelta(days)} = {days} days",)
    assert found(fresh, "stale") == []


def test_verified_counts_before_retrieved(found):
    old = 'source: "…", retrieved_at: 2020-01-01'
    assert found(HEAD + item(old), "stale")
    assert not found(HEAD + item(f"{old}, verified_at: 2026-11-20"), "stale")
    assert not found(HEAD + item(f"{old}, max_age_days: 10000"), "stale")


def test_an_item_without_a_day_is_of_unknown_age(found):
    (finding,) = found(HEAD + item('source: "…"'), "stale")
    assert "of unknown age" in finding.message


@pytest.mark.parametrize(("day", "expired"), [("2026-11-22", False), ("2026-11-21", True)])
def test_expiry_is_the_last_valid_day(found, day, expired):
    assert bool(found(HEAD + item(f"{GOOD}, valid_until: {day}"), "expired")) is expired


def test_a_day_of_the_future_is_a_warning(found):
    (finding,) = found(HEAD + item('source: "…", verified_at: 2026-11-23'))
    assert (finding.rule, finding.severity) == ("future", "warning")


@pytest.mark.parametrize("source", ['""', '{url: ""}', "{}"])
def test_no_source(found, source):
    (finding,) = found(HEAD + item(f"source: {source}, verified_at: 2026-11-20"))
    assert finding.rule == "unsourced"


@pytest.mark.parametrize(
    ("grade", "weak"),
    [("official", False), ("vendor", False), ("quoted", False), ("secondary", True), ("estimate", True), ("", True)],
)
def test_what_decides_needs_a_primary_source(found, grade, weak):
    stated = f"grade: {grade}, " if grade else ""
    text = item(f"{stated}decision_critical: true, {GOOD}")
    assert [each.rule for each in found(HEAD + text)] == (["weak-source"] if weak else [])
    assert found(HEAD + text.replace("decision_critical: true", "decision_critical: false")) == []


def test_a_rumour_is_never_silent(found):
    assert [each.rule for each in found(HEAD + item(f"grade: rumoured, {GOOD}"))] == ["rumoured"]


def prices(**usd: str) -> str:
    return HEAD + "".join(
        f'  - {{id: {name}, subject: "unknown/m {name.replace("_", " ")}", value: "{price} USD/Mtok", {GOOD}}}\n'
        for name, price in usd.items()
    )


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        ({"cache_read": "6", "input": "5"}, "cache read is above input"),
        ({"input": "5", "cache_write": "4"}, "input is above cache write"),
        ({"input": "5", "output": "4"}, "input is above output"),
        ({"input": "5", "input_batch": "6"}, "batch input is above standard"),
    ],
)
def test_order(found, usd, words):
    (finding,) = found(prices(**usd), "order")
    assert finding.message.startswith(words)


def test_order_holds_where_it_should(found):
    assert not found(
        prices(cache_read="0.5", input="5", cache_write="6.25", output="25", input_batch="2.5", output_batch="12.5"),
        "order",
    )


def test_an_output_below_input_may_be_stated(found):
    text = prices(input="5", output="4").replace("id: output", "id: output, output_below_input: true")
    assert not found(text, "order")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("assumptions: 5\n", "expected a list of items"),
        ("assumptions: [5]\n", "expected a mapping with an id"),
        (HEAD + "  - {value: 5 USD}\n", "missing"),
        (HEAD + item(GOOD) + item(GOOD), "is taken by the item on line 2"),
        (HEAD + item(f"{GOOD}, garde: official"), "did you mean 'grade'?"),
        (HEAD + item("verified_at: 2026-13-01"), "which is no date"),
        (HEAD + item(f"{GOOD}, subject: {{model: m, meter: input, colour: red}}", subject=""), "unknown key"),
    ],
)
def test_schema(found, text, words):
    assert words in " ".join(each.message for each in found(text, "schema"))


def test_every_topic_has_a_limit():
    from tco.check.settings import LIMITS

    assert set(assumptions.DAYS.values()) <= set(LIMITS)


def test_a_structured_subject_says_the_same(found):
    text = item(GOOD, "6 USD/Mtok", subject="")
    text = text.replace("id: a,", "id: a, subject: {provider: planted, model: model-2, meter: input},")
    assert [each.rule for each in found(HEAD + text)] == ["drift"]
    assert parse("planted/model-2 input") == parse(parse("planted/model-2 input"))
