"""The command: its exit codes, its two streams and its files."""

from __future__ import annotations

import json

import pytest

from tests.sse_server import Running, Script

FAST = ("--input", "60", "--output", "8", "--no-self-test", "--first-timeout", "5")
STATED = ("--hardware", "h100-sxm", "--model", "qwen3-8b", "--dtype", "bf16", "--engine", "vllm")


def test_a_report_with_its_files(tco, tmp_path):
    with Running(Script(itl_s=0.002)) as server:
        ran = tco(
            "bench", "endpoint", server.url, *FAST, *STATED, "--concurrency", "1,4", "--n-requests", "16",
            "--ttft-p95", "2 s", "--itl-p95", "1 s", "--out", "profile.yaml", "--requests", "requests.jsonl",
            "--chart", "chart.svg",
        )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    assert {path.name for path in tmp_path.iterdir()} == {"chat.yaml", "profile.yaml", "requests.jsonl", "chart.svg"}
    for words in (
        "1 in flight",
        "4 in flight",
        "16/16",
        "Met at: 1 in flight, 4 in flight.",
        "Energy:",
        "profile.yaml",
    ):
        assert words in ran.out
    assert len((tmp_path / "requests.jsonl").read_text(encoding="utf-8").splitlines()) == 32


def test_failures_are_named_in_the_report(tco):
    script = Script(itl_s=0.002, fault="reset_half_way", fault_every=4, fault_after=3, cached_frac=0.1)
    with Running(script) as server:
        ran = tco("bench", "endpoint", server.url, *FAST, "--concurrency", "2", "--n-requests", "16")
        as_json = tco("bench", "endpoint", server.url, *FAST, "--concurrency", "2", "--n-requests", "16", "--json")
    assert ran.code == 0
    assert "Failures, in no average" in ran.out
    assert "reset" in ran.out
    assert "12/16" in ran.out
    assert "the server's own template" in " ".join(ran.out.split())
    assert "--hardware, --model, --dtype, --engine not stated" in " ".join(ran.out.split())
    level = as_json.record["levels"][0]
    assert level["failures"]["reset"]["n"] == level["n_failed"] == 4
    assert as_json.record["profile"] is None
    assert as_json.record["ok"] is True


def test_a_knee_and_its_limits(tco):
    with Running(Script(ttft_s=0.02, itl_s=0.001, capacity=2)) as server:
        found = tco(
            "bench",
            "endpoint",
            server.url,
            *FAST,
            "--knee",
            "concurrency",
            "--ttft-p95",
            "500 ms",
            "--n-requests",
            "20",
        )
        none = tco(
            "bench", "endpoint", server.url, *FAST, "--knee", "concurrency", "--ttft-p95", "1 ms", "--n-requests", "5"
        )
    assert found.code == 0
    assert "Knee:" in found.out
    assert none.code == 1
    assert "No: no request met the latency limits." in none.out


def test_estimated_counts_are_labelled(tco):
    with Running(Script(itl_s=0.002, usage="none")) as server:
        ran = tco("bench", "endpoint", server.url, *FAST, "--n-requests", "6", "--rate", "50")
    assert ran.code == 0
    assert "estimated" in ran.out
    assert "chunks, which are not tokens here" in ran.out
    assert "not calibrated" in ran.out


def test_a_trace_in_the_report(tco, tmp_path):
    (tmp_path / "trace.csv").write_text("time_s,input_tok,output_tok\n0,40,3\n0.1,80,5\n", encoding="utf-8")
    with Running(Script(itl_s=0.001)) as server:
        ran = tco("bench", "endpoint", server.url, "--no-self-test", "--trace", "trace.csv")
    assert ran.code == 0
    assert "a trace of 2 requests" in ran.out


def test_a_self_test_is_reported(tco):
    with Running(Script(itl_s=0.001)) as server:
        ran = tco("bench", "endpoint", server.url, "--input", "60", "--output", "4", "--n-requests", "4", "--json")
    tested = ran.record["self_test"]
    assert tested["n_answered"] == tested["n_streams"] == 1
    assert abs(tested["ttft_error_ms"]) < 100


def test_energy_of_a_gpu_beside_the_server(tco, monkeypatch):
    import time

    from tco.bench.endpoint.power import Meter

    began = time.perf_counter()
    reader = (lambda: 50.0 * (time.perf_counter() - began), lambda: 100.0)  # the counter tells half of the samples
    monkeypatch.setattr(Meter, "_of_driver", lambda self: [reader])
    with Running(Script(itl_s=0.01)) as server:
        arguments = ("bench", "endpoint", server.url, *FAST, "--output", "30", "--n-requests", "10")
        ran, as_json = tco(*arguments), tco(*arguments, "--json")
    level = as_json.record["levels"][0]
    assert level["energy"]["power_w"] == pytest.approx(50.0, rel=0.05)
    assert level["energy"]["joules_per_tok"] == pytest.approx(50.0 / level["output_tok_per_s"], rel=0.05)
    assert "J/tok" in ran.out
    assert "apart" in ran.out


def test_what_is_wrong_is_said_first(tco, tmp_path):
    url = "http://127.0.0.1:9"
    for arguments, words in (
        (("--out", "x.yaml"), "--hardware, --model, --dtype, --engine not stated"), (("--chart", "x.gif"), "ends in"),
        (("--dtype", "bf17"), "--dtype"), (("--model", "no-such"), "no-such"),
        (("--concurrency", "0"), "--concurrency"),
    ):  # fmt: skip
        ran = tco("bench", "endpoint", url, *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert words in ran.err


def test_nobody_there(tco):
    ran = tco("bench", "endpoint", "http://127.0.0.1:9", "--no-self-test")
    assert (ran.code, ran.out) == (3, "")
    assert "connect: no connection" in ran.err


def test_a_file_that_cannot_be_written(tco):
    with Running(Script(itl_s=0.001)) as server:
        ran = tco("bench", "endpoint", server.url, *FAST, "--n-requests", "3", "--requests", "no/such/folder.jsonl")
    assert ran.code == 3
    assert "cannot be written" in ran.err


def test_json_has_no_number_that_is_none(tco):
    with Running(Script(fault="500")) as server:
        ran = tco("bench", "endpoint", server.url, *FAST, "--n-requests", "3", "--ttft-p95", "1 s", "--json")
        text = tco("bench", "endpoint", server.url, *FAST, "--n-requests", "3", "--chart", "none.png")
    assert ran.code == 1
    assert json.dumps(ran.record, allow_nan=False)
    assert ran.record["reason"] == "no request was answered"
    assert ran.record["levels"][0]["output_tok_per_s"] is None
    assert "No: no request was answered." in text.out
