"""A scripted server of known timing, measured in every shape of load."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from pathlib import Path

import pytest

from tco.bench.endpoint import chart, record, rows
from tco.bench.endpoint.options import Options
from tco.bench.endpoint.options import read as options
from tco.bench.endpoint.rows import Deployment
from tco.bench.endpoint.selftest import self_test
from tco.bench.endpoint.session import Measured, measure
from tco.errors import MissingDataError, UnknownNameError, UsageError
from tests.sse_server import Running, Script
from tests.unit.bench_endpoint.kit import measured

DEPLOYMENT = Deployment(hardware="h100-sxm", model="qwen3-8b", dtype="bf16", engine="vllm", engine_version="0.20")


def as_json(found: Measured) -> dict:
    return json.loads(json.dumps(record.as_record(found, profile=None, why_no_profile="x"), allow_nan=False))


def test_the_truth_is_measured_at_64_streams():
    """Median TTFT within 15 ms and TPOT within 2%, beyond twice what the client's own test says it is off here."""
    script = Script(ttft_s=0.1, itl_s=0.05)
    for _ in range(3):
        with Running(script) as server:
            asked = Options(url=server.url, concurrency="64", n_requests=192, input_tok=60, output_tok=16)
            found = measure(options(asked), lambda _: None)
        level, tested = found.levels[0].stats, found.self_test
        assert level.failures == {}
        assert tested is not None
        assert tested.ttft_error_s is not None
        assert tested.tpot_error_frac is not None
        ttft_off_s = abs(level.latencies["ttft"]["p50"] - script.ttft_s)
        tpot_off_frac = abs(level.latencies["tpot"]["p50"] / script.itl_s - 1.0)
        is_ttft_good = ttft_off_s < 0.015 + 2 * abs(tested.ttft_error_s)
        if is_ttft_good and tpot_off_frac < 0.02 + 2 * abs(tested.tpot_error_frac):
            return
    if not found.levels[0].client.bound_reason:  # a client that says itself that it is too busy claims nothing
        pytest.fail(f"off by {ttft_off_s * 1e3:.1f} ms and {tpot_off_frac:.1%}")


def test_a_sweep():
    with Running(Script(ttft_s=0.03, itl_s=0.004)) as server:
        found = measured(server.url, concurrency="1,4", n_requests=12)
    assert [level.load.label for level in found.levels] == ["1 in flight", "4 in flight"]
    for level in found.levels:
        assert level.stats.n_ok == 12
        assert level.stats.input_tok == 60.0  # calibrated on the server's own count
        assert level.stats.output_tok == 8.0
        assert level.stats.n_in_flight_max == level.load.concurrency
    one, four = (level.stats.output_tok_per_s for level in found.levels)
    assert one is not None
    assert four is not None
    assert four > 2 * one
    assert found.probed.dialect.scale.is_calibrated
    held = as_json(found)
    assert held["schema"] == "tco.bench.endpoint/1"
    assert [level["itl_is"] for level in held["levels"]] == ["tokens", "tokens"]
    assert held["levels"][0]["energy"]["joules"] is None


@pytest.mark.parametrize("extra", [{"arrivals": "constant"}, {}, {"arrivals": "gamma", "burstiness": 0.5}])
def test_arrivals_do_not_wait_for_the_server(extra):
    with Running(Script(ttft_s=0.05, itl_s=0.002, capacity=1)) as server:  # serves about 14 a second
        found = measured(server.url, rate="60", n_requests=30, ttft_p95="200 ms", **extra)
    level = found.levels[0]
    assert level.stats.n_ok == 30
    assert level.stats.kept_up_ratio is not None
    assert level.stats.kept_up_ratio < 0.6
    assert any("did not keep up" in flag for flag in level.flags)
    assert not level.meets_slo
    assert level.stats.latencies["ttft_from_intended"]["max"] > 1.0


def test_a_trace_is_replayed_with_its_own_lengths(tmp_path: Path):
    path = tmp_path / "trace.csv"
    path.write_text("time_s,input_tok,output_tok\n0,40,3\n0.2,80,5\n0.4,60,4\n", encoding="utf-8")
    with Running(Script(itl_s=0.001)) as server:
        found = measured(server.url, trace=path, speedup=2.0, input_tok=None, output_tok=None)
        asked = [body["max_tokens"] for body in server.requests]
    samples = found.levels[0].samples
    assert asked[-3:] == [3, 5, 4]
    assert [each.prompt_tok for each in samples] == [40, 80, 60]
    gaps = [b.intended_s - a.intended_s for a, b in pairwise(samples)]
    assert gaps == pytest.approx([0.1, 0.1])


