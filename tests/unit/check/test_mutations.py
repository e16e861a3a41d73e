"""For each rule a family of seeded corruptions of a clean file: each is caught, and none is seen in the clean one."""

from __future__ import annotations

import random
import re

import pytest

from tco.check import selftest
from tco.check.finding import RULES
from tco.check.run import check_text

N_SEEDS = 25
DAY = "2026-11-01"
CLEAN = "assumptions:\n" + "".join(
    f"""\
  - id: {name}
    subject: planted/model-2 {meter}
    value: "{usd} USD/Mtok"
    source: {{url: "https://…", quote: "{usd}"}}
    verified_at: {DAY}
    valid_until: 2027-01-01
    owner: finops
    grade: official
    decision_critical: true
"""
    for name, meter, usd in (("in", "input", 5), ("out", "output", 25))
)


def pick(text: str, pattern: str, new: str, chance: random.Random) -> str:
    """Replace one match of a pattern."""
    match = chance.choice(list(re.finditer(pattern, text)))
    return text[: match.start()] + new + text[match.end() :]


def unit(text, chance):
    wrong = chance.choice(["USD/ktok", "USD/tok", "USD/Mtk", "USD", "USD/h", "parsecs", ""])
    return pick(text, r" USD/Mtok", f" {wrong}" if wrong else "", chance)


def plausible(text, chance):
    return pick(
        text,
        r'"(5|25) USD/Mtok"',
        chance.choice(['"0 USD/Mtok"', '"-5 USD/Mtok"', '"1e9 USD/Mtok"', "", '"x"']),
        chance,
    )


def stale(text, chance):
    return pick(
        text, rf"verified_at: {DAY}\n", f"verified_at: 20{chance.randint(10, 25)}-0{chance.randint(1, 9)}-01\n", chance
    )


def expired(text, chance):
    return pick(text, "valid_until: 2027-01-01", f"valid_until: 2026-{chance.randint(1, 10):02}-15", chance)


def future(text, chance):
    return pick(text, rf"verified_at: {DAY}", f"verified_at: 2026-12-{chance.randint(1, 28):02}", chance)


def unsourced(text, chance):
    return pick(text, r"source: \{.*\}", chance.choice(["source: ''", "source: {}", "note: x"]), chance)


def weak_source(text, chance):
    return pick(text, "grade: official", f"grade: {chance.choice(['secondary', 'estimate', 'rumoured'])}", chance)


def rumoured(text, chance):
    return pick(text, "grade: official", "grade: rumoured", chance)


def drift(text, chance):
    factor = chance.choice([chance.uniform(0.3, 0.98), chance.uniform(1.02, 2.5)])
    match = chance.choice(list(re.finditer(r'"(5|25) USD', text)))
    return text[: match.start()] + f'"{float(match[1]) * factor:.4f} USD' + text[match.end() :]


def unmatched(text, chance):
    return pick(text, "model-2", f"model-{chance.randint(3, 99)}", chance)


def order(text, chance):
    return text.replace('"25 USD', f'"{chance.uniform(0.5, 4.9):.3f} USD')


def step(text, chance):
    return text.replace('"5 USD', f'"{chance.choice([chance.uniform(9.1, 90), chance.uniform(0.01, 0.9)]):.3f} USD')


def waiver(text, chance):
    broken = chance.choice([
        "{rule: drift}", "{rule: drift, owner: me, reason: r}",
        "{rule: drift, owner: me, reason: r, until: 2026-11-21}",
        "{rule: drfit, owner: me, reason: r, until: 2027-01-01}",
        "{rule: drift, owner: '', reason: r, until: 2027-01-01}",
    ])  # fmt: skip
    return pick(text, "owner: finops\n", f"owner: finops\n    waive: [{broken}]\n", chance)


def schema(text, chance):
    return pick(text, "(owner|grade|source): ", chance.choice(["ownr: ", "grde: ", "source: &a ]", "id: "]), chance)


FAMILIES = {
    "unit": unit, "plausible": plausible, "stale": stale, "expired": expired, "future": future, "unsourced": unsourced,
    "weak-source": weak_source, "rumoured": rumoured, "drift": drift, "unmatched": unmatched, "order": order,
    "step": step, "waiver": waiver, "schema": schema,
}  # fmt: skip


def rules_of(text, context):
    from tco.check.finding import of_problem
    from tco.errors import InvalidInputError

    try:
        return {each.rule for each in check_text(text, "f.yaml", context)[0]}
    except InvalidInputError as error:
        return {of_problem(problem).rule for problem in error.problems}


def test_the_clean_file_is_clean(context):
    assert rules_of(CLEAN, context) == set()


@pytest.mark.parametrize("rule", FAMILIES)
def test_every_corruption_is_caught(context, rule):
    chance = random.Random(rule)
    missed = []
    for _ in range(N_SEEDS):
        broken = FAMILIES[rule](CLEAN, chance)
        assert broken != CLEAN
        if rule not in rules_of(broken, context):
            missed.append(broken)
    assert not missed, f"{len(missed)} of {N_SEEDS} not caught, first:\n{missed[0]}"


NUMBERS = {
    "golden": ('value: "100 USD/month"', 'value: "{} USD/month"', (10, 99), (101, 900)),
    "budget": ('max: "120 USD/month"', 'max: "{} USD/month"', (1, 99), (1, 99)),
    "verdict": ('min_margin: "20 %"', 'min_margin: "{} %"', (101, 900), (101, 900)),  # the crossing is 100% away
}


@pytest.mark.parametrize("rule", NUMBERS)
def test_every_corruption_of_a_result_is_caught(context, rule):
    clean, broken, *ranges = NUMBERS[rule]
    chance = random.Random(rule)
    for _ in range(N_SEEDS):
        text = selftest.CLEAN.replace(clean, broken.format(chance.randint(*chance.choice(ranges))))
        assert rules_of(text, context) == {rule}


def test_the_self_test_sees_each_planted_error():
    results = selftest.run()
    assert [each.rule for each in results] == ["(clean)", *RULES]
    assert [each.rule for each in results if not each.caught] == []


def test_the_self_test_fails_when_a_rule_is_blind(monkeypatch):
    monkeypatch.setattr("tco.check.assumptions._of_age", lambda *_: iter(()))
    assert [each.rule for each in selftest.run() if not each.caught] == ["stale"]


def test_the_self_test_fails_when_a_clean_file_is_not(monkeypatch):
    monkeypatch.setattr(selftest, "CLEAN", selftest.CLEAN.replace('"5 USD/Mtok"', '"6 USD/Mtok"'))
    monkeypatch.setattr(selftest, "PLANTED", dict.fromkeys(selftest.PLANTED, ("id: in", "id: x")))
    assert not selftest.run()[0].caught
