"""Budgets and verdicts of ``tco.toml`` on records as ``tco compare --json`` writes them."""

from __future__ import annotations

import json

import pytest

DAY = "2026-11-22"
# 900k x (1200 x 0.15 + 250 x 0.60) / 1e6 = 162 + 135 = 297 USD/month; a million tokens: 297 / 1305 = 0.2276 USD
CHAT = """\
name: chat
demand: {requests: "900k /month"}
tokens: {input: 1200, output: 250}
candidates: {api: [openai/gpt-4o-mini], budget_cloud: [], self_hosted: []}
site: {electricity: 0.15}
"""
DEARER = CHAT.replace("output: 250", "output: 500")  # 162 + 270 = 432: +135, +45.4545%
CHEAPER = CHAT.replace("output: 250", "output: 125")  # 162 + 67.5 = 229.5: -67.5, -22.7273%
TWICE = CHAT.replace("900k", "1800k")  # 594: +297, +100%; a million tokens cost the same
OWN = """\
name: chat
demand: {requests: "900k /month"}
tokens: {input: 1200, output: 250}
candidates:
  api: [anthropic/claude-haiku-4.5]
  budget_cloud: []
  self_hosted: [{model: qwen3-8b, hardware: rtx-4090}]
site: {electricity: 0.15}
"""
FLIPPED = CHAT.replace("budget_cloud: []", "budget_cloud: [together/deepseek-v4-flash]")
NOBODY = OWN.replace("api: [anthropic/claude-haiku-4.5]", "api: []").replace(
    "site:", "slo: {ttft_p95: 0.001 ms}\nsite:"
)


@pytest.fixture
def record(tco, home):
    """Compare a workload; the record is in a file."""

    def call(text, name):
        (home / "w.yaml").write_text(text, encoding="utf-8")
        ran = tco("compare", "w.yaml", "--json", "--draws", "0", "--as-of", DAY)
        (home / name).write_text(ran.out, encoding="utf-8")
        return json.loads(ran.out)

    return call


@pytest.fixture
def judge(tco, home, record):
    """Errors about the record of a workload, held against that of another; settings are the tables below [check]."""

    def call(now, before, settings, *arguments):
        (home / "tco.toml").write_text(settings, encoding="utf-8")
        record(now, "now.json")
        baseline = []
        if before is not None:
            record(before, "before.json")
            baseline = ["--baseline", "before.json"]
        ran = tco("check", "now.json", *baseline, "--as-of", DAY, "--json", *arguments)
        if not ran.out:
            return ran.code, [ran.err.strip()]
        held = ran.record
        return ran.code, [each["message"] for each in (*held["findings"], *held["failures"])]

    return call


@pytest.mark.parametrize(
    ("now", "settings", "messages"),
    [
        # absolute
        (CHAT, 'max = "297 USD/month"', []),
        (CHAT, "max = 297", []),
        (CHAT, 'max = "3,564 USD/year"', []),
        (CHAT, 'max = "296 USD/month"', ["usd_per_month of openai/gpt-4o-mini is 1 USD/month over the budget"]),
        (CHAT, "min = 300", ["usd_per_month of openai/gpt-4o-mini is 3 USD/month under the least expected"]),
        (CHAT, 'field = "usd_per_mtok"\nmax = "0.23 USD/Mtok"', []),
        # relative and by an amount, up
        (DEARER, 'max_increase = "46 %"', []),
        (DEARER, 'max_increase = "45 %"', ["usd_per_month rose by 135 USD/month (45.5%)"]),
        (DEARER, 'max_increase = "135 USD/month"', []),
        (DEARER, 'max_increase = "134 USD/month"', ["usd_per_month rose by 135 USD/month (45.5%)"]),
        (DEARER, 'max_decrease = "0 %"', []),
        (TWICE, 'field = "usd_per_mtok"\nmax_increase = "0 %"\nmax_decrease = "0 %"', []),
        # down
        (CHEAPER, 'max_decrease = "23 %"', []),
        (CHEAPER, 'max_decrease = "22 %"', ["usd_per_month fell by 67.5 USD/month (22.7%)"]),
        (CHEAPER, 'max_decrease = "67 USD/month"', ["usd_per_month fell by 67.5 USD/month (22.7%)"]),
        (CHEAPER, 'max_increase = "0 %"', []),
        # an option by a part of its name
        (
            CHAT,
            'option = "gpt-4o-mini"\nmax = 100',
            ["usd_per_month of openai/gpt-4o-mini is 197 USD/month over the budget"],
        ),
    ],
)
def test_budgets(judge, now, settings, messages):
    assert judge(now, CHAT, f"[check.budget]\n{settings}\n") == (1 if messages else 0, messages)


