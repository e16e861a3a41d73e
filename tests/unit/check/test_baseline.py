"""What held before, from several files; and what is new."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tco.check.baseline import Baseline, load
from tco.check.results import load as load_record
from tco.check.run import check_text, run
from tco.check.selftest import planted_record
from tco.check.settings import Settings
from tco.errors import InvalidInputError, MissingDataError

ITEM = 'assumptions: [{{id: a, value: "{} USD/h", source: s, verified_at: 2026-11-01}}]\n'


@pytest.fixture
def tree(tmp_path):
    """An older state of two files that use the same id."""
    for name, value in (("one", 1), ("two", 10)):
        path = tmp_path / "old" / name / "a.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(ITEM.format(value), encoding="utf-8")
    return tmp_path / "old"


@pytest.mark.parametrize(
    ("path", "value", "n"),
    [("one/a.yaml", 1.5, 0), ("two/a.yaml", 1.5, 1), ("one/a.yaml", 10, 1), ("/abs/two/a.yaml", 10, 0)],
)
def test_an_id_that_two_files_use_is_that_of_the_file_of_the_same_name(context, tree, path, value, n):
    before = load([tree], context.usd_per)
    found, _ = check_text(ITEM.format(value), path, replace(context, baseline=before))
    assert [each.rule for each in found] == ["step"] * n


def test_two_records_of_one_workload_that_differ_are_an_error(context, tmp_path):
    one, two = planted_record(), planted_record()
    (tmp_path / "1.json").write_text(json.dumps(one), encoding="utf-8")
    (tmp_path / "2.json").write_text(json.dumps(two), encoding="utf-8")
    assert load([tmp_path], context.usd_per) is not None  # the same record twice is harmless
    two["options"][0]["usd_per_month"] = 5.0
    (tmp_path / "2.json").write_text(json.dumps(two), encoding="utf-8")
    with pytest.raises(MissingDataError, match="a second record of workload 'planted', which differs"):
        load([tmp_path], context.usd_per)


def test_what_holds_nothing_to_compare_with_is_fine_where_new_is_allowed(context, tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text("claims: []\n", encoding="utf-8")
    with pytest.raises(MissingDataError, match="holds no assumptions"):
        load([path], context.usd_per)
    assert load([path], context.usd_per, allow_new=True) == Baseline(str(path))
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(MissingDataError, match="not valid YAML"):
        load([path], context.usd_per, allow_new=True)


def test_new_is_a_note_and_a_row(context, tmp_path):
    path = tmp_path / "now.json"
    path.write_text(json.dumps(planted_record()), encoding="utf-8")
    settings = Settings(budgets=({"max_increase": "10 %"},))
    report = run([path], replace(context, settings=settings, baseline=None, allow_new=True))
    assert [(each.rule, each.severity) for each in report.findings] == [("budget", "note")]
    assert report.exit_code("warning") == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_record_with_what_is_no_number_is_no_json(tmp_path, number):
    path = tmp_path / "now.json"
    path.write_text(json.dumps(planted_record()).replace("100.0", number), encoding="utf-8")
    with pytest.raises(InvalidInputError, match=rf"not JSON: got {number}"):
        load_record(path)


def test_a_number_too_large_for_a_float_is_unknown(context, tmp_path):
    path = tmp_path / "now.json"
    path.write_text(json.dumps(planted_record()).replace("100.0", "1e999"), encoding="utf-8")
    report = run([path], replace(context, settings=Settings(budgets=({"max": 5},)), baseline=None))
    assert [each.message for each in report.findings] == ["usd_per_month of planted/model-2 is not there"]
