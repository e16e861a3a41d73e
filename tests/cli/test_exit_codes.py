"""Exit codes: 0 answered, 1 the answer is no, 2 the input is wrong, 3 data missing, 70 a bug."""

from __future__ import annotations

import pytest

from tco import evaluate

UNPRICED = """\
provider: silent
offers:
  - {model: qwen3-8b, tier: api, unpriced: "the vendor names its price on request"}
"""
SILENT = """\
name: t
demand: {requests: "900k /month"}
tokens: {input: 1200, output: 250}
candidates:
  api: [silent/qwen3-8b]
  budget_cloud: []
  self_hosted: [{model: qwen3-8b, hardware: rtx-4090}]
site: {electricity: 0.15}
"""
ONLY_MINI = "candidates: {api: [openai/gpt-4o-mini], budget_cloud: [], self_hosted: []}\n"
ONLY_4090 = "candidates: {api: [], budget_cloud: [], self_hosted: [{model: qwen3-8b, hardware: rtx-4090}]}\n"


@pytest.fixture
def silent(home):
    folder = home / "mine" / "pricing" / "tokens"
    folder.mkdir(parents=True)
    (folder / "silent.yaml").write_text(UNPRICED, encoding="utf-8")
    (home / "silent.yaml").write_text(SILENT, encoding="utf-8")
    return "silent.yaml", "--data", "mine"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["compare", "chat.yaml"],
        ["compare", "chat.yaml", "--json", "--draws", "0"],
        ["compare", "chat.yaml", "--only", "api", "--top", "1", "--include-infeasible"],
        ["explain", "chat.yaml", "mini"],
        ["breakeven", "chat.yaml", "--own", "4090", "--versus", "mini"],
        ["breakeven", "chat.yaml", "--own", "4090", "--versus", "mini", "--solve-for", "site.staff_fte"],
        ["list", "hardware"],
        ["show", "models", "qwen3-8b"],
    ],
)
def test_0_answered(tco, arguments):
    ran = tco(*arguments)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("\n")


@pytest.mark.parametrize("flags", [[], ["--json"]])
@pytest.mark.parametrize(
    "changed",
    [
        "slo: {ttft_p95: 1e-9}\n" + ONLY_4090,
        "constraints: {local_only: true}\ncandidates: {self_hosted: []}\n",
        "constraints: {exclude_providers: [openai]}\n" + ONLY_MINI,
        "constraints: {residency: [mars]}\n" + ONLY_MINI,
    ],
)
def test_1_no_feasible_option(tco, home, flags, changed):
    text = 'name: t\ndemand: {requests: "900k /month"}\ntokens: {input: 1200, output: 250}\n' + changed
    (home / "w.yaml").write_text(text, encoding="utf-8")
    ran = tco("compare", "w.yaml", *flags)
    assert (ran.code, ran.err) == (1, "")
    if flags:
        assert ran.record["verdict"]["cheapest"] is None
        assert ran.record["verdict"]["text"]
        assert all(option["reasons"] and not option["feasible"] for option in ran.record["options"])
    else:
        assert ran.out


def test_2_the_input_is_wrong(tco):
    assert tco("compare", "chat.yaml", "--top", "0").code == 2
    assert tco("compare").code == 2
    assert tco().code == 2


def test_3_a_price_that_is_needed_is_not_known(tco, silent):
    ran = tco("breakeven", *silent, "--own", "4090", "--versus", "silent")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("silent/qwen3-8b has no bill to compare: ")
    assert "the vendor names its price on request" in ran.err


def test_an_unpriced_option_is_no_free_option(tco, silent):
    ran = tco("compare", *silent, "--json")
    assert ran.code == 0
    option = next(each for each in ran.record["options"] if each["id"] == "silent/qwen3-8b")
    assert (option["feasible"], option["usd_per_month"], option["ledger"]) == (False, None, [])
    assert "the vendor names its price on request" in " ".join(option["reasons"])
    assert ran.record["verdict"]["cheapest"] != "silent/qwen3-8b"


def broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError("by hand")


def test_70_a_bug_is_one_line_and_a_traceback_only_with_debug(tco, monkeypatch):
    monkeypatch.setattr(evaluate, "run", broken)
    ran = tco("compare", "chat.yaml")
    assert (ran.code, ran.out) == (70, "")
    assert ran.err == "tco: a bug: ZeroDivisionError: by hand; run again with --debug and report it\n"
    with pytest.raises(ZeroDivisionError):
        tco("--debug", "compare", "chat.yaml")
    monkeypatch.setenv("TCO_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        tco("compare", "chat.yaml")
