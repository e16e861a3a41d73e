"""Bytes of a connection: HTTP framing, events and tokens, however they are split."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.bench.endpoint.answer import Answer
from tco.bench.endpoint.connection import MAX_BODY_BYTES, Connection
from tco.bench.endpoint.failures import RequestFailedError, meaning, printable
from tco.bench.endpoint.http import Response
from tco.bench.endpoint.sse import MAX_EVENT_BYTES, Events
from tco.bench.endpoint.usage import Usage, read

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED = HEAD + b"5\r\nhello\r\n7;ext=1\r\n, world\r\n0\r\nTrailer: x\r\n\r\n"
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello, world"
CHAT: list[dict] = [
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {"content": 'a "content":"b" \\'}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {"reasoning_content": "hm"}, "finish_reason": None}], "usage": None},
    {"choices": [{"index": 0, "delta": {"content": "c"}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]},
    {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 4}},
]


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(at)]


def stream(events: list[dict], end: str = "\n", space: str = " ", done: bool = True) -> bytes:
    texts = [f"data:{space}{json.dumps(each)}{end * 2}" for each in events]
    return "".join([*texts, f"data:{space}[DONE]{end * 2}" if done else ""]).encode()


def heard(parts: list[bytes]) -> Answer:
    answer, events = Answer(), Events()
    for n, part in enumerate(parts):
        for data in events.feed(part):
            answer.event(data, float(n))
    for data in events.close():
        answer.event(data, float(len(parts)))
    return answer


cuts = st.lists(st.integers(0, 10_000), max_size=12)


@given(cuts=cuts, whole=st.sampled_from([CHUNKED, SIZED]))
def test_a_response_is_the_same_however_it_is_split(cuts, whole):
    response = Response()
    assert b"".join(response.feed(part) for part in pieces(whole, cuts)) == b"hello, world"
    assert (response.status, response.done, response.keeps_alive) == (200, True, True)


@pytest.mark.parametrize(
    ("head", "keeps_alive"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\n", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", True),
    ],
)
def test_a_connection_is_kept_as_its_head_says(head, keeps_alive):
    response = Response()
    assert response.feed(head + b"ok") == b"ok"
    assert (response.done, response.keeps_alive) == (True, keeps_alive)


def test_a_body_without_length_ends_with_the_connection():
    response = Response()
    assert response.feed(b"HTTP/1.1 200 OK\r\n\r\nab") == b"ab"
    assert response.feed(b"cd") == b"cd"
    assert not response.done
    assert response.close()


def test_a_chunked_body_that_the_connection_ends_is_incomplete():
    response = Response()
    response.feed(HEAD + b"5\r\nhel")
    assert not response.close()


def test_no_content_and_more_than_stated():
    response = Response()
    response.feed(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert response.done
    response = Response()
    assert response.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore") == b"ok"
    assert not response.keeps_alive


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n",
        HEAD + b"zz\r\nhello\r\n", HEAD + b"5\r\nhelloXX7\r\n", HEAD + b"5\r\nhelloX\r\n", HEAD + b"-5\r\nhello\r\n",
        HEAD + b"5" * 9000, b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000, HEAD + b"ffffffffffffffffff\r\n",
    ],
)  # fmt: skip
def test_what_is_not_http_is_named(data):
    with pytest.raises(RequestFailedError) as caught:
        Response().feed(data)
    assert caught.value.kind == "bad_http"


@given(cuts=cuts, end=st.sampled_from(["\n", "\r\n", "\r"]), space=st.sampled_from(["", " "]), done=st.booleans())
def test_tokens_are_the_same_however_the_stream_is_split(cuts, end, space, done):
    answer = heard(pieces(b": comment\n\n" + stream(CHAT, end, space, done), cuts))
    assert answer.n_chunks == 3
    assert answer.n_reasoning == 1
    assert answer.finish_reason == "length"
    assert answer.is_done == done
    assert answer.is_complete
    assert answer.usage == {"prompt_tokens": 5, "completion_tokens": 4}


def test_a_last_event_needs_no_empty_line():
    assert heard([stream(CHAT, done=False).rstrip(b"\n")]).usage == {"prompt_tokens": 5, "completion_tokens": 4}


def test_a_byte_order_mark_before_the_stream_is_passed_over():
    whole = b"\xef\xbb\xbf" + stream(CHAT)
    for parts in ([whole], [whole[:1], whole[1:]], [whole[:3], whole[3:]]):
        assert heard(parts).n_chunks == 3


@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_an_event_is_stamped_when_its_own_last_byte_comes(end):
    """A CR ends a line at once; an LF that comes with the next read belongs to it."""
    events, data = Events(), f"data: 1{end}{end}".encode()
    assert events.feed(data) == [b"1"]
    assert events.feed(data[:-1] if end == "\r\n" else data) == [b"1"]
    assert events.feed(b"\n" + data if end == "\r\n" else data) == [b"1"]
    assert events.close() == []


def test_data_of_several_lines_is_one_event_and_ids_are_passed_over():
    assert Events().feed(b'id: 3\nretry: 5\nevent: message\ndata: {"a":\ndata: 1}\n\n') == [b'{"a":\n1}']


def test_stamps_are_of_content_alone():
    answer = Answer()
    for n, each in enumerate(CHAT):
        answer.event(json.dumps(each).encode(), float(n))
    assert list(answer.stamps_s) == [1.0, 2.0, 3.0]
    assert (answer.first_s, answer.last_s) == (1.0, 4.0)  # the generation ends with its finish reason


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "a"}, {"reasoning_content": "a"}, {"reasoning": "a"}, {"content": [{"type": "text", "text": "a"}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]}, {"refusal": "no"},
    ],
)  # fmt: skip
def test_every_kind_of_content_counts(delta):
    held = {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    for separators in ((",", ":"), (", ", ": ")):
        answer = Answer()
        for _ in range(2):
            answer.event(json.dumps(held, separators=separators).encode(), 1.0)
        assert answer.n_chunks == 2


@pytest.mark.parametrize(
    "delta", [{}, {"content": None}, {"content": ""}, {"role": "assistant"}, {"tool_calls": []}, {"reasoning": None}]
)
def test_an_empty_delta_is_no_token(delta):
    answer = Answer()
    answer.event(json.dumps({"choices": [{"delta": delta}]}).encode(), 1.0)
    assert answer.n_chunks == 0


def test_a_completion_and_its_usage_with_choices():
    answer = Answer()
    answer.event(b'{"choices":[{"text":"a","finish_reason":null}]}', 1.0)
    answer.event(
        b'{"choices":[{"text":"b","finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}', 2.0
    )
    assert (answer.n_chunks, answer.finish_reason, answer.last_s) == (2, "stop", 2.0)
    assert answer.usage == {"prompt_tokens": 1, "completion_tokens": 2}


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (b"not json", "garbage"), (b"[1]", "garbage"), (b'{"choices": 3}', "garbage"),
        (b'{"choices":[{"text":"a"}', "garbage"), (b'{"usage": 3}', "usage"),
        (b"[" * 100_000, "garbage"), (b"", "garbage"),
        (b'{"error": {"message": "boom"}}', "error_in_stream"), (b'{"error": "boom"}', "error_in_stream"),
        (b'{"choices":[{"text":"a"}],"error":{"message":"boom"}}', "error_in_stream"),
    ],
)  # fmt: skip
def test_a_broken_event_is_named(event, kind):
    for n_before in (0, 2):
        answer = Answer()
        for _ in range(n_before):
            answer.event(b'{"choices":[{"text":"a"}]}', 0.0)
        with pytest.raises(RequestFailedError) as caught:
            answer.event(event, 1.0)
        assert caught.value.kind == kind


def test_lines_that_are_no_events_are_garbage():
    for data in (b"\x00\xff garbage\n", b"<html>\n", b"x" * (MAX_EVENT_BYTES + 1)):
        with pytest.raises(RequestFailedError) as caught:
            Events().feed(data)
        assert caught.value.kind == "garbage"


def test_an_event_named_error_is_remembered():
    events = Events()
    assert events.feed(b"event: error\ndata: {}\n\n") == [b"{}"]
    assert events.named_error


@pytest.mark.parametrize(
    ("usage", "found"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 8}, Usage(5, 8)),
        ({"prompt_tokens": 5, "completion_tokens": 8, "prompt_tokens_details": None}, Usage(5, 8)),
        ({"prompt_tokens": 5, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 2}}, Usage(5, 4, 2)),
    ],
)
def test_usage_is_read(usage, found):
    assert read(usage, n_chunks=4, max_tok=8) == found


@pytest.mark.parametrize(
    "usage",
    [
        {}, {"prompt_tokens": 5}, {"prompt_tokens": 5, "completion_tokens": True},
        {"prompt_tokens": -1, "completion_tokens": 8},
        {"prompt_tokens": 5, "completion_tokens": 3}, {"prompt_tokens": 5, "completion_tokens": 9},
        {"prompt_tokens": 5, "completion_tokens": 8.0},
        {"prompt_tokens": 5, "completion_tokens": 8, "prompt_tokens_details": {"cached_tokens": 6}},
    ],
)  # fmt: skip
def test_usage_that_cannot_be_true_is_a_failure(usage):
    with pytest.raises(RequestFailedError) as caught:
        read(usage, n_chunks=4, max_tok=8)
    assert caught.value.kind == "usage"


def test_details_are_printable_and_short():
    assert printable("a\x1b[31m\nb" + "c" * 500).startswith("a [31m b")
    assert len(printable("c" * 500)) == 200
    assert "429" in meaning("http_429")
    assert meaning("usage")


@pytest.mark.parametrize(
    ("name", "n_chunks", "tok"),
    [
        ("llamacpp_xllamacpp_chat_completions", 8, 8), ("llamacpp_xllamacpp_completions", 7, 8),
        ("transformers_serve_5.23.0_chat_completions", 5, 8), ("transformers_serve_5.23.0_completions", 1, 8),
        ("llama_cpp_python_0.3.36_chat_completions", 8, None), ("llama_cpp_python_0.3.36_completions", 7, None),
    ],
)  # fmt: skip
def test_real_streams(shared_data: Path, name, n_chunks, tok):
    raw = (shared_data / "bench_outputs" / "real" / f"stream_{name}.sse").read_bytes()
    answer = heard([raw[at : at + 61] for at in range(0, len(raw), 61)])
    assert answer.is_complete
    assert answer.finish_reason == "length"
    assert (answer.usage or {}).get("completion_tokens") == tok
    assert answer.n_chunks == n_chunks


def wired() -> tuple[Connection, Answer, asyncio.Future[None], Mock]:
    """A connection that carries a request, without a network."""
    connection, answer, transport = Connection(bytearray(65_536)), Answer(), Mock()
    connection.connection_made(transport)
    return connection, answer, connection.ask(b"request", answer), transport


def arrive(connection: Connection, data: bytes) -> None:
    connection.get_buffer(-1)[: len(data)] = data
    connection.buffer_updated(len(data))


def in_loop(test):
    async def run() -> None:
        test(*wired())

    return lambda: asyncio.run(run())


@in_loop
def test_bytes_after_the_answer_close_the_connection(connection, answer, answered, transport):
    body = stream(CHAT)
    arrive(connection, HEAD + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    assert answered.done()
    assert connection.is_open
    assert answer.usage
    arrive(connection, b"more")
    assert not connection.is_open
    transport.abort.assert_called_once()


@in_loop
def test_a_body_until_the_end_of_the_connection_is_checked_at_its_end(connection, answer, answered, transport):
    arrive(connection, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + stream(CHAT[:2], done=False))
    assert connection.eof_received() is False
    connection.connection_lost(None)
    assert answered.exception().kind == "cut_off"


@in_loop
def test_an_empty_stream_is_cut_off(connection, answer, answered, transport):
    arrive(connection, HEAD + b"0\r\n\r\n")
    assert answered.exception().kind == "cut_off"


@in_loop
def test_an_event_named_error_fails_the_request(connection, answer, answered, transport):
    body = b'event: error\ndata: {"message": "out of memory"}\n\n'
    arrive(connection, HEAD + b"%x\r\n%s\r\n" % (len(body), body))
    assert answered.exception().kind == "error_in_stream"
    connection.fail(RequestFailedError("timeout_idle"))  # too late to change that
    assert answered.exception().kind == "error_in_stream"


@in_loop
def test_an_endless_page_is_given_up(connection, answer, answered, transport):
    arrive(connection, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    for _ in range(MAX_BODY_BYTES // 65_536 + 1):
        arrive(connection, b"x" * 65_536)
    assert answered.exception().kind == "garbage"


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"plain words", "plain words"), (b'"text"', "text"), (b'{"detail": "out of memory"}', "out of memory")],
)
def test_the_reason_of_an_error_is_shown_in_any_shape(body, said):
    async def run() -> None:
        connection, _, answered, _ = wired()
        arrive(connection, b"HTTP/1.1 503 X\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        failure = answered.exception()
        assert isinstance(failure, RequestFailedError)
        assert failure.kind == "http_503"
        assert said in failure.detail

    asyncio.run(run())


@in_loop
def test_the_connection_may_end_an_answer_that_said_it_was_done(connection, answer, answered, transport):
    """[DONE] came; that the last chunk of the framing did not is between the server and its proxy."""
    body = stream(CHAT)
    arrive(connection, HEAD + b"%x\r\n%s\r\n" % (len(body), body))
    connection.connection_lost(None)
    assert answered.exception() is None
    assert answer.n_chunks == 3
    assert not connection.is_open


@in_loop
def test_bytes_after_the_last_chunk_close_the_connection(connection, answer, answered, transport):
    body = stream(CHAT)
    arrive(connection, HEAD + b"%x\r\n%s\r\n0\r\n\r\nJUNK" % (len(body), body))
    assert answered.exception() is None
    assert not connection.is_open


@pytest.mark.parametrize(
    ("kind", "is_read"),
    [
        ("Content-Type: Text/Event-Stream; charset=UTF-8", True), ("Content-Type: application/json", False),
        ("Content-Type: text/event-stream\r\nContent-Encoding: gzip", False), ("X: y", False),
        ("Content-Type: text/event-stream\r\nContent-Encoding: identity", True),
    ],
)  # fmt: skip
def test_a_stream_is_told_by_its_media_type_in_any_case_and_not_compressed(kind, is_read):
    @in_loop
    def test(connection, answer, answered, transport):
        body = stream(CHAT)
        arrive(connection, f"HTTP/1.1 200 OK\r\n{kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        failure = answered.exception()
        assert (failure is None) == is_read
        assert is_read or (isinstance(failure, RequestFailedError) and failure.kind == "content_type")

    test()


@in_loop
def test_where_a_redirect_leads_is_shown(connection, answer, answered, transport):
    arrive(connection, b"HTTP/1.1 307 X\r\nLocation: https://other/v1\r\nContent-Length: 0\r\n\r\n")
    failure = answered.exception()
    assert isinstance(failure, RequestFailedError)
    assert (failure.kind, failure.detail) == ("http_307", "https://other/v1")
