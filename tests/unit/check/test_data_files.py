"""The project's own kinds of data files: what is checked beyond what their readers check."""

from __future__ import annotations

from pathlib import Path

import pytest

from tco.check.run import check_file, check_text, discover, run
from tco.errors import InvalidInputError

ROOT = Path(__file__).resolve().parents[3]
ROW = "source: s, as_of: 2026-11-20, kind: vendor"


def offers(*rows: str) -> str:
    return "provider: p\noffers:\n  - model: m\n    tier: api\n    rates:\n" + "".join(
        f"      - {{{row}, {ROW}}}\n" for row in rows
    )


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        (["since: 2026-01-01, usd_per_mtok: {input: 5, output: 25}"], None),
        (["since: 2026-01-01, usd_per_mtok: {input: 0, output: 25}"], "plausible"),
        (["since: 2026-01-01, usd_per_mtok: {input: 5000, output: 25000}"], "plausible"),
        (["since: 2026-01-01, usd_per_mtok: {input: 0.0005}"], "plausible"),
        (["since: 2026-01-01, usd_per_each: {page: 0}"], "schema"),
        (["since: 2026-01-01, usd_each: {page: 0}"], "plausible"),
        (["since: 2026-01-01, usd_per_mtok: {input: 5, output: 4}"], "order"),
        (["since: 2026-01-01, usd_per_mtok: {input: 5, cache_read: 6}"], "order"),
        (
            [
                "since: 2026-01-01, usd_per_mtok: {input: 5}",
                "since: 2026-01-01, when: {processing: batch}, usd_per_mtok: {input: 6}",
            ],
            "order",
        ),
        (
            [
                "since: 2026-01-01, usd_per_mtok: {input: 5}",
                "since: 2026-01-01, when: {prompt_tok: {gt: 200000}}, usd_per_mtok: {input: 4}",
            ],
            "order",
        ),
        (["since: 2026-01-01, usd_per_mtok: {input: 5}", "since: 2026-02-01, usd_per_mtok: {input: 0.005}"], "step"),
        (["since: 2026-01-01, usd_per_mtok: {input: 5}", "since: 2026-02-01, usd_per_mtok: {input: 0.5}"], None),
    ],
)
def test_token_offers(context, rows, rule):
    try:
        found = {each.rule for each in check_text(offers(*rows), "p.yaml", context)[0]}
    except InvalidInputError:
        found = {"schema"}
    assert found == ({rule} if rule else set())


def test_offers_that_were_not_read_for_long_are_a_warning(context):
    text = offers("since: 2026-01-01, usd_per_mtok: {input: 5}").replace("2026-11-20", "2026-10-07")
    ((finding,), _) = check_text(text, "p.yaml", context)
    assert (finding.rule, finding.severity, finding.message) == ("stale-data", "warning", "46 days old, over 45")
    retired = text.replace("tier: api", "tier: api\n    retired: 2026-11-01")
    assert check_text(retired, "p.yaml", context)[0] == []


def test_a_step_from_the_baseline_is_held(context, tmp_path):
    from tco.check.baseline import load

    path = tmp_path / "p.yaml"
    path.write_text(offers("since: 2026-01-01, usd_per_mtok: {input: 3.5, output: 10.5}"), encoding="utf-8")
    from dataclasses import replace

    before = load([tmp_path], context.usd_per)
    text = offers("since: 2026-11-01, usd_per_mtok: {input: 0.35, output: 10.5}")
    ((finding,), _) = check_text(text, "p.yaml", replace(context, baseline=before))
    assert finding.rule == "step"
    assert "input went from 3.5 to 0.35 USD/Mtok" in finding.message


RENTAL = "provider,instance,hardware,n_gpus,region,plan,usd_per_gpu_h,since,source,kind,note\n"
TARIFF = "country,region,sector,band,price_per_kwh,currency,as_of,source,kind,note\n"
FX = "currency,usd_per_unit,since,source,kind,note\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (RENTAL + "p,,h100-sxm,8,,on_demand,2.5,2026-11-01,s,vendor,\n", []),
        (RENTAL + "p,,h100-sxm,8,,on_demand,0,2026-11-01,s,vendor,\n", [("plausible", 2)]),
        (RENTAL + "p,,h100-sxm,8,,on_demand,2500,2026-11-01,s,vendor,\n", [("plausible", 2)]),
        (RENTAL + "p,,h100-sxm,8,,on_demand,2.5,2026-01-01,s,vendor,\n", [("stale-data", 1)]),
        (TARIFF + "US,x,commercial,,0.15,USD,2026-01-01,s,published,\n", []),
        (TARIFF + "US,x,commercial,,15,USD,2026-01-01,s,published,\n", [("plausible", 2)]),
        (TARIFF + "US,x,commercial,,0,USD,2026-01-01,s,published,\n", [("plausible", 2)]),
        (TARIFF + "US,x,commercial,,0.15,USD,2025-01-01,s,published,\n", [("stale-data", 1)]),
        (FX + "EUR,1.1,2026-11-01,s,published,\nUSD,1,2000-01-01,s,published,\n", []),
        (FX + "EUR,1.1,2026-01-01,s,published,\n", [("stale-data", 1)]),
    ],
)
def test_tables(context, tmp_path, text, found):
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    findings, n_rows = check_file(path, context)
    assert [(each.rule, each.line) for each in findings] == found
    assert n_rows >= 1