def test_the_knee_of_a_server_that_serves_four_at_once():
    # An answer takes 0.19 s; the fifth request waits for one of the first four.
    with Running(Script(ttft_s=0.1, itl_s=0.0125, capacity=4)) as server:
        found = measured(server.url, knee="concurrency", ttft_p95="200 ms", n_requests=12)
    assert found.knee is not None
    assert (found.knee.value, found.knee.broken_at) == (4.0, 5.0)
    assert found.failure == ""


def test_no_knee_below_limits_nobody_keeps():
    with Running(Script(ttft_s=0.05, itl_s=0.001)) as server:
        found = measured(server.url, knee="rate", rate="2000", ttft_p95="10 ms", n_requests=4)
    assert found.knee is not None
    assert found.knee.value is None
    assert found.failure == "no request met the latency limits"


def test_without_usage_tokens_are_estimated():
    with Running(Script(itl_s=0.001, usage="none")) as server:
        found = measured(server.url, concurrency="2", n_requests=8)
    level = found.levels[0]
    assert level.stats.is_estimated
    assert any("estimated" in note for note in level.notes)
    assert not rows.row(level, found, DEPLOYMENT, contended=None).is_usable
    assert as_json(found)["levels"][0]["itl_is"] == "chunks"


@pytest.mark.parametrize(
    "script",
    [
        Script(itl_s=0.001, line_end="\r\n", comments=True, space=""), Script(itl_s=0.001, pieces=7),
        Script(itl_s=0.001, is_chunked=False), Script(itl_s=0.001, keep_alive=False),
        Script(itl_s=0.001, ends_with_done=False), Script(itl_s=0.001, has_finish=False),
        Script(itl_s=0.001, delta="reasoning_content"), Script(itl_s=0.001, delta="tool_calls"),
        Script(itl_s=0.001, models=()), Script(itl_s=0.001, models=("a", "b")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("api", ["chat", "completions"])
def test_dialects_of_the_protocol(script, api):
    with Running(script) as server:
        found = measured(server.url, concurrency="2", n_requests=8, api=api)
    level = found.levels[0].stats
    assert (level.n_ok, level.output_tok, level.is_estimated) == (8, 8.0, False)


def test_several_tokens_a_chunk():
    with Running(Script(itl_s=0.002, tok_per_chunk=4)) as server:
        found = measured(server.url, concurrency="2", n_requests=8)
    level = found.levels[0]
    assert level.stats.tok_per_chunk == 4.0
    assert level.stats.output_tok == 8.0
    assert any("4 tokens on average" in note for note in level.notes)


@pytest.mark.parametrize(
    ("refused", "limit"),
    [(("ignore_eos",), "max_tokens"), (("stream_options",), "max_tokens"),
     (("ignore_eos", "stream_options"), "max_tokens"), (("max_tokens", "ignore_eos"), "max_completion_tokens")],
)  # fmt: skip
def test_fields_the_server_refuses_are_dropped(refused, limit):
    with Running(Script(itl_s=0.001, refused=refused)) as server:
        found = measured(server.url, n_requests=4)
        sent = server.requests[-1]
    assert found.levels[0].stats.n_ok == 4
    assert not set(refused) & set(sent)
    assert sent[limit] == 8
    assert found.probed.dialect.has_ignore_eos == ("ignore_eos" not in refused)


def test_a_server_that_refuses_every_form():
    refused = ("max_tokens", "max_completion_tokens")
    with Running(Script(refused=refused)) as server, pytest.raises(MissingDataError, match=r"http_400.*unknown field"):
        measured(server.url)


def test_prompts_that_cannot_be_calibrated():
    with Running(Script(itl_s=0.001, tok_per_word=0.0)) as server:
        found = measured(server.url, n_requests=4)
    assert any("not calibrated" in note for note in found.probed.notes)
    assert as_json(found)["prompts"] == {"calibrated": False, "tok_per_word": None, "template_tok": None}


def test_a_template_longer_than_the_prompt():
    with Running(Script(itl_s=0.001, overhead_tok=500)) as server:
        found = measured(server.url, n_requests=4)
    assert any("shortest prompt" in note for note in found.probed.notes)


def test_what_is_asked_of_the_server():
    with Running(Script(itl_s=0.001)) as server:
        measured(server.url, n_requests=4, served_model="mine", extra_body='{"temperature": 0}', concurrency="2")
        bodies = server.requests
    assert {body["model"] for body in bodies} == {"mine"}
    assert all(body["temperature"] == 0 and body["ignore_eos"] and body["stream"] for body in bodies)
    prompts = [body["messages"][0]["content"] for body in bodies]
    assert len({text.split()[0] for text in prompts}) == len(prompts)


def test_no_request_is_sent_after_the_time_of_a_level():
    with Running(Script(ttft_s=0.05, itl_s=0.001)) as server:
        closed = measured(server.url, concurrency="2", duration_s=0.4)
        opened = measured(server.url, rate="20", n_requests=1000, duration_s=0.4)
        timed = measured(server.url, rate="20", duration_s=0.4)
    assert 3 <= closed.levels[0].stats.n_asked < 30
    assert closed.levels[0].stats.failures == {}
    assert 2 <= opened.levels[0].stats.n_asked < 20
    assert timed.levels[0].stats.n_asked in (8, 9)  # the last is due as the time ends


def test_the_self_test_of_an_idle_client_is_small():
    found = asyncio.run(self_test(8))
    assert found.n_answered == 8
    assert found.ttft_error_s is not None
    assert -0.001 < found.ttft_error_s < 0.1
    assert found.tpot_error_frac is not None
    assert abs(found.tpot_error_frac) < 0.5


@pytest.fixture(scope="module")
def found() -> Measured:
    with Running(Script(ttft_s=0.03, itl_s=0.004)) as server:
        return measured(server.url, concurrency="1,8", n_requests=30, ttft_p95="1 s", itl_p95="500 ms", deadline="9 s")


def test_a_profile_is_what_compare_reads(found, tmp_path):
    path = rows.write(found, DEPLOYMENT, out=tmp_path / "x.yaml", data=None)
    from tco.files import profiles

    read = profiles.load(path)
    assert [row.concurrency for row in read.rows] == [1, 8]
    one = read.rows[0]
    assert (one.hardware, one.model, one.dtype, one.engine) == ("h100-sxm", "qwen3-8b", "bf16", "vllm")
    assert (one.input_tok, one.output_tok, one.n_requests, one.n_failed) == (60.0, 8.0, 30, 0)
    assert one.joules_per_tok is None
    assert one.energy_reason
    assert one.ttft_ms["p50"] == pytest.approx(found.levels[0].stats.latencies["ttft"]["p50"] * 1e3)
    if not one.flags:  # a busy machine may have bound the client
        assert one.is_usable


def test_rows_of_the_machine_measured_here_are_found_under_its_name(found, tmp_path):
    from tco.files import profiles
    from tests.unit.bench.examples import CPU, profile

    profiles.write(profile(), profiles.target(profile().id, out=None, data=tmp_path))
    stated = rows.resolved(Deployment("local", 1, "qwen3-8b", "q4_k_m", "llama.cpp"), data=tmp_path)
    written = profiles.load(rows.write(found, stated, out=None, data=tmp_path))
    assert (written.machine.hardware, written.machine.name) == ("local", CPU.name)
    usable = [row.concurrency for row in written.rows if row.is_usable]
    assert [each.concurrency for each in profiles.throughput_of(profiles.load_all(tmp_path))] == usable


def test_a_deployment_is_of_the_catalogue():
    assert rows.resolved(DEPLOYMENT, data=None) == DEPLOYMENT
    assert Deployment(model="qwen3-8b").why_not_usable == "--hardware, --dtype, --engine not stated"
    with pytest.raises(UnknownNameError):
        rows.resolved(Deployment(hardware="h1oo"), data=None)
    with pytest.raises(UsageError, match="--dtype"):
        rows.resolved(Deployment(dtype="bf17"), data=None)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_chart_is_written(found, tmp_path, suffix):
    path = tmp_path / f"chart{suffix}"
    chart.draw(found, path)
    assert path.stat().st_size > 5000


def test_a_chart_that_cannot_be_written(found, tmp_path):
    with pytest.raises(UsageError, match="ends in"):
        chart.check(tmp_path / "chart.gif")
    with pytest.raises(UsageError, match="cannot write"):
        chart.draw(found, tmp_path / "no" / "chart.png")


def test_requests_are_lines_of_json(found):
    held = [json.loads(line) for line in record.lines(found)]
    assert len(held) == 60
    assert {each["level"] for each in held} == {"1 in flight", "8 in flight"}
    assert all(each["sent_ms"] <= each["first_ms"] <= each["last_ms"] for each in held)
    assert all(len(each["chunks_ms"]) == each["n_chunks"] == 8 for each in held)
