"""Reading traces: every accepted layout, and each way a file can be wrong."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from tco.describe.trace import Trace
from tco.errors import InvalidInputError
from tco.files import trace as reading
from tco.files.trace import read_trace

approx: Any = pytest.approx


def read(folder: Path, text: str, name: str = "t.csv") -> Trace:
    path = folder / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return read_trace(path)


@pytest.mark.parametrize(
    "text",
    [
        "timestamp\n10\n12.5\n11\n",
        "Arrival_S,x\n0,a\n1,b\n2.5,c\n",
        "time\n2026-01-01T00:00:00\n2026-01-01T00:00:01\n2026-01-01 00:00:02.500000+00:00\n",
        "timestamp_ms\n1000\n2000\n3500\n",
        "created_at\n1767225600000\n1767225601000\n1767225602500\n",  # milliseconds since 1970
        '{"timestamp": 0}\n\n{"timestamp": 1}\n{"timestamp": "2.5"}\n',
        '{"timestamp": 0, "hash_ids": [1]}\n{"timestamp": 1000}\n{"timestamp": 2500}\n',  # Mooncake's milliseconds
    ],
)
def test_times_in_every_layout(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text)
    assert found.at_s == approx([0.0, 1.0, 2.5])
    assert (found.input_tok, found.output_tok, found.name) == (None, None, "t.csv")


@pytest.mark.parametrize(
    "text",
    [
        "timestamp,input_tok,output_tok\n1,30,3\n0,10,1\n",
        "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:04.9799600,30,3\n2023-11-16 18:17:03.9799600,10,1\n",
        "Timestamp,Model,Request tokens,Response tokens\n1,m,30,3\n0,m,10,1\n",
        '{"timestamp_s": 1, "input_length": 30, "output_length": 3}\n'
        '{"timestamp_s": 0, "input_length": 10, "output_length": 1}\n',
    ],
)
def test_lengths_follow_their_arrival(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text, "t.csv.gz")
    assert found.input_tok is not None
    assert found.output_tok is not None
    assert (found.input_tok.tolist(), found.output_tok.tolist()) == ([10.0, 30.0], [1.0, 3.0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timestamp\n", "no rows"),
        ("when\n1\n", "no time column"),
        ("time\n1\nsoon\n", "got 'soon'; expected seconds or an ISO 8601 time"),
        ("time\n1\nnan\n", "expected seconds"),
        ("time,x\n1,2\n\n,3\n", "got ''; expected seconds"),
        ("time\n1\n1\n", "got 2 arrivals at one time"),
        ("time\n1\n", "got 1 arrivals"),
        ("time,osl\n1,2\n2,-3\n", "got '-3'; expected a count of tokens"),
        ("time,osl\n1,2\n2,\n", "expected a count of tokens"),
        ("time,isl\n1,0\n2,0\n", "every input length is 0"),
        ('{"time": 1}\n{"time": tru}\n', "not a JSON object"),
        ('{"time": 1}\n[2]\n', "got None; expected seconds"),
        ('{"time": 1}\n{"time": true}\n', "got True; expected seconds"),
    ],
)
def test_what_is_no_trace_says_where(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert "t.csv" in str(caught.value)


def test_a_broken_or_large_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "t.csv.gz"
    broken.write_bytes(b"\x1f\x8b not gzip at all")
    with pytest.raises(InvalidInputError, match="cannot be unpacked"):
        read_trace(broken)
    monkeypatch.setattr(reading, "MAX_TRACE_BYTES", 10)
    with pytest.raises(InvalidInputError, match="cut the trace"):
        read(tmp_path, "time\n1\n2\n3\n4\n5\n", "t.csv.gz")
    with pytest.raises(InvalidInputError, match="expected at most"):
        read(tmp_path, "time\n1\n2\n3\n4\n5\n")


def test_many_bad_cells_are_shown_in_part(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(tmp_path, "time\n" + "x\n" * 100)
    assert len(caught.value.problems) == reading.MAX_SHOWN
