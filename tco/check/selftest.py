"""Planted errors: one broken item a rule, each of which the gate must see, and a clean one that it must let pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from tco.check.baseline import Baseline
from tco.check.context import Context
from tco.check.finding import RULES, Finding
from tco.check.prices import of_catalogue, of_offers
from tco.check.run import check_text
from tco.check.settings import Settings
from tco.check.value import Value
from tco.describe.offer import RateRow, TokenOffer
from tco.errors import MissingDataError
from tco.files.catalogue import Catalogue

DAY = date(2026, 11, 22)
CLEAN = """\
assumptions:
  - {id: in, subject: planted/model-2 input, value: "5 USD/Mtok", source: {url: "https://…"}, grade: official,
     verified_at: 2026-11-01}
  - {id: out, subject: planted/model-2 output, value: "25 USD/Mtok", source: {url: "https://…"}, grade: official,
     verified_at: 2026-11-01, decision_critical: true}
golden:
  - {id: pinned, workload: planted, value: "100 USD/month"}
budget:
  - {id: monthly, workload: planted, max: "120 USD/month", max_increase: "10 %", max_decrease: "10 %"}
verdict:
  - {id: tier, workload: planted, cheapest_tier: api, min_margin: "20 %"}
"""
DATA = """\
provider: planted
offers:
  - model: model-2
    tier: api
    rates:
      - {since: 2026-01-01, usd_per_mtok: {input: 5, output: 25}, source: "https://…", as_of: 2026-01-01, kind: vendor}
"""
# Rule -> what is replaced in the clean file, and by what.
PLANTED: Mapping[str, tuple[str, str]] = {
    "schema": ("decision_critical: true", "decision_critcal: true"),
    "unit": ('"5 USD/Mtok"', '"5 USD/ktok"'),
    "plausible": ('"5 USD/Mtok"', '"0 USD/Mtok"'),
    "stale": ("verified_at: 2026-11-01}\n  -", "verified_at: 2026-09-01}\n  -"),
    "expired": ("verified_at: 2026-11-01}\n  -", "verified_at: 2026-11-01, valid_until: 2026-11-21}\n  -"),
    "future": ("verified_at: 2026-11-01}\n  -", "verified_at: 2026-11-23}\n  -"),
    "unsourced": ('source: {url: "https://…"}', 'source: ""'),
    "weak-source": ("grade: official,\n     verified_at: 2026-11-01, decision", "grade: estimate,\n     decision"),
    "rumoured": ("grade: official", "grade: rumoured"),
    "drift": ('"5 USD/Mtok"', '"5.5 USD/Mtok"'),
    "unmatched": ("model-2 input", "model-9 input"),
    "order": ('"25 USD/Mtok"', '"2.5 USD/Mtok"'),
    "step": ('"5 USD/Mtok"', '"9.5 USD/Mtok"'),
    "golden": ('value: "100 USD/month"', 'value: "101 USD/month"'),
    "budget": ('max: "120 USD/month"', 'max: "99 USD/month"'),
    "verdict": ("cheapest_tier: api", "cheapest_tier: self_hosted"),
    "waiver": ("grade: official,", "grade: official, waive: [{rule: drift, owner: me, reason: r, until: 2026-01-01}],"),
}  # fmt: skip


# Rule -> what a claim states; a claim of 150 times is right.
CLAIMS: Mapping[str, str] = {
    "claim-unit": "{quantity: price, value: 800 USD/Mtok, about: {model: claude-haiku-3.5, meter: input}}",
    "claim-arithmetic": "{quantity: saving, value: 50 x, formula: high / low, "
    "from: {high: 15 USD/Mtok, low: 0.10 USD/Mtok}}",
    "claim-contradicts": "{quantity: price, value: 3 USD/Mtok, about: {model: gpt-4o, meter: input}}",
    "claim-stale": "{quantity: price, value: 5 USD/Mtok, about: {model: gpt-4o, meter: input}}",
    "claim-needs-assumption": "{quantity: throughput, value: 40 tok/s, about: {model: qwen3-8b}}",
    "claim-unverifiable": "{quantity: spend, value: 3 USD, about: {org: nobody}}",
}  # fmt: skip
CLAIM = 'claims: [{{id: planted, quote: "…", date: 2026-03-24, states: {}}}]\n'


@dataclass(frozen=True, slots=True)
class Planted:
    """What became of one planted error."""

    rule: str
    caught: bool
    message: str


def run() -> list[Planted]:
    """One result a rule, and first of all that the clean file is clean."""
    context = planted_context()
    right = CLAIM.format(CLAIMS["claim-arithmetic"].replace("50 x", "150 x"))
    false = [*_check(CLEAN, context), *_check(right, context)]
    first = Planted("(clean)", not false, f"{false[0].rule}: {false[0].message}" if false else "nothing found")
    claims = replace(context, prices=of_catalogue(context.catalogue))
    return [first, *(_planted(rule, claims if rule in CLAIMS else context) for rule in RULES)]


def _planted(rule: str, context: Context) -> Planted:
    found = [finding for text in _texts(rule) for finding in _check(text, context) if finding.rule == rule]
    return Planted(rule, bool(found), found[0].message if found else "not caught")


def _texts(rule: str) -> Iterator[str]:
    """The broken files of a rule."""
    if rule in PLANTED:
        clean, broken = PLANTED[rule]
        if clean not in CLEAN:
            raise AssertionError(f"{rule}: {clean!r} is not in the clean file")
        yield CLEAN.replace(clean, broken, 1)
    elif rule == "stale-data":
        yield DATA
    else:
        yield CLAIM.format(CLAIMS[rule])


def _check(text: str, context: Context) -> list[Finding]:
    return check_text(text, "planted.yaml", context)[0]


def planted_context() -> Context:
    """A sheet of one model, a result of one option, and what both were before: nothing is read from outside."""
    rates = (("5", "25", date(2026, 1, 1)), ("15", "75", date(2025, 1, 1)))
    offer = TokenOffer(
        provider="planted", model="model-2", tier="api",
        rates=tuple(
            RateRow(
                since=since, usd_per_mtok={"input": Decimal(price), "output": Decimal(output)}, source="planted",
                as_of=DAY, kind="vendor",
            )
            for price, output, since in rates
        ),
    )  # fmt: skip
    record = planted_record()
    values = {"in": Value(Decimal(5), "USD/Mtok", "5 USD/Mtok", Decimal(1))}
    return Context(
        as_of=DAY, catalogue=Catalogue(use_sheet=False), prices=of_offers("planted sheet", (offer,)), compare=_compare,
        settings=Settings(), baseline=Baseline("planted", values, {"planted": record}),
    )  # fmt: skip


def _compare(workload: str, on: date) -> dict[str, Any]:
    if workload != "planted":
        raise MissingDataError(f"no workload {workload} on {on}")
    return planted_record()


def planted_record() -> dict[str, Any]:
    """A record of ``tco compare`` with one option."""
    return {
        "schema": "tco.compare/1",
        "workload": {"name": "planted", "requests_per_month": 1000.0},
        "options": [{"id": "planted/model-2", "tier": "api", "feasible": True, "reasons": [], "usd_per_month": 100.0}],
        "breakeven": [{"own": "own:gpu", "versus": "planted/model-2", "crossings": [{"volume": 2000.0}]}],
        "verdict": {"cheapest": "planted/model-2", "text": "planted"},
        "provenance": {"as_of": DAY.isoformat(), "price_sheets": []},
    }
