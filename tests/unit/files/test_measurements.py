from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest

from tco.errors import InvalidInputError
from tco.files.measurements import parse_measurements, read_measurements, shipped_measurements

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
