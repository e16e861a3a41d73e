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
