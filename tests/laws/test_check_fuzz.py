"""Law of the gate: whatever a file holds, the answer is findings or an error that says where, never a traceback."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.check.finding import Failure, Finding
from tco.check.output import FORMATS, render
from tco.check.run import run
from tco.check.selftest import CLEAN, DATA, planted_context, planted_record

KEYS = [
    "id", "subject", "value", "unit", "currency", "source", "retrieved_at", "verified_at", "valid_until", "owner",
    "grade", "tolerance", "topic", "max_age_days", "decision_critical", "free", "waive", "workload", "result", "option",
    "field", "max", "min", "max_increase", "cheapest_tier", "min_margin", "assumptions", "golden", "budget", "verdict",
    "claims", "offers", "provider", "name", "demand", "tokens", "rates", "facts", "articles", "<<",
]  # fmt: skip
VALUES = [
    "1", "0", "-1", "5 USD/Mtok", "5 EUR/Mtok", "5 XXX", "1e99 USD", "1-0 USD", "{low: 1}", "{rel: x}", "[]", "{}", "~",
    "2026-13-01", "2026-01-01", "'2026-01-01'", "rumoured", "planted", "planted/model-2 input", "a b c d e",
    "hardware/x y", "rental/x y z", "electricity/US", ".nan", "true", "[{rule: drift}]", "{rule: drift, until: 5}",
    "&a 1", "*a",
    "5 %", "-5 %", "usd_per_month", "cheapest", "[[1]]", "{a: {b: c}}", "1,5 USD", "$", "$5", "/", "%",
]  # fmt: skip
lines = st.builds(
    lambda dent, key, value: f"{dent}{key}: {value}",
    st.sampled_from(["", "  ", "  - ", "    "]), st.sampled_from(KEYS), st.sampled_from(VALUES) | st.text(max_size=8),
)  # fmt: skip
yamlish = st.lists(lines, max_size=12).map("\n".join)


@st.composite
def edited(draw, text: str) -> str:
    """A file with some of its characters replaced."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = (
            text[:start] + draw(st.sampled_from([*VALUES, "", " ", "\n", ":", "{", "]", '"', "#", "\t"])) + text[end:]
        )
    return text


def well_formed(path, text: str | bytes) -> None:
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    report = run([path], planted_context())
    assert all(isinstance(each, Finding) and each.message and each.line >= 0 for each in report.findings)
    assert all(isinstance(each, Failure) and each.message for each in report.failures)
    code = report.exit_code("error")
    assert code in (0, 1, 2, 3)
    for form in FORMATS:
        assert render(report, form, exit_code=code).endswith("\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@given(text=yamlish | st.text() | st.binary())
@settings(max_examples=200)
def test_anything(folder, text):
    well_formed(folder / "f.yaml", text)


@given(text=yamlish.map(lambda rest: f"assumptions:\n  - id: a\n{rest}") | yamlish.map(lambda rest: f"golden:\n{rest}"))
@settings(max_examples=300)
def test_what_looks_like_items(folder, text):
    well_formed(folder / "f.yaml", text)


@given(text=edited(CLEAN) | edited(DATA))
@settings(max_examples=300)
def test_edited_files(folder, text):
    well_formed(folder / "f.yaml", text)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([*KEYS, "schema", "id", "own"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(
    held=json_values,
    key=st.sampled_from(sorted(planted_record())),
    other=st.sampled_from(["options", "breakeven", "x"]),
)
@settings(max_examples=200)
def test_records_of_compare(folder, held, key, other):
    record = {**planted_record(), key: held}
    well_formed(folder / "r.json", json.dumps(record))
    well_formed(folder / "r.json", json.dumps({**planted_record(), other: [held]}))
    well_formed(folder / "r.json", json.dumps({"schema": held, "offers": held}))


@given(
    text=st.lists(
        st.sampled_from(["currency,usd_per_unit,since,source,kind,note", "EUR,1,2026-01-01,s,vendor,", "x", '"', ","])
    )
)
def test_tables(folder, text):
    well_formed(folder / "t.csv", "\n".join(text))
