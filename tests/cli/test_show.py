"""What ``tco list`` prints as the name of a row, ``tco show`` accepts."""

from __future__ import annotations

import pytest

DAY = ["--as-of", "2026-11-22"]
KEYS = {
    "quality": ("model", "benchmark"),
    "rentals": ("provider", "instance", "region"),
    "electricity": ("country", "region", "sector", "band"),
}


@pytest.mark.parametrize("what", sorted(KEYS))
def test_a_listed_name_is_shown(tco, home, what):
    rows = tco("list", what, "--json", *DAY).record["items"]
    row = rows[len(rows) // 2]
    name = "/".join(str(row[key]) for key in KEYS[what] if row[key])
    found = tco("show", what, name, "--json", *DAY).record["item"]
    assert row in found
    assert len(found) <= len(tco("show", what, row[KEYS[what][0]], "--json", *DAY).record["item"])


def test_a_name_nobody_has_suggests_listed_names(tco, home):
    ran = tco("show", "quality", "qwen3-32b/gpqa-diamant", *DAY)
    assert ran.code == 2
    assert "did you mean 'qwen3-32b/gpqa-diamond'" in ran.err


@pytest.mark.parametrize(
    ("what", "option", "name", "holds"),
    [
        ("rentals", "--hardware", "h100", lambda row: row["hardware"] == "h100-sxm"),
        ("hardware", "--hardware", "rtx-4090", lambda row: row["id"] == "rtx-4090"),
        ("rentals", "--provider", "runpod", lambda row: row["provider"] == "runpod"),
        ("prices", "--provider", "Anthropic", lambda row: row["id"].startswith("anthropic/")),
        ("plans", "--provider", "intercom", lambda row: row["provider"] == "intercom"),
        ("prices", "--model", "qwen3-32b", lambda row: row["id"].endswith("/qwen3-32b")),
        ("models", "--model", "Qwen3 8B", lambda row: row["id"] == "qwen3-8b"),
        ("quality", "--model", "qwen3-32b", lambda row: row["model"] == "qwen3-32b"),
    ],
)
def test_only_what_is_asked_for_is_listed(tco, home, what, option, name, holds):
    every = tco("list", what, "--json", *DAY).record["items"]
    found = tco("list", what, option, name, "--json", *DAY).record["items"]
    assert found == [row for row in every if holds(row)]
    assert 0 < len(found) < len(every)


def test_filters_add_up(tco, home):
    found = tco("list", "rentals", "--hardware", "h100-sxm", "--provider", "runpod", "--json", *DAY).record["items"]
    assert {(row["provider"], row["hardware"]) for row in found} == {("runpod", "h100-sxm")}
    ran = tco("list", "rentals", "--hardware", "gb10", *DAY)  # known, and nobody rents it out
    assert (ran.code, ran.out) == (0, "No rentals of gb10 in the catalogue on 2026-11-22.\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["hardware", "--provider", "aws"], "--provider does not apply to hardware; it applies to: prices, rentals"),
        (["electricity", "--model", "qwen3-8b"], "--model does not apply to electricity; it applies to: models"),
        (["prices", "--hardware", "h100"], "--hardware does not apply to prices; it applies to: hardware, rentals"),
        (["rentals", "--hardware", "h100-sxn"], "no hardware 'h100-sxn'; did you mean 'h100-sxm'"),
        (["rentals", "--provider", "runpd"], "no provider 'runpd'; did you mean 'runpod'"),
        (["prices", "--model", "gpt-4o-mni"], "no model 'gpt-4o-mni'; did you mean 'gpt-4o-mini'"),
    ],
)
def test_a_filter_that_cannot_be_kept(tco, home, arguments, says):
    ran = tco("list", *arguments, *DAY)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
