"""Files cut off, with values swapped for others, or with nonsense in them: a clear error, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.bench.importers.registry import FORMATS, drafts
from tco.bench.importers.run import imported, stated
from tco.bench.importers.source import Fields, Source, load, parse
from tco.errors import TcoError
from tests.unit.bench import files
from tests.unit.bench.reading import ENOUGH, catalogue, write

REQUEST = files.aiperf_request(start_s=0.0, ttft_ms=100.0, e2e_ms=1600.0, usage=16)
WHOLE: dict[str, str] = {
    "vllm": json.dumps(files.VLLM_MISCOUNTED), "sglang": files.SGLANG % 64, "guidellm": json.dumps(files.guidellm(2)),
    "aiperf": json.dumps(files.AIPERF), "aiperf-csv": files.AIPERF_CSV, "aiperf-jsonl": f"{REQUEST}\n{REQUEST}\n",
    "inference-perf": json.dumps(files.INFERENCE_PERF), "requests": json.dumps([files.INFERENCE_PERF_REQUEST]),
    "llama-bench": json.dumps([files.LLAMA_BENCH, files.LLAMA_PROMPT]), "llama-md": files.LLAMA_MARKDOWN,
    "batched": json.dumps(files.BATCHED), "ollama": json.dumps(files.OLLAMA), "ollama-bench": files.OLLAMA_BENCH,
    "llmperf": json.dumps(files.LLMPERF), "optimum": json.dumps(files.OPTIMUM),
    "inferencex": json.dumps(files.INFERENCEX), "aggregate": json.dumps(files.INFERENCEX_AGGREGATE),
    "nvbandwidth": json.dumps(files.NVBANDWIDTH), "babelstream": files.BABELSTREAM, "zeus": files.ZEUS,
    "mlenergy": json.dumps(files.MLENERGY), "task": json.dumps(files.MLENERGY_TASK),
    "codecarbon": files.CODECARBON.format(gpu_kwh=0.1, n_gpus=1, gpu="H200"),
}  # fmt: skip
ODD: list[Any] = [None, True, -1, 0, 1e400, "", "x", "NaN", [], [1], {}, {"a": 1}, 10**400, float("nan"), [[None]]]


def attempt(path: Path) -> None:
    """Read a file with every option there is; only an error with a message may come of it."""
    options = stated(catalogue(), **(ENOUGH | {"tokens": 100.0, "dtype": None}))
    said = str(path)
    try:
        imported([path], catalogue=catalogue(), given=options, unit="s")
    except TcoError as error:
        said = str(error)
    assert said.startswith(str(path)), said


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_cut_off_anywhere(tmp_path: Path, name: str) -> None:
    text = WHOLE[name]
    for length in range(0, len(text), max(1, len(text) // 60)):
        attempt(write(tmp_path, text[:length]))


MICRO = files.BABELSTREAM.replace("7486.61", "1e30")


def test_a_bandwidth_past_physics_is_an_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(TcoError, match="copy_gb_per_s"):
        imported([write(tmp_path, MICRO)], catalogue=catalogue(), given=stated(catalogue(), **ENOUGH))


def spoiled(held: Any) -> Iterator[Any]:
    """The value with each part of it, in turn, swapped for each odd one, or left out."""
    if isinstance(held, dict):
        for key, value in held.items():
            yield {name: other for name, other in held.items() if name != key}
            yield from ({**held, key: odd} for odd in (*ODD, *spoiled(value)))
    elif isinstance(held, list) and held:
        yield from ([odd, *held[1:]] for odd in (*ODD, *spoiled(held[0])))


@pytest.mark.parametrize("name", [name for name, text in WHOLE.items() if text[0] in "[{" and "Infinity" not in text])
def test_a_value_of_another_kind_anywhere(tmp_path: Path, name: str) -> None:
    lines = WHOLE[name].splitlines()
    for odd in spoiled(json.loads(lines[0])):
        text = json.dumps(odd)
        attempt(write(tmp_path, "\n".join([text, *lines[1:]])))


@pytest.mark.parametrize("name", [name for name, text in WHOLE.items() if text[0] not in "[{"])
def test_a_cell_of_another_kind_anywhere(tmp_path: Path, name: str) -> None:
    lines = WHOLE[name].splitlines()
    for n, line in enumerate(lines):
        cells = line.split(",")
        for at in range(len(cells)):
            for odd in ("", "x", "-1", "inf", "nan", '"', "0", "1e999"):
                text = ",".join([*cells[:at], odd, *cells[at + 1 :]])
                attempt(write(tmp_path, "\n".join([*lines[:n], text, *lines[n + 1 :]])))


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    source = Source("x", text or " ", "")
    with pytest.raises(TcoError, match=r"^x"):
        drafts(source, name=None, unit=None)


@given(st.sampled_from(sorted(FORMATS)), st.sampled_from(sorted(WHOLE)))
def test_any_file_read_as_any_format(name: str, other: str) -> None:
    try:
        drafts(Source("x", WHOLE[other], ""), name=name, unit="s")
    except TcoError:
        return


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\xff\xfe", "got byte 0xff, which is not UTF-8"),
        (b"", "file is empty"),
        (b'{"a": 1, "a": 2}', "a: duplicate key"),
        (b'{"a": ' + b"[" * 100_000, "nested too deep"),
        (b'{"a":\n 1,, "b": 2}', "x.json:2:4: not valid JSON"),
    ],
)
def test_what_cannot_be_read_says_where(tmp_path: Path, raw: bytes, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(raw)
    with pytest.raises(TcoError, match=message):
        parse(load(path).text, str(path))


def test_a_missing_file_a_folder_and_a_name_with_a_zero_byte(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path, Path("a\0b")):
        with pytest.raises(TcoError, match="cannot be read"):
            load(path)


def test_a_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tco.bench.importers.source.MAX_BYTES", 3)
    with pytest.raises(TcoError, match="expected at most"):
        load(write(tmp_path, "long text"))


def test_a_line_of_many_is_named(tmp_path: Path) -> None:
    bad = json.loads(REQUEST)
    bad["metrics"]["time_to_first_token"]["value"] = "soon"
    path = write(tmp_path, f"{REQUEST}\n{json.dumps(bad)}\n")
    with pytest.raises(TcoError, match=r":2:1: metrics\.time_to_first_token\.value: got 'soon'; expected a number"):
        drafts(load(path), name=None, unit=None)


def test_fields_read_texts_and_numbers_strictly() -> None:
    fields = Fields({"a": 1.5, "b": ["x"], "c": {"d": 2}, "e": "Infinity", "f": True}, Source("x", "", ""))
    assert (fields.text("a"), fields.at("c").count("d"), fields.rate("e")) == ("1.5", 2, float("inf"))
    for read, name in ((fields.count, "a"), (fields.text, "b"), (fields.numbers, "b"), (fields.number, "f")):
        with pytest.raises(TcoError, match=rf"x: {name}"):
            read(name)
    with pytest.raises(TcoError, match="expected an object"):
        fields.at("a")