@pytest.mark.parametrize("text", ["a,b\n1,2\n", RENTAL + "p\n"])
def test_tables_that_are_not_ours(context, tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    assert run([path], context).exit_code("error") == 2


def test_a_price_of_hardware_is_never_0(context):
    text = (ROOT / "hardware_profiles" / "rtx-4090.yaml").read_text(encoding="utf-8")
    assert check_text(text, "rtx-4090.yaml", context)[0] == []
    broken = text.replace("usd: {value: 1600, low: 1200, high: 3130}", "usd: 0")
    assert [each.rule for each in check_text(broken, "rtx-4090.yaml", context)[0]] == ["plausible"]
    old = text.replace("as_of: 2026-11-22", "as_of: 2026-01-01")
    assert [each.rule for each in check_text(old, "rtx-4090.yaml", context)[0]] == ["stale-data"]


def test_the_projects_own_data_is_clean_but_for_its_age(context):
    folders = [ROOT / name for name in ("pricing", "hardware_profiles", "model_profiles", "workloads", "quality")]
    report = run(folders, context)
    assert not report.failures
    assert {each.rule for each in report.findings} <= {"stale-data"}
    assert report.n_items > 5000
    assert report.exit_code("error") == 0


def test_a_folder_is_searched_and_hidden_files_are_not(tmp_path):
    for name in ("b/x.yaml", "a.csv", ".hidden/y.yaml", "c.txt", ".z.yaml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert [path.name for path in discover([tmp_path])] == ["a.csv", "x.yaml"]
    with pytest.raises(InvalidInputError, match=r"holds no \.yaml"):
        list(
            discover(
                [tmp_path / ".hidden" / "none", *[(tmp_path / "d")]] if (tmp_path / "d").mkdir() else [tmp_path / "d"]
            )
        )


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n"])
def test_an_empty_file_is_a_finding(context, tmp_path, text):
    path = tmp_path / "e.yaml"
    path.write_text(text, encoding="utf-8")
    ((finding,), _) = check_file(path, context)
    assert (finding.rule, finding.message) == ("plausible", "the file is empty: nothing was checked")


@pytest.mark.parametrize("text", ["assumptions:\n", "assumptions: []\n", "golden: {}\n"])
def test_an_empty_list_is_a_finding(found, text):
    (finding,) = found(text)
    assert finding.rule == "plausible"


@pytest.mark.parametrize("text", ["foo: 1\n", "name: x\n", "asumptions: []\n", "assumptions: []\nfoo: 1\n"])
def test_other_content_is_an_error_that_says_what_is_accepted(found, text):
    assert "a file with assumptions, claims" in found(text, "schema")[0].message


def test_notes_and_extensions_are_let_pass(found):
    text = (
        "name: x\nnote: y\nx-owner: &o finops\n"
        "assumptions: [{id: a, value: 5 USD/h, source: s, verified_at: 2026-11-20, owner: *o}]\n"
    )
    assert found(text) == []


def test_values_that_cannot_be_read_are_said_once(found):
    (finding,) = found("assumptions: [{id: a, value: .nan, unit: USD/h, source: s, verified_at: 2026-11-20}]\n")
    assert (finding.rule, finding.message) == ("schema", "got NaN; expected a finite number")


def test_assumptions_in_json_are_read_too(context, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(
        '{"assumptions": [{"id": "a", "value": "0 USD/h", "source": "s", "verified_at": "2026-11-20"}]}',
        encoding="utf-8",
    )
    found, n_items = check_file(path, context)
    assert n_items == 1
    assert [each.rule for each in found] == ["plausible"]


@pytest.mark.parametrize("day", ["2026-13-01", "soon", 5])
def test_a_day_in_quotes_that_is_none(found, day):
    (finding,) = found(f"assumptions: [{{id: a, value: 5 USD/h, source: s, verified_at: {day!r}}}]\n", "schema")
    assert "a date" in finding.message or "no date" in finding.message
