"""``tco check``: exit codes, streams, formats and options, as a script sees them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

CLEAN = """\
assumptions:
  - id: gpt-4o-input
    subject: openai/gpt-4o input
    value: "2.50 USD/Mtok"
    source: {url: "https://…", quote: "$2.50 / 1M input tokens"}
    verified_at: 2026-11-20
    grade: official
"""
SLIPPED = CLEAN.replace("USD/Mtok", "USD/ktok")
OLD = CLEAN.replace("2026-11-20", "2026-01-20")
DAY = "2026-11-22"


@pytest.fixture
def check(tco, home):
    """Run ``tco check`` on a text."""

    def call(text, *arguments, name="a.yaml"):
        (home / name).write_text(text, encoding="utf-8")
        return tco("check", name, "--as-of", DAY, *arguments)

    return call


def test_0_clean(check):
    ran = check(CLEAN)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("clean: 1 item in 1 file, as of 2026-11-22, against prices shipped@")


def test_1_a_finding(check):
    ran = check(SLIPPED)
    assert (ran.code, ran.err) == (1, "")
    assert "a.yaml:4:12: error: unit: gpt-4o-input: unit_error, x1000" in ran.out
    assert "evidence: shipped prices: openai/gpt-4o input 2.5 USD/Mtok" in ran.out


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        (CLEAN.replace("grade:", "garde:"), ()),
        ("a: [", ()),
        ("foo: 1\n", ()),
        (CLEAN, ("--format", "xml")),
        (CLEAN, ("--fail-on", "note")),
        (CLEAN, ("--as-of", "tomorrow")),
        (CLEAN, ("--data", "nowhere")),
        (CLEAN, ("nonsuch.yaml",)),
    ],
)
def test_2_the_input_is_wrong(check, text, arguments):
    ran = check(text, *arguments)
    assert ran.code == 2
    assert ran.err


@pytest.mark.parametrize("option", ["", "--baseline", "--output"])
def test_2_an_empty_path_is_not_the_current_folder(tco, home, option):
    (home / "a.yaml").write_text(CLEAN, encoding="utf-8")
    assert tco("check", ".", "--as-of", DAY).code == 0
    ran = tco("check", *(["a.yaml", option] if option else []), "", "--as-of", DAY)
    assert (ran.code, ran.out) == (2, "")
    assert "empty path, such as a variable that is not set" in ran.err


def test_2_no_file(tco):
    ran = tco("check")
    assert (ran.code, ran.out) == (2, "")
    assert "no file to check" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--baseline", "none.yaml"),
        ("--baseline", "chat.yaml"),
        ("--sheet", "none.json"),
        ("--output", "no/such/dir.txt"),
    ],
)
def test_3_data_is_missing(check, arguments):
    ran = check(CLEAN, *arguments)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err


def test_results_print_before_failing(check, home):
    (home / "b.yaml").write_text("a: [", encoding="utf-8")
    ran = check(SLIPPED, "b.yaml")
    assert ran.code == 2
    assert "unit_error, x1000" in ran.out
    assert ran.err.startswith("b.yaml:")


BUDGET = 'budget:\n  - {id: step, workload: chat.yaml, max_increase: "10 %"}\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [(CLEAN.replace("grade:", "garde:"), "unknown key; did you mean 'grade'?"), (BUDGET, "no baseline")],
)
def test_what_cannot_be_checked_is_told_once(check, home, text, words):
    ran = check(text, "--output", "out.txt")
    assert words in ran.err
    assert words not in ran.out
    assert ("1 check failed" in ran.out) is (text == BUDGET)
    assert ran.out.endswith("; what could not be checked is on stderr\n")
    assert words in (home / "out.txt").read_text(encoding="utf-8")
    for form in ("json", "markdown", "github", "junit", "sarif"):
        assert re.search(re.escape(words).replace("'", "('|&apos;)"), check(text, "--format", form).out), form


def test_everything_that_cannot_be_checked_is_told(check):
    items = "".join(f"  - {{id: a{n}, valu: 1}}\n" for n in range(70))
    text = f"assumptions:\n{items}"
    assert check(text).err.count("unknown key") == 70
    assert "and 20 more; the report has them all" in check(text, "--json").err


def test_broken_json_is_no_yaml(check):
    ran = check('{"a": [1,}\n', name="a.json")
    assert (ran.code, ran.err) == (2, "a.json:1:10: not valid JSON: Expecting value\n")
    assert check("a: [1,}\n").err.startswith("a.yaml:1:7: not valid YAML")
    held = '{"assumptions": [{"id": "a", "value": "5 USD", "source": "s", "verified_at": "2026-11-20"}]}'
    assert check(f"{held}\n", name="a.json").code == 0
    assert check(f"{held}  # a comment\n", name="a.json").code == 0
    assert "got a list at the top level" in check("[1, 2]\n", name="a.json").err


SENTENCES = {
    "GPT-4o input is $2.50": ("consistent", 0),
    "GPT-4o input is $3": ("contradicts", 1),
}


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("form", ["json", "markdown", "comment", "github", "junit", "sarif"])
def test_a_claim_is_shown_with_its_verdict_in_every_format(tco, form, sentence):
    verdict, code = SENTENCES[sentence]
    ran = tco("check", "--claim", sentence, "--as-of", DAY, "--format", form)
    assert ran.code == code
    plain = ran.out.replace("\\", "")
    assert sentence in plain
    assert re.search(rf"verdict\W+{verdict}\b", plain)
    assert form == "json" or "understood: price of model gpt-4o, meter input = " in plain.replace('understood": ["', "")
    assert "1 item in 1 file" not in ran.out


def test_a_claim_in_sarif_and_junit(tco):
    def made(sentence, form):
        return tco("check", "--claim", sentence, "--as-of", DAY, "--format", form)

    right, wrong = SENTENCES
    (ran,) = made(right, "sarif").record["runs"]
    (result,) = ran["results"]
    assert (result["kind"], result["level"]) == ("pass", "none")
    (ran,) = made(wrong, "sarif").record["runs"]
    (result,) = ran["results"]
    assert (result["ruleId"], result["level"]) == ("claim-contradicts", "error")
    assert "verdict: contradicts" in result["properties"]["understood"]
    assert result["locations"] == [{"logicalLocations": [{"fullyQualifiedName": "--claim"}]}]
    for sentence, tag in ((right, None), (wrong, "failure")):
        (suite,) = ElementTree.fromstring(made(sentence, "junit").out)
        case, said = suite
        assert sentence in case.attrib["name"]
        assert case.get("file") is None
        assert [part.tag for part in case] == ([tag] if tag else [])
        assert said.tag == "system-out"
    assert " file=" not in made(wrong, "github").out


def test_a_claim_whose_rule_is_off_is_no_pass(tco, home):
    (home / "tco.toml").write_text('[check.rules]\nclaim-contradicts = "off"\n', encoding="utf-8")
    ran = tco("check", "--claim", "GPT-4o input is $3", "--as-of", DAY, "--format", "sarif")
    assert ran.code == 0
    (result,) = ran.record["runs"][0]["results"]
    assert result["kind"] == "informational"
    assert "verdict: contradicts" in result["message"]["text"]


@pytest.mark.parametrize(("level", "code"), [("error", 1), ("warning", 1), ("never", 0)])
def test_fail_on(check, level, code):
    assert check(OLD, "--fail-on", level).code == code


def test_fail_on_warning(check, home):
    (home / "tco.toml").write_text('[check.rules]\nstale = "warning"\n', encoding="utf-8")
    assert check(OLD).code == 0
    assert check(OLD, "--fail-on", "warning").code == 1
    (home / "tco.toml").write_text('[check]\nfail_on = "warning"\n[check.rules]\nstale = "warning"\n', encoding="utf-8")
    assert check(OLD).code == 1
    (home / "tco.toml").write_text('[check.rules]\nstale = "off"\n', encoding="utf-8")
    ran = check(OLD, "--fail-on", "warning")
    assert (ran.code, ran.out[:5]) == (0, "clean")


def test_unknown_rules_are_named(check, home):
    (home / "tco.toml").write_text('[check.rules]\nstal = "off"\n', encoding="utf-8")
    ran = check(CLEAN)
    assert ran.code == 2
    assert "did you mean 'stale'?" in ran.err
    (home / "tco.toml").write_text('[check]\nrulez = "off"\n', encoding="utf-8")
    assert "check.rulez: unknown setting" in check(CLEAN).err


def test_warn_only(check):
    ran = check(SLIPPED, "--warn-only")
    assert ran.code == 0
    assert "error: unit" in ran.out
    assert check("a: [", "--warn-only").code == 2


def test_as_of_makes_it_deterministic(tco, home):
    (home / "a.yaml").write_text(CLEAN, encoding="utf-8")
    first, again = (tco("check", "a.yaml", "--as-of", "2027-01-05", "--json").out for _ in range(2))
    assert first == again
    assert "46 days old" in first
    assert tco("check", "a.yaml", "--as-of", "2027-01-04").code == 0


def test_today_without_a_day(tco, home):
    (home / "a.yaml").write_text(CLEAN, encoding="utf-8")
    assert tco("check", "a.yaml", "--json", "--warn-only").record["as_of"] == datetime.now(UTC).date().isoformat()


def test_prices_of_the_day(tco, home):
    (home / "a.yaml").write_text(CLEAN.replace("2.50", "5").replace("2026-11-20", "2024-06-01"), encoding="utf-8")
    assert tco("check", "a.yaml", "--as-of", "2024-06-01").code == 0
    assert tco("check", "a.yaml", "--as-of", "2025-04-01", "--json").record["counts"]["error"] == 2  # stale and drift


@pytest.mark.parametrize(
    ("form", "read"),
    [
        ("json", json.loads), ("sarif", json.loads), ("junit", ElementTree.fromstring), ("text", str),
        ("markdown", str), ("github", str),
    ],
)  # fmt: skip
def test_formats_on_stdout_and_in_a_file(check, home, form, read):
    ran = check(SLIPPED, "--format", form, "--output", "out.txt")
    assert ran.code == 1
    assert read(ran.out) is not None
    assert (home / "out.txt").read_text(encoding="utf-8") == ran.out


def test_json_is_the_json_format(check):
    record = check(SLIPPED, "--json").record
    assert record["schema"] == "tco.check/1"
    finding = next(each for each in record["findings"] if each["rule"] == "unit")
    assert (finding["path"], finding["line"], finding["column"]) == ("a.yaml", 4, 12)
    assert (finding["expected"], finding["found"]) == ("2.5 USD/Mtok", "2,500 USD/Mtok")
    assert record["exit_code"] == 1


def test_a_step_from_the_baseline(check, home):
    (home / "old.yaml").write_text(CLEAN.replace("2.50", "1.25"), encoding="utf-8")
    ran = check(CLEAN, "--baseline", "old.yaml")
    assert ran.code == 1
    assert "step: gpt-4o-input: held for review: +100% in one step" in ran.out
    assert "baseline old.yaml" in ran.out.splitlines()[-1]


def test_an_overlay_answers_before_the_sheet(check, home):
    folder = home / "mine" / "pricing" / "tokens"
    folder.mkdir(parents=True)
    (folder / "openai.yaml").write_text(
        "provider: openai\noffers:\n  - model: gpt-4o\n    tier: api\n    rates:\n"
        "      - {since: 2026-01-01, usd_per_mtok: {input: 2}, source: contract, as_of: 2026-11-01, kind: vendor}\n",
        encoding="utf-8",
    )
    ran = check(CLEAN, "--data", "mine")
    assert ran.code == 1
    assert "25% above what is known" in ran.out


def test_another_sheet(check, home):
    from datetime import UTC, datetime
    from decimal import Decimal

    from tco.describe.offer import RateRow, TokenOffer
    from tco.sheets.sheet import Sheet, dumps

    row = RateRow(
        since=datetime(2026, 1, 1, tzinfo=UTC), usd_per_mtok={"input": Decimal("2")}, source="s",
        as_of=datetime(2026, 11, 1, tzinfo=UTC).date(), kind="vendor",
    )  # fmt: skip
    offer = TokenOffer(provider="openai", model="gpt-4o", tier="api", rates=(row,))
    sheet = Sheet(created_at=datetime(2026, 11, 1, tzinfo=UTC), offers=(offer,))
    (home / "sheet.json").write_bytes(dumps(sheet))
    assert "25% above what is known" in check(CLEAN, "--sheet", "sheet.json").out
    assert check(CLEAN, "--sheet", "shipped").code == 0
    (home / "sheet.json").write_bytes(dumps(sheet).replace(b'"input":"2"', b'"input":"3"'))
    tampered = check(CLEAN, "--sheet", "sheet.json")
    assert tampered.code == 3
    assert "tampered" in tampered.err


def test_an_old_sheet_is_no_silent_reference(check, home, monkeypatch):
    from datetime import UTC, datetime

    from tco.sheets.sheet import Sheet
    from tco.sheets.store import Store

    monkeypatch.setenv("TCO_HOME", str(home / "store"))
    store = Store()
    with store.locked():
        held = store.put(Sheet(created_at=datetime(2026, 9, 1, tzinfo=UTC)))
    ran = check(CLEAN)
    assert (ran.code, ran.err[:8]) == (0, "warning:")
    assert "prices are 82 days old" in ran.err
    assert f"sheet@{held[:12]}" in ran.out.splitlines()[-1]


def test_a_doubtful_exchange_rate_is_said(check):
    ran = check('assumptions: [{id: a, value: "0.30 EUR/kWh", source: s, verified_at: 2026-11-20}]\n')
    assert (ran.code, ran.err[:8]) == (0, "warning:")
    assert "the exchange rate" in ran.err


def test_a_model_of_several_sellers_needs_one(check):
    ran = check(CLEAN.replace("openai/gpt-4o input", "gpt-4o input"))
    assert ran.code == 1
    assert "is sold by several; name one in the subject: azure, openai" in ran.out


def test_settings_name_options_as_the_command_line_does(check, home):
    (home / "tco.toml").write_text('[check]\nformat = "json"\n', encoding="utf-8")
    assert check(CLEAN).record["counts"] == {"error": 0, "warning": 0, "note": 0}


def test_a_rumoured_price_is_no_reference_unless_asked_for(tco, home):
    # deepseek-v4 had only a rumoured price on this day.
    text = (
        "assumptions:\n  - {id: v4, subject: deepseek/deepseek-v4 input, value: 0.1 USD/Mtok, source: s, "
        "verified_at: 2026-03-20}\n"
    )
    (home / "a.yaml").write_text(text, encoding="utf-8")
    ran = tco("check", "a.yaml", "--as-of", "2026-03-25")
    assert ran.code == 1
    assert "unmatched" in ran.out
    assert tco("check", "a.yaml", "--as-of", "2026-03-25", "--allow-rumoured").code == 0


def test_pinned_results_budget_and_verdict_of_a_workload(check):
    text = """\
