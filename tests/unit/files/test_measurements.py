from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest

from tco.errors import InvalidInputError
from tco.files.measurements import parse_measurements, read_measurements, read_usable, shipped_measurements

HEAD = "id,engine,model,weight_dtype,gpu,n_gpus,isl,osl,metric,value,date,fit,tp,concurrency_or_batch\n"
ROW = "a,vllm,Llama 3.1 8B,fp8,H100 80GB SXM,1,1024,128,itl_ms,8.5,2023-11..2025,1,,16\n"


def test_a_row_becomes_a_record() -> None:
    (found,) = parse_measurements(HEAD + ROW, "x.csv")
    assert (found.id, found.tp, found.concurrency, found.value, found.usable) == ("a", 1, 16.0, 8.5, True)
    assert found.on == date(2025, 6, 15)


def test_optional_columns_may_be_absent() -> None:
    text = "id,engine,model,weight_dtype,gpu,n_gpus,isl,osl,metric\na,vllm,m,fp8,g,2,1,1,ttft_ms\n"
    (found,) = parse_measurements(text, "x.csv")
    assert (found.value, found.on, found.concurrency, found.n_gpus) == (None, None, None, 2)


def test_every_problem_has_its_line() -> None:
    text = (
        HEAD + ROW + ROW + ROW.replace("a,", "b,", 1).replace("itl_ms", "speed") + "c,vllm,m,fp8,g,one,1,1,itl_ms,1\n"
    )
    with pytest.raises(InvalidInputError) as caught:
        parse_measurements(text, "x.csv")
    message = str(caught.value)
    assert "x.csv:3" in message
    assert "a second time" in message
    assert "x.csv:4" in message
    assert "x.csv:5" in message


@pytest.mark.parametrize(
    ("cell", "changed", "field", "value"),
    [
        ("8.5", "nan", "value", None), ("8.5", "0", "value", None), ("8.5", "-3", "value", None),
        ("8.5", "inf", "value", None), (",16\n", ",max\n", "concurrency", None),
        (",16\n", ",n/a\n", "concurrency", None), ("1024", '"1,024"', "input_tok", 1024.0),
        ("2023-11..2025", "2025-18", "on", None),
        (",1,,", ",0.0,,", "usable", False),
        (",1,,", ",1,nan,", "tp", 1),
    ],
)  # fmt: skip
def test_cells_that_state_nothing(cell, changed, field, value) -> None:
    (found,) = parse_measurements(HEAD + ROW.replace(cell, changed, 1), "x.csv")
    assert getattr(found, field) == value


def test_a_stream_needs_no_prompt_and_a_prompt_no_answer() -> None:
    single = ROW.replace("1024", "").replace("itl_ms", "decode_tok_s_single")
    prompt = ROW.replace("128,", ",").replace("itl_ms", "prefill_tok_s").replace("a,", "b,", 1)
    one, other = parse_measurements(HEAD + single + prompt, "x.csv")
    assert (one.input_tok, other.output_tok) == (0.0, 0.0)
    with pytest.raises(InvalidInputError, match="isl: got ''"):
        parse_measurements(HEAD + ROW.replace("1024", ""), "x.csv")


def test_one_bad_row_does_not_cost_the_others(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    bad = ROW.replace("a,", "b,", 1).replace("itl_ms", "speed") + ROW.replace("a,", ",", 1).replace(",16", ",0")
    path.write_text("\ufeff" + HEAD + ROW + bad + ROW, encoding="utf-8")
    found, reasons = read_usable(path)
    assert [row.id for row in found] == ["a", "a"]
    assert set(reasons) == {"b", "line 4"}
    assert reasons["b"].startswith("metric:")
    assert "; " in reasons["line 4"]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InvalidInputError, match="no column engine, model"):
        parse_measurements("id,gpu\n", "x.csv")


def test_packed_and_plain_files(tmp_path: Path) -> None:
    plain, packed = tmp_path / "x.csv", tmp_path / "x.csv.gz"
    plain.write_text(HEAD + ROW, encoding="utf-8")
    packed.write_bytes(gzip.compress((HEAD + ROW).encode()))
    assert read_measurements(plain) == read_measurements(packed)


def test_the_shipped_file_has_no_other_numbers_than_the_data(shared_data: Path) -> None:
    assert read_measurements(shipped_measurements()) == read_measurements(shared_data / "measurements_calibrate.csv")
    assert shipped_measurements().stat().st_size < 1_400_000
