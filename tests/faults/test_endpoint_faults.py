"""A server on a bad day: every failure is counted under its name, averaged into nothing, and ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tco.bench.endpoint.session import Measured
from tco.errors import MissingDataError
from tests.sse_server import Running, Script
from tests.unit.bench_endpoint.kit import measured

SHORT: dict[str, Any] = {"first_timeout_s": 1.0, "idle_timeout_s": 1.0, "timeout_s": 20.0}
N_PROBES = 3

# The script's fault, and the name the report gives it.
FAULTS = {
    "hang": "timeout_first", "hang_half_way": "timeout_idle", "reset": "reset", "reset_half_way": "reset",
    "close": "reset", "close_half_way": "cut_off", "429": "http_429", "500": "http_500", "401": "http_401",
    "html": "content_type", "no_http": "bad_http", "garbage": "garbage", "noise": "garbage",
    "error_object": "error_in_stream", "bad_framing": "bad_http", "stop_half_way": "cut_off", "empty": "no_tokens",
}  # fmt: skip


@pytest.mark.parametrize(("fault", "kind"), FAULTS.items())
def test_every_second_request_fails(fault: str, kind: str) -> None:
    script = Script(ttft_s=0.02, itl_s=0.002, fault=fault, fault_every=2, fault_after=N_PROBES, has_finish=False)
    began = time.monotonic()
    with Running(script) as server:
        found = measured(server.url, concurrency="2", n_requests=8, **SHORT)
    assert time.monotonic() - began < 30
    level = found.levels[0].stats
    assert level.failures == {kind: 4}
    assert level.n_ok == 4
    assert level.output_tok == 8.0
    assert level.latencies["ttft"]["max"] < 1.0  # no timeout is in an average
    assert found.failure == ""


@pytest.mark.parametrize(
    ("usage", "n_failed"), [("lying", 8), ("negative", 8), ("too_many", 8), ("each_chunk", 0), ("with_choices", 0)]
)
def test_usage_that_lies_is_a_failure_and_usage_anywhere_is_not(usage: str, n_failed: int) -> None:
    with Running(Script(itl_s=0.001, usage=usage)) as server:
        found = measured(server.url, concurrency="4", n_requests=8)
    level = found.levels[0].stats
    assert level.failures == ({"usage": n_failed} if n_failed else {})
    assert found.failure == ("no request was answered" if n_failed else "")
    assert level.output_tok == (None if n_failed else 8.0)


def test_a_server_that_only_fails_is_given_up() -> None:
    with Running(Script(fault="500", fault_after=N_PROBES)) as server:
        found = measured(server.url, concurrency="2", n_requests=200)
        n_asked = len(server.requests)
    assert n_asked < 30
    assert any("given up" in flag for flag in found.levels[0].flags)
    assert found.failure == "no request was answered"


@pytest.mark.parametrize("fault", ["429", "500", "garbage", "error_object"])
def test_a_server_that_fails_from_the_start_is_counted_too(fault: str) -> None:
    with Running(Script(fault=fault)) as server:
        found = measured(server.url, n_requests=4)
    assert found.levels[0].stats.failures == {FAULTS[fault]: 4}
    assert any("first request failed" in note for note in found.probed.notes)


@pytest.mark.parametrize("fault", ["hang", "no_http", "html", "401"])
def test_a_server_that_cannot_be_measured_at_all(fault: str) -> None:
    with Running(Script(fault=fault)) as server, pytest.raises(MissingDataError) as caught:
        measured(server.url, **SHORT)
    assert FAULTS[fault] in str(caught.value)
    assert caught.value.exit_code == 3


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(MissingDataError, match="connect: no connection"):
            measured(url)
    with pytest.raises(MissingDataError, match="dns"):
        measured("http://no-such-host.invalid")


def test_a_server_that_lists_no_models_in_time() -> None:
    with Running(Script(itl_s=0.001, hangs_on_models=True)) as server:
        found = measured(server.url, n_requests=4, **SHORT)
    assert found.levels[0].stats.n_ok == 4
    assert any("lists no model" in note for note in found.probed.notes)


def test_a_port_that_takes_connections_and_says_nothing() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        began = time.monotonic()
        with pytest.raises(MissingDataError, match="timeout_first"):
            measured(f"http://127.0.0.1:{silent.getsockname()[1]}", **SHORT)
        assert time.monotonic() - began < 10


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate nobody vouches for."""
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl cannot make a certificate here")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_tls_fails_without_trust_and_works_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Running(Script(itl_s=0.001), context=certificate(tmp_path)) as server:
        with pytest.raises(MissingDataError, match=r"tls: .*certificate verify failed"):
            measured(server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        found = measured(server.url, concurrency="2", n_requests=8)
    assert found.levels[0].stats.n_ok == 8


def test_https_to_a_server_that_speaks_http() -> None:
    with Running(Script()) as server, pytest.raises(MissingDataError, match=r"tls|timeout_connect"):
        measured(server.url.replace("http:", "https:"), connect_timeout_s=0.5)


def spoilt(found: Measured) -> str:
    assert found.failure == found.spoilt
    return found.spoilt


@pytest.mark.parametrize(("cached_frac", "is_spoilt"), [(0.5, True), (0.0, False), (0.1, False)])
def test_prefix_cache_hits_spoil_a_run(cached_frac: float, is_spoilt: bool) -> None:
    # A tenth of 60 prompt tokens is within the server's own template of 8, which every prompt shares.
    with Running(Script(itl_s=0.001, cached_frac=cached_frac)) as server:
        found = measured(server.url, concurrency="2", n_requests=8)
        kept = measured(server.url, concurrency="2", n_requests=8, allow_prefix_cache=True)
    assert ("prefix cache" in spoilt(found)) == is_spoilt
    assert found.cached_frac == pytest.approx((30 - 8) / 60 if is_spoilt else 0.0)
    assert kept.failure == ""


def tco(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TCO_")}
    kept |= {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "XDG_DATA_HOME": str(folder)}
    command = [sys.executable, "-m", "tco", "bench", "endpoint", *arguments]
    return subprocess.Popen(command, cwd=folder, env=kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    with Running(Script(ttft_s=0.02, itl_s=0.02)) as server:
        ran = tco(
            server.url, "--n-requests", "500", "--hardware", "h100-sxm", "--model", "qwen3-8b", "--dtype", "bf16",
            "--engine", "vllm", "--out", "profile.yaml", "--requests", "requests.jsonl", "--chart", "chart.png",
            folder=tmp_path,
        )  # fmt: skip
        until = time.monotonic() + 30
        while len(server.requests) <= N_PROBES and time.monotonic() < until:
            time.sleep(0.05)
        ran.send_signal(signal.SIGINT)
        out, err = ran.communicate(timeout=20)
    assert (ran.returncode, out) == (130, "")
    assert "stopped: nothing was written" in err
    assert list(tmp_path.iterdir()) == []


def test_the_key_is_sent_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "sk-very-secret")
    with Running(Script(itl_s=0.001)) as server:
        arguments = ("--api-key-env", "A_KEY", "--n-requests", "4", "--requests", "requests.jsonl", "--no-self-test")
        ran = tco(server.url, *arguments, "--json", folder=tmp_path)
        out, err = ran.communicate(timeout=30)
        assert all("Authorization: Bearer sk-very-secret" in head for head in server.heads)
    assert ran.returncode == 0
    written = (tmp_path / "requests.jsonl").read_text(encoding="utf-8")
    assert json.loads(out)["levels"][0]["n_ok"] == 4
    assert "secret" not in out + err + written
