"""Settings and baselines: what is wrong with them is said, never guessed."""

from __future__ import annotations

import json

import pytest

from tco.check import settings
from tco.check.baseline import load
from tco.check.selftest import planted_record
from tco.errors import InvalidInputError, MissingDataError


def read(tmp_path, text):
    path = tmp_path / "tco.toml"
    path.write_text(text, encoding="utf-8")
    return settings.read(path)


def test_defaults(tmp_path):
    held = settings.read(tmp_path / "tco.toml")
    assert (held.level("drift"), held.level("stale-data"), held.limit("price_days")) == ("error", "warning", 45.0)


def test_levels_limits_and_tables(tmp_path):
    held = read(
        tmp_path,
        '[check]\nfail_on = "warning"\n[check.rules]\nstale = "off"\ndrift = "warning"\n'
        "[check.limits]\nprice_days = 60\n"
        "[[check.budget]]\nmax = 5\n[[check.budget]]\nmax = 6\n[check.verdict]\nmin_margin = 0.2\n",
    )
    assert (held.level("stale"), held.level("drift"), held.level("unit")) == ("off", "warning", "error")
    assert (held.limit("price_days"), held.limit("hardware_days")) == (60.0, 180.0)
    assert held.budgets == ({"max": 5}, {"max": 6})
    assert held.verdicts == ({"min_margin": 0.2},)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[check.rules]\nstal = "off"\n', r"check\.rules\.stal: no such rule; did you mean 'stale'\?"),
        ('[check.rules]\nstale = "info"\n', "expected one of: off, note, warning, error"),
        ("[check.rules]\nstale = 5\n", "expected one of: off"),
        ('[check.rules]\nschema = "off"\n', "always an error"),
        ("[check]\nrules = 5\n", "expected a table"),
        ("[check]\nlimits = 5\n", "expected a table"),
        ("[check.limits]\nprice_day = 5\n", "did you mean 'price_days'"),
        ("[check.limits]\nprice_days = -5\n", "at least 0"),
        ("[check.limits]\nprice_days = true\n", "at least 0"),
        ("[check.limits]\nprice_days = nan\n", "at least 0"),
        ("[check]\nbudget = 5\n", "expected a table"),
        ("[check", "cannot be read"),
    ],
)
def test_wrong_settings(tmp_path, text, words):
    with pytest.raises(InvalidInputError, match=words):
        read(tmp_path, text)


def test_all_problems_at_once(tmp_path):
    with pytest.raises(InvalidInputError) as caught:
        read(tmp_path, '[check.rules]\nx = "off"\ny = "off"\n[check.limits]\nz = 1\n')
    assert len(caught.value.problems) == 3


ITEM = "assumptions: [{id: a, value: 5 USD/Mtok}]\n"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("none.yaml", None, "no such file"),
        ("empty.yaml", "", "file is empty"),
        ("bad.json", "{", "not JSON"),
        ("bad.yaml", "a: [", "not valid YAML"),
        ("other.json", '{"schema": "tco.explain/1"}', "no record of `tco compare --json`"),
        ("other.yaml", "foo: 1\n", "holds no assumptions"),
        ("noid.yaml", "assumptions: [{value: 5}]\n", "missing"),
        ("nounit.yaml", "assumptions: [{id: a, value: 5}]\n", "without a unit"),
        ("nan.yaml", "assumptions: [{id: a, value: .nan}]\n", "finite"),
    ],
)
def test_a_baseline_that_cannot_be_used_is_an_error(tmp_path, context, name, text, words):
    path = tmp_path / name
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(MissingDataError, match=words) as caught:
        load([path], context.usd_per)
    assert caught.value.exit_code == 3
    assert str(caught.value).startswith("--baseline ")


def test_an_empty_folder_is_no_baseline(tmp_path, context):
    with pytest.raises(MissingDataError, match="holds no assumptions"):
        load([tmp_path], context.usd_per)


def test_baselines_of_both_kinds(tmp_path, context):
    (tmp_path / "a.yaml").write_text(ITEM, encoding="utf-8")
    (tmp_path / "r.json").write_text(json.dumps(planted_record()), encoding="utf-8")
    (tmp_path / "note.yaml").write_text("name: x\n", encoding="utf-8")
    (tmp_path / "other.json").write_text('{"schema": "tco.sheet/1"}', encoding="utf-8")
    for paths in ([tmp_path], [tmp_path / "a.yaml", tmp_path / "r.json"]):
        held = load(paths, context.usd_per)
        assert held is not None
        assert held.values["a"].base == 5
        assert list(held.results) == ["planted"]
    assert load([], context.usd_per) is None