def test_several_budgets(judge):
    settings = '[[check.budget]]\nmax = 400\n[[check.budget]]\nmax_increase = "10 %"\n'
    code, messages = judge(DEARER, CHAT, settings)
    assert (code, len(messages)) == (1, 2)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('[check.budget]\nmax_increase = "5 USD/Mtok"\n', "which is USD/Mtok; expected USD/month"),
        ('[check.budget]\nfield = "usd_per_moth"\nmax = 5\n', "got field 'usd_per_moth'"),
        ('[check.verdict]\nmin_margin = "20 USD"\n', "got min_margin '20 USD'; expected a share"),
        ('[check.verdict]\nmin_margin = "20"\n', "unit"),
        ('[check.verdict]\ncheapest_tier = "cloud"\n', "cheapest_tier"),
    ],
)
def test_what_cannot_be_asked_is_wrong_input(judge, settings, words):
    code, messages = judge(CHAT, CHAT, settings)
    assert code == 2
    assert words in " ".join(messages)


def test_a_change_needs_a_baseline_or_the_word_that_it_is_new(judge):
    settings = '[check.budget]\nmax_increase = "10 %"\nmax = 100\n'
    code, messages = judge(CHAT, None, settings)
    assert code == 3
    assert "no baseline of workload 'chat'" in messages[-1]
    code, messages = judge(CHAT, None, settings, "--allow-new")
    assert code == 1  # the bound on the cost itself holds for what is new, too
    assert "197 USD/month over the budget" in " ".join(messages)
    assert "new: no baseline of workload 'chat', so its change is not judged" in messages
    other = CHAT.replace("name: chat", "name: other")
    assert judge(CHAT, other, settings)[0] == 3
    assert judge(CHAT, NOBODY, settings)[0] == 3
    _, messages = judge(CHAT, NOBODY, settings, "--allow-new")
    assert "new: the baseline has no option 'cheapest', so its change is not judged" in messages


# --- verdicts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("", 1),
        ("[check.budget]\nmax = 1000\n", 1),  # budgets do not switch it off
        ("[check.verdict]\nsame_as_baseline = false\n", 0),
        ('[check.rules]\nverdict = "warning"\n', 0),
    ],
)
def test_a_flip(judge, settings, code):
    left, messages = judge(FLIPPED, CHAT, settings)
    assert left == code
    flipped = "the verdict flipped: the cheapest tier was api, now it is budget_cloud"
    assert messages == ([] if "same_as" in settings else [flipped])
    assert judge(CHAT, CHAT, settings) == (0, [])


def test_the_expected_tier_and_option(judge):
    tier = '[check.verdict]\ncheapest_tier = "api"\n'
    assert judge(CHAT, None, tier) == (0, [])
    assert judge(FLIPPED, None, tier) == (1, ["the cheapest tier is budget_cloud, not api"])
    option = '[check.verdict]\ncheapest = "gpt-4o-mini"\n'
    assert judge(CHAT, None, option) == (0, [])
    assert judge(FLIPPED, None, option) == (1, ["the cheapest option is together/deepseek-v4-flash"])


def test_the_margin_to_break_even(judge, record):
    held = record(OWN, "now.json")
    volume, crossings = held["workload"]["requests_per_month"], held["breakeven"][0]["crossings"]
    nearest = min(abs(each["volume"] - volume) / volume for each in crossings)
    assert 0.01 < nearest < 10
    below, above = (
        f'[check.verdict]\nmin_margin = "{100 * share:.4f} %"\n' for share in (0.99 * nearest, 1.01 * nearest)
    )
    assert judge(OWN, None, below) == (0, [])
    code, messages = judge(OWN, None, above)
    assert code == 1
    assert "break-even of own:rtx-4090/qwen3-8b" in messages[0]
    assert judge(OWN, None, f"[check.verdict]\nmin_margin = {1.01 * nearest}\n")[0] == 1


def test_what_nobody_can_serve(judge):
    for settings in ("", "[check.budget]\nmax = 5\n"):
        code, messages = judge(NOBODY, CHAT, settings)
        assert code == 1
        assert set(messages) == {"no option can serve the workload"}


def test_changes_in_json(tco, home, record):
    record(CHAT, "before.json")
    record(FLIPPED, "now.json")
    ran = tco("check", "now.json", "--baseline", "before.json", "--as-of", DAY, "--json", "--warn-only")
    api, cloud = ran.record["changes"]
    assert (api["option_before"], api["was_cheapest"], api["is_cheapest"]) == ("openai/gpt-4o-mini", True, False)
    assert (api["usd_per_month"], api["change_usd_per_month"]) == (pytest.approx(297.0), 0.0)
    assert (cloud["option_before"], cloud["option"], cloud["is_cheapest"]) == (None, "together/deepseek-v4-flash", True)
    assert tco("check", "now.json", "--as-of", DAY, "--json").record["changes"] == []


def test_a_budget_that_judges_nothing_says_so(tco, home, record):
    (home / "tco.toml").write_text("[check.budget]\nmax = 30\n", encoding="utf-8")
    record(CHAT, "now.json")
    silent = tco("check", "w.yaml", "--as-of", DAY)
    assert silent.code == 0
    assert "check.budget and check.verdict judge records" in silent.err
    assert "judge records" not in tco("check", "now.json", "--as-of", DAY).err
