"""What neither a file nor an option says is an error that lists all of it; what they say differently is one too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tco.bench.importers.run import imported, stated, unit_of
from tco.describe.profile import Machine
from tco.errors import InvalidInputError, UnknownNameError, UsageError
from tco.files import profiles
from tco.files.catalogue import Catalogue
from tests.unit.bench import files
from tests.unit.bench.examples import AT, CPU, H200, profile
from tests.unit.bench.reading import ENOUGH, catalogue, profile_of, row_of, write

approx: Any = pytest.approx


NOTHING = dict.fromkeys(ENOUGH)


def test_everything_a_file_does_not_say_is_listed_at_once(tmp_path: Path) -> None:
    held = {name: value for name, value in files.VLLM.items() if name not in ("model_id", "date")}
    path = write(tmp_path, held)
    with pytest.raises(InvalidInputError) as caught:
        profile_of(path, **NOTHING)
    for option in ("--model", "--hardware", "--dtype", "--engine", "--n-gpus", "--measured-on"):
        assert option in str(caught.value)
    assert str(caught.value).startswith(f"{path}: read as vllm-serve")


def test_a_name_the_catalogue_does_not_know_is_shown(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"give --model \(it says 'acme/secret', a name not known here\)"):
        row_of(write(tmp_path, files.VLLM | {"model_id": "acme/secret"}), model=None, engine="vllm")


def test_problems_of_all_files_are_reported_together(tmp_path: Path) -> None:
    paths = [write(tmp_path, "{", "a.json"), write(tmp_path, files.VLLM, "b.json"), tmp_path / "c.json"]
    with pytest.raises(InvalidInputError) as caught:
        imported(paths, catalogue=catalogue(), given=stated(catalogue(), **NOTHING))
    assert [Path(each.path).name for each in caught.value.problems] == ["a.json", "b.json", "c.json"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"concurrency": 8}, "--concurrency: got 8, but the file says 2"),
        ({"engine": "sglang"}, "--engine: got sglang, but the file says ollama"),
    ],
)
def test_an_option_that_contradicts_the_file_is_an_error(
    tmp_path: Path, given: dict[str, object], message: str
) -> None:
    held = files.OLLAMA if "engine" in given else files.VLLM
    with pytest.raises(InvalidInputError, match=message):
        row_of(write(tmp_path, held), **({"engine": "vllm"} | given if held is files.VLLM else given))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"dtype": None}, "--hardware: got h200-sxm, but the file says rtx-4090"),
        ({"hardware": "rtx-4090"}, "--dtype: got bf16, but the file says q4_k_m"),
    ],
)
def test_the_machine_and_the_format_of_a_file_are_not_overruled(
    tmp_path: Path, given: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        row_of(write(tmp_path, files.LLAMA_BENCH), **given)
    assert row_of(write(tmp_path, files.LLAMA_BENCH), dtype=None, hardware="rtx-4090").hardware == "rtx-4090"


@pytest.mark.parametrize(("n_failed", "is_usable"), [(0, True), (1, True), (2, False)])
def test_a_run_in_which_many_requests_failed_is_not_of_its_load(tmp_path: Path, n_failed: int, is_usable: bool) -> None:
    held = files.VLLM | {"completed": 100, "failed": n_failed, "num_prompts": 100 + n_failed}
    row = row_of(write(tmp_path, held), engine="vllm")
    assert (row.is_usable, bool(row.flags)) == (is_usable, not is_usable)


def test_a_tpot_that_divides_by_chunks_is_left_out(tmp_path: Path) -> None:
    """20 tokens in 1,000 ms after a TTFT of 50 ms are 50 ms each; half of that counts two chunks a token."""
    held = files.VLLM | {"mean_ttft_ms": 50.0, "mean_e2el_ms": 1000.0}
    kept = row_of(write(tmp_path, held | {"mean_tpot_ms": 50.0}), engine="vllm")
    assert kept.tpot_ms["mean"] == 50.0
    left_out = row_of(write(tmp_path, held | {"mean_tpot_ms": 25.0}), engine="vllm")
    assert left_out.tpot_ms == {}
    assert "20 tokens in 1,000 ms after a TTFT of 50 ms make 50 ms each" in left_out.notes[-1]
    unstated = row_of(write(tmp_path, files.VLLM | {"mean_tpot_ms": 25.0}), engine="vllm")
    assert unstated.tpot_ms["mean"] == 25.0


def test_the_model_and_the_format_are_read_off_a_file_name(tmp_path: Path) -> None:
    held = files.LLAMA_BENCH | {"model_type": "?", "model_filename": "C:\\models\\Qwen3-8B-Q8_0.gguf"}
    row = row_of(write(tmp_path, held), model=None, dtype=None, hardware=None)
    assert (row.model, row.dtype) == ("qwen3-8b", "q8_0")


def test_files_of_several_machines_are_refused(tmp_path: Path) -> None:
    paths = [
        write(tmp_path, files.MLENERGY, "a.json"),
        write(tmp_path, files.MLENERGY | {"gpu_model": "B200"}, "b.json"),
    ]
    given = stated(catalogue(), **(ENOUGH | {"hardware": None, "engine": "vllm"}))
    with pytest.raises(InvalidInputError, match=r"of several machines \(b200, h100-sxm\); import each alone"):
        imported(paths, catalogue=catalogue(), given=given)


def test_a_bandwidth_file_needs_only_the_machine_and_the_day(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"give --hardware, --measured-on$"):
        profile_of(write(tmp_path, files.BABELSTREAM, "x.csv"), **NOTHING)


def test_a_number_out_of_range_is_an_error_of_its_field(tmp_path: Path) -> None:
    held = files.VLLM | {"total_input_tokens": 0.0000001, "max_concurrency": 2}
    row = row_of(write(tmp_path, held), engine="vllm")
    assert row.input_tok == approx(2.5e-8)
    with pytest.raises(InvalidInputError, match="n_gpus"):
        row_of(write(tmp_path, files.VLLM), engine="vllm", n_gpus=-1)


def test_local_is_the_machine_measured_here(tmp_path: Path) -> None:
    profiles.write(profile(), profiles.target(profile().id, out=None, data=tmp_path))
    shown = Catalogue(tmp_path, use_sheet=False)
    given = stated(shown, **(ENOUGH | {"hardware": "local", "dtype": "q4_k_m"}))
    found = imported([write(tmp_path, files.OLLAMA)], catalogue=shown, given=given)
    assert found.machine == CPU
    assert found.rows[0].hardware == "local"
    assert found.rows[0].measured_at.date() == AT.date().replace(day=20)


def test_local_is_the_machine_with_microbenchmarks_though_another_one_was_imported_later(tmp_path: Path) -> None:
    for each in (profile(), profile(H200, None, at=AT.replace(year=2027))):
        profiles.write(each, profiles.target(each.id, out=None, data=tmp_path))
    given = stated(Catalogue(tmp_path, use_sheet=False), **(ENOUGH | {"hardware": "local"}))
    assert given.hardware == CPU.hardware == "local"


def test_local_without_a_measurement_says_what_to_do() -> None:
    with pytest.raises(UsageError, match="`tco bench run` measures this one"):
        stated(catalogue(), **(ENOUGH | {"hardware": "local"}))


def test_options_are_checked() -> None:
    with pytest.raises(UnknownNameError):
        stated(catalogue(), **(ENOUGH | {"hardware": "h2000"}))
    with pytest.raises(UsageError, match="--latency-unit: got 'us'; expected s or ms"):
        unit_of("us")
    assert unit_of("ms") == "ms"


def test_two_imports_of_one_day_do_not_overwrite_each_other(tmp_path: Path) -> None:
    one = profile_of(write(tmp_path, files.OLLAMA), dtype="q4_k_m")
    other = profile_of(write(tmp_path, files.OLLAMA | {"eval_count": 51}), dtype="q4_k_m")
    assert one.id != other.id
    assert isinstance(one.machine, Machine)
