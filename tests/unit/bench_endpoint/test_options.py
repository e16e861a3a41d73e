"""What may be asked for, and what contradicts itself."""

from __future__ import annotations

import pytest

from tco.bench.endpoint import address
from tco.bench.endpoint.address import Address
from tco.bench.endpoint.options import Options, read
from tco.bench.endpoint.sample import Lengths
from tco.bench.endpoint.slo import Limit
from tco.errors import InvalidInputError, TcoError, UsageError

URL = "http://localhost:8000"


@pytest.mark.parametrize(
    ("url", "api", "found", "shown"),
    [
        (URL, None, Address("http", "localhost", 8000, "/v1", "chat"), "http://localhost:8000/v1/chat/completions"),
        (f"{URL}/v1/", "completions", Address("http", "localhost", 8000, "/v1", "completions"), "http://localhost:8000/v1/completions"),
        (f"{URL}/v1/completions", None, Address("http", "localhost", 8000, "/v1", "completions"), "http://localhost:8000/v1/completions"),
        ("https://x.test/a/v1/chat/completions", None, Address("https", "x.test", 443, "/a/v1", "chat"), "https://x.test/a/v1/chat/completions"),
        (f"{URL}/chat/completions", None, Address("http", "localhost", 8000, "", "chat"), "http://localhost:8000/chat/completions"),
        ("http://[::1]:80", None, Address("http", "::1", 80, "/v1", "chat"), "http://[::1]/v1/chat/completions"),
    ],
)  # fmt: skip
def test_addresses(url, api, found, shown):
    assert address.parse(url, api=api) == found
    assert found.url == shown


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000",
        "ftp://x",
        "http://",
        "http://u:p@x",
        "http://x?key=1",
        "http://x#a",
        "http://x:99999",
        "http://a b",
        "http://x/ü",
    ],
)
def test_an_address_that_is_none(url):
    with pytest.raises(UsageError) as caught:
        address.parse(url)
    assert "u:p" not in str(caught.value)
    assert "key=1" not in str(caught.value)


def test_an_address_that_contradicts_the_kind():
    with pytest.raises(UsageError, match="--api"):
        address.parse(f"{URL}/v1/completions", api="chat")


def test_which_machine():
    hosts = {"localhost": True, "127.0.0.2": True, "[::1]": True, "10.0.0.1": False, "x.test": False}
    assert {host: address.parse(f"http://{host}").is_local for host in hosts} == hosts


def test_defaults_are_one_request_in_flight():
    found = read(Options(url=URL))
    assert (found.concurrency, found.rates_per_s, found.lengths) == ((1,), (), Lengths(512, 128))
    assert read(Options(url=URL, knee="rate", ttft_p95="1 s")).rates_per_s == (1.0,)


def test_levels_are_sorted_and_once():
    assert read(Options(url=URL, concurrency="8,1,8")).concurrency == (1, 8)
    assert read(Options(url=URL, rate="2,0.5")).rates_per_s == (0.5, 2.0)
    assert read(Options(url=URL, rate="100")).most_in_flight == 64


WRONG = [
    {"concurrency": "0"}, {"concurrency": "x"}, {"concurrency": "99999"}, {"rate": "0"}, {"rate": "inf"}, {"rate": "a"},
    {"concurrency": "1", "rate": "1"}, {"api": "responses"}, {"arrivals": "uniform", "rate": "1"},
    {"arrivals": "poisson"}, {"burstiness": 0.5, "rate": "1"}, {"arrivals": "gamma", "rate": "1"}, {"speedup": 2.0},
    {"knee": "rate"}, {"knee": "both", "ttft_p95": "1 s"}, {"knee": "rate", "concurrency": "1", "ttft_p95": "1 s"},
    {"ttft_p95": "500"}, {"ttft_p95": "5 GB"}, {"deadline": "0 s"}, {"api_key_env": "NO_SUCH_VARIABLE"},
    {"gpu": "x"}, {"gpu": "0,0"}, {"gpu": "0,1"}, {"gpu": "0", "n_gpus": 2}, {"url": "http://far.example", "gpu": "0"},
    {"extra_body": "{"}, {"extra_body": "[1]"}, {"extra_body": '{"stream": false}'}, {"workload": "no-such-workload"},
]  # fmt: skip


@pytest.mark.parametrize("asked", WRONG, ids=str)
def test_what_is_wrong_is_refused_before_anything_is_sent(asked, monkeypatch):
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)
    with pytest.raises(TcoError) as caught:
        read(Options(**{"url": URL, **asked}))
    assert caught.value.exit_code == 2


def test_a_workload_gives_lengths_and_limits():
    found = read(Options(url=URL, workload="agentic-coding", concurrency="2"))
    assert found.lengths == Lengths(40_000, 1_500)  # 900 and 600 of reasoning
    assert found.slo.limits == (Limit("ttft", 95, 5.0), Limit("itl", 95, 0.06))
    own = read(Options(url=URL, workload="agentic-coding", input_tok=100, ttft_p95="300 ms", deadline="9 s"))
    assert own.lengths == Lengths(100, 1_500)
    assert own.slo.limits == (Limit("itl", 95, 0.06), Limit("ttft", 95, 0.3), Limit("e2e", 95, 9.0))


def test_the_key_is_read_from_its_variable(monkeypatch):
    monkeypatch.setenv("A_KEY", " secret ")
    assert read(Options(url=URL, api_key_env="A_KEY")).api_key == "secret"
    monkeypatch.setenv("A_KEY", "sec\nret")
    with pytest.raises(UsageError) as caught:
        read(Options(url=URL, api_key_env="A_KEY"))
    assert "sec" not in str(caught.value).replace("such", "")


def test_a_trace(tmp_path):
    path = tmp_path / "trace.csv"
    path.write_text("timestamp,ContextTokens,GeneratedTokens\n3,100,20\n1,50,10\n2,70,0\n8,200,30\n", encoding="utf-8")
    found = read(Options(url=URL, trace=path, speedup=2.0))
    assert found.trace == ((0.0, Lengths(50, 10)), (2.0, Lengths(100, 20)), (7.0, Lengths(200, 30)))
    assert found.lengths == Lengths(100, 30)
    assert (found.concurrency, found.speed_ratio) == ((), 2.0)
    assert len(read(Options(url=URL, trace=path, n_requests=2)).trace) == 2
    path.write_text("timestamp\n1\n2\n", encoding="utf-8")
    assert read(Options(url=URL, trace=path, input_tok=9, output_tok=4)).trace[1] == (1.0, Lengths(9, 4))
    with pytest.raises(UsageError, match="--knee"):
        read(Options(url=URL, trace=path, knee="concurrency", ttft_p95="1 s"))


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n3,4\n", "timestamp\nx\ny\n", "timestamp,output_tok\n1,99999999999\n2,4\n", ""]
)
def test_a_trace_that_cannot_be_replayed(tmp_path, text):
    path = tmp_path / "trace.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInputError):
        read(Options(url=URL, trace=path))


def test_the_gpus_of_the_server_are_named_by_number():
    assert read(Options(url=URL, gpu="0,2", n_gpus=2)).gpus == (0, 2)
    assert read(Options(url=URL)).gpus == read(Options(url=URL, gpu="all")).gpus == ()
