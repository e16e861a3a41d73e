"""``tco validate``: tables, predictions and charts, and that a value is never looked at to predict it."""

from __future__ import annotations

import csv
import gzip
import time

import pytest

from tco.files.measurements import shipped_measurements


@pytest.fixture(scope="module")
def shipped() -> list[dict[str, str]]:
    text = gzip.decompress(shipped_measurements().read_bytes()).decode()
    return list(csv.DictReader(text.splitlines()))


def write(path, rows, **changes):
    with path.open("w", encoding="utf-8", newline="") as out:
        lines = csv.DictWriter(out, rows[0])
        lines.writeheader()
        lines.writerows({**row, **changes} for row in rows)
    return path


def read(path):
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_the_shipped_file_in_twenty_seconds(tco, home):
    start = time.process_time()
    ran = tco("validate", "--json", "--predictions", "out.csv", "--document", "page.md")
    assert time.process_time() - start < 20
    assert ran.code == 0, ran.err
    held = ran.record
    assert held["schema"] == "tco.validate/1"
    assert held["n_rows"] == held["n_predicted"] == 4961
    assert set(held["by"]) == {"metric", "source family", "GPU", "model", "engine", "batch"}
    assert {"random", "model", "gpu", "source", "engine"} <= set(held["held_out"])
    assert 0.75 <= held["overall"]["covered_frac"] <= 0.85
    assert held["overall"]["median_error_frac"] < 0.13
    written = read(home / "out.csv")
    assert len(written) == 4961
    assert all(float(row["p10"]) <= float(row["predicted"]) * 1.6 for row in written)
    assert "# Accuracy of the performance model" in (home / "page.md").read_text(encoding="utf-8")


def test_predictions_do_not_look_at_the_value(tco, home, shipped):
    some = shipped[::200]
    tco("validate", "--measurements", write(home / "a.csv", some), "--predictions", "a_out.csv")
    tco("validate", "--measurements", write(home / "b.csv", some, value="1"), "--predictions", "b_out.csv")
    tco("validate", "--measurements", write(home / "c.csv", some, value=""), "--predictions", "c_out.csv")
    assert read(home / "a_out.csv") == read(home / "b_out.csv") == read(home / "c_out.csv")


def test_a_file_of_others_is_predicted_with_reasons_for_the_rest(tco, home, shipped):
    row = {**shipped[0], "id": "N1"}
    unseen = {
        **row,
        "id": "N2",
        "gpu": "Gaudi 3",
        "engine": "mlc",
        "model": "Brand New 30B",
        "params_total_b": "30",
        "weight_dtype": "bf16",
        "kv_dtype": "bf16",
    }
    unknown = {**row, "id": "N3", "gpu": "H9000"}
    ran = tco("validate", "--measurements", write(home / "x.csv", [row, unseen, unknown]), "--predictions", "o.csv")
    assert ran.code == 0, ran.err
    assert "2 predicted, 1 not" in ran.out
    assert "Targets" not in ran.out
    known, new, none = read(home / "o.csv")
    assert (none["predicted"], "H9000" in none["reason"]) == ("", True)
    width = [float(each["p90"]) / float(each["p10"]) for each in (known, new)]
    assert width[1] > width[0]


def test_one_measured_point_sets_the_level_of_its_site(tco, home, shipped):
    site = [{**row, "id": f"N{row['id']}"} for row in shipped if row["metric"] == "itl_ms" and row["fit"] == "1"][:40]
    slow = [{**row, "value": str(1.5 * float(row["value"]))} for row in site]
    write(home / "site.csv", slow)
    before = tco("validate", "--measurements", "site.csv", "--json").record
    after = tco(
        "validate", "--measurements", "site.csv", "--calibrate-with", write(home / "one.csv", slow[:1]), "--json"
    )
    assert after.record["overall"]["median_error_frac"] < before["overall"]["median_error_frac"]
    rate = write(home / "rate.csv", [{**slow[0], "metric": "output_tok_s_total", "value": "1000"}])
    assert tco("validate", "--measurements", "site.csv", "--calibrate-with", rate).code == 0
    alone = write(home / "alone.csv", [{**slow[0], "metric": "decode_tok_s_single", "value": "1000"}])
    assert tco("validate", "--measurements", "site.csv", "--calibrate-with", alone, "--json").record == before


def test_every_row_gets_a_prediction_or_a_reason(tco, home, shipped):
    row = {**shipped[0], "gpu": "AMD Instinct MI300X 192GB", "engine": "vllm-rocm"}
    changes: tuple[dict[str, str], ...] = (
        {}, {"value": "nan"}, {"n_gpus": ""}, {"metric": "speed"}, {"gpu": ""}, {"model": "Unheard-of-9B"},
        {"concurrency_or_batch": "max"}, {"params_total_b": "none", "model": "unheard of"},
    )  # fmt: skip
    messy = [{**row, **change, "id": f"N{i}"} for i, change in enumerate(changes)]
    ran = tco("validate", "--measurements", write(home / "m.csv", messy), "--predictions", "o.csv")
    assert ran.code == 0, ran.err
    found = {each["id"]: each for each in read(home / "o.csv")}
    assert len(found) == len(messy)
    assert [bool(found[f"N{i}"]["reason"]) for i in range(len(messy))] == [
        False, False, True, True, True, False, False, True,
    ]  # fmt: skip
    assert all(bool(each["predicted"]) != bool(each["reason"]) for each in found.values())


def test_points_that_cannot_be_predicted_are_refused(tco, home, shipped):
    write(home / "x.csv", [{**shipped[0], "id": "N1"}])
    write(home / "bad.csv", [{**shipped[0], "id": "N1", "gpu": "H9000"}])
    ran = tco("validate", "--measurements", "x.csv", "--calibrate-with", "bad.csv")
    assert (ran.code, "H9000" in ran.err) == (2, True)


def test_the_chart_and_the_tables(tco, home):
    ran = tco("validate", "--chart", "v.svg")
    assert ran.code == 0, ran.err
    assert "Held out: source" in ran.out
    assert "whole model unseen" in ran.out
    assert (home / "v.svg").stat().st_size > 10_000


@pytest.mark.parametrize(
    "arguments",
    [
        ["--chart", "v.gif"], ["--chart", "no/v.png"], ["--predictions", "no/o.csv"], ["--document", "no/d.md"],
        ["--measurements", "nobody.csv"], ["--measurements", "empty.csv"], ["--measurements", "none.csv"],
    ],
)  # fmt: skip
def test_wrong_arguments(tco, home, shipped, arguments):
    write(home / "x.csv", [{**shipped[0], "id": "N1"}])
    (home / "empty.csv").write_text((home / "x.csv").read_text(encoding="utf-8").partition("\n")[0] + "\n")
    write(home / "none.csv", [{**shipped[0], "id": "N1"}], gpu="H9000")
    files = [] if "--measurements" in arguments else ["--measurements", "x.csv"]
    ran = tco("validate", *files, *arguments)
    assert ran.code == 2
    assert ran.err
    assert "bug" not in ran.err