golden:
  - {id: mini, workload: chat.yaml, option: gpt-4o-mini, value: "297 USD/month"}
budget:
  - {id: most, workload: chat.yaml, max: "300 USD/month"}
verdict:
  - {id: tier, workload: chat.yaml, cheapest_tier: api}
"""
    # 900k x (1200 x 0.15 + 250 x 0.60) / 1e6 = 162 + 135 = 297
    ran = check(text)
    assert (ran.code, ran.out[:13]) == (0, "clean: 3 item")
    ran = check(text.replace("297", "290").replace("300 USD", "200 USD"))
    assert ran.code == 1
    assert "moved by 2.41%" in ran.out
    assert "97 USD/month over the budget" in ran.out


def test_a_record_of_compare(check, tco, home):
    (home / "now.json").write_text(tco("compare", "chat.yaml", "--json", "--draws", "0").out, encoding="utf-8")
    assert check(CLEAN, "now.json").code == 0
    (home / "tco.toml").write_text('[check.budget]\nmax = "100 USD/month"\n', encoding="utf-8")
    ran = check(CLEAN, "now.json")
    assert ran.code == 1
    assert "over the budget" in ran.out


def test_a_claim_from_the_specification(check):
    # 15 / 0.10 = 150, not 50
    claim = (
        'claims:\n  - {id: cheaper, quote: "0.10 is 50x cheaper than 15", date: 2026-03-24, states: '
        "{quantity: saving, value: 50 x, formula: high / low, from: {high: 15 USD/Mtok, low: 0.10 USD/Mtok}}}\n"
    )
    ran = check(claim)
    assert ran.code == 1
    assert "150 x" in ran.out


def test_folders(tco, home):
    (home / "prices").mkdir()
    (home / "prices" / "a.yaml").write_text(CLEAN, encoding="utf-8")
    (home / "prices" / "b.yml").write_text(SLIPPED, encoding="utf-8")
    ran = tco("check", "prices", "--as-of", DAY)
    assert ran.code == 1
    assert "prices/b.yml:4:12" in ran.out
    (home / "none").mkdir()
    assert tco("check", "none").code == 2


def test_self_test(tco):
    ran = tco("check", "--self-test")
    assert (ran.code, ran.err) == (0, "")
    assert "MISSED" not in ran.out
    assert ran.out.splitlines()[-1] == "25 of 25 as they should be"


def test_self_test_fails_where_a_rule_is_blind(tco, monkeypatch):
    monkeypatch.setattr("tco.check.order.PAIRS", ())
    ran = tco("check", "--self-test")
    assert ran.code == 1
    assert "order                   MISSED" in ran.out
