"""Where sources disagree: the ratio, who is dated, what was chosen and why."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tco.sheets.reconcile import reconcile
from tco.sheets.sheet import Held
from tests.sheetkit import offer, row

ON = date(2026, 11, 22)
SEEN = (date(2026, 11, 20), date(2026, 11, 20))


def said(name, usd_in, **stated):
    return name, [offer("m", row(usd_in, "8", **stated))]


def test_agreement_is_not_listed():
    assert reconcile([said("a", "1"), said("b", "1.0")], [offer("m", row("1", "8"))], on=ON) == []


def test_curated_decides():
    (found,) = reconcile(
        [said("curated", "1"), said("litellm", "4", observed=SEEN)], [offer("m", row("1", "8"))], on=ON
    )
    assert (found.meter, found.ratio, found.decided) == ("input", 4.0, True)
    assert (found.chosen_usd, found.chosen_source) == (Decimal(1), "curated")
    assert [part.dated for part in found.opinions] == [True, False]
    assert found.why.startswith("curated, since 2026-01-01")


def test_two_that_agree_decide():
    opinions = [said("a", "1"), said("b", "1"), said("c", "7")]
    (found,) = reconcile(opinions, [offer("m", row("1", "8"))], on=ON)
    assert found.decided
    assert found.why == "2 sources agree: a, b"


def test_far_apart_is_undecided_and_comes_first():
    near = offer("n", row("1", "8"))
    opinions = [
        ("a", [offer("m", row("1", "8")), near]),
        ("b", [offer("m", row("3.01", "8")), offer("n", row("3", "8"))]),
    ]
    found = reconcile(opinions, [offer("m", row("1", "8")), near], on=ON)
    assert [(each.model, each.decided) for each in found] == [("m", False), ("n", True)]
    assert "far apart" in found[0].why


def test_held_for_review():
    held = [Held(offer("m", row("9", "8")), "it slipped")]
    (found,) = reconcile([said("a", "1"), said("b", "9")], [], on=ON, held=held)
    assert (found.decided, found.chosen_usd, found.why) == (False, None, "held for review: it slipped")


def test_zero_has_no_ratio():
    (found,) = reconcile([said("a", "0"), said("b", "1")], [offer("m", row("1", "8"))], on=ON)
    assert found.ratio is None
    assert not found.decided


def test_days_matter():
    later = ("b", [offer("m", row("1", "8"), row(str(Decimal(2)), "8", since=date(2026, 12, 1)))])
    assert reconcile([said("a", "1"), later], [], on=ON) == []
    assert len(reconcile([said("a", "1"), later], [], on=date(2026, 12, 1))) == 1
