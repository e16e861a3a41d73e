"""One connection to the server: bytes in, stamps out. The hot path of the load generator."""

from __future__ import annotations

import asyncio
import time
from typing import cast

from tco.bench.endpoint.answer import Answer, message
from tco.bench.endpoint.failures import RequestFailedError
from tco.bench.endpoint.http import Response
from tco.bench.endpoint.sse import Events

MAX_BODY_BYTES = 8_388_608  # of an answer that is no stream
STREAM = "text/event-stream"
BUFFER_BYTES = 65_536
EARLY_S = 1.0


class Connection(asyncio.BufferedProtocol):
    """Carries one request at a time. ``answered`` resolves when its answer is complete or has failed.

    All connections of a loop read into the same ``buffer``: what arrives is taken out before the next one reads.
    """

    def __init__(self, buffer: bytearray) -> None:
        self._view = memoryview(buffer)
        self._transport: asyncio.Transport | None = None
        self._answered: asyncio.Future[None] | None = None
        self._answer: Answer | None = None
        self._body: list[bytes] = []
        self._n_body_bytes = 0
        self.response = Response()
        self._events = Events()
        self.last_read_s = 0.0
        self.is_open = False
        self.ended_s = 0.0  # of the last answer
        self.was_closed_early = False  # by the server, though its answer had said that it would be kept

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Where the next bytes go."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Stamp and take what has arrived."""
        now_s = time.perf_counter()
        if self._answered is None or self._answered.done():
            self.close()  # bytes that belong to no request
            return
        self.last_read_s = now_s
        try:
            body = self.response.feed(bytes(self._view[:nbytes]))
            if body:
                self._take(body, now_s)
            if self.response.done:
                self._finish()
        except RequestFailedError as failure:
            self._fail(failure)

    def eof_received(self) -> bool:
        """Let the transport close."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """The end of an answer without a length, or a broken one."""
        was_open, self.is_open = self.is_open, False
        if self._answered is None or self._answered.done():
            self.was_closed_early = was_open and time.perf_counter() - self.ended_s < EARLY_S
            return
        try:
            is_whole = self._answer is not None and self._answer.is_done  # all was said, whatever the framing lacks
            if error is None and (self.response.close() or is_whole):
                self._finish()
                return
        except RequestFailedError as failure:
            self._fail(failure)
            return
        kind = "cut_off" if error is None and self._answer is not None and self._answer.n_events else "reset"
        self._fail(RequestFailedError(kind, str(error) if error else "the server closed the connection"))

    def ask(self, request: bytes, answer: Answer | None) -> asyncio.Future[None]:
        """Send a whole request; its stream goes to ``answer``, or its body to ``body`` when there is none."""
        assert self._transport is not None
        self.response, self._events, self._answer, self._body = Response(), Events(), answer, []
        self._n_body_bytes = 0
        self._answered = asyncio.get_running_loop().create_future()
        self.last_read_s = 0.0
        self._transport.write(request)
        return self._answered

    @property
    def body(self) -> bytes:
        """The body of an answer that is no stream."""
        return b"".join(self._body)

    def fail(self, failure: RequestFailedError) -> None:
        """Give the request up from outside: a deadline has passed."""
        self._fail(failure)

    def close(self) -> None:
        """Drop the connection at once."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    def _take(self, body: bytes, now_s: float) -> None:
        answer = self._answer
        if answer is None or self.response.status != 200 or not self._is_stream:
            self._n_body_bytes += len(body)
            if self._n_body_bytes > MAX_BODY_BYTES:
                raise RequestFailedError("garbage", f"more than {MAX_BODY_BYTES} bytes that are no stream")
            self._body.append(body)
            return
        answer.n_reads += 1
        for data in self._events.feed(body):
            answer.event(data, now_s)
        if self._events.named_error:
            raise RequestFailedError("error_in_stream", "an event named error")

    @property
    def _is_stream(self) -> bool:
        """Whether the body is events as they are, not compressed: nobody asked for that."""
        headers = self.response.headers
        is_plain = headers.get("content-encoding", "identity").lower() == "identity"
        return is_plain and STREAM in headers.get("content-type", "").lower()

    def _finish(self) -> None:
        assert self._answered is not None
        if self._answer is not None:
            self._check(self._answer)
        self.ended_s = time.perf_counter()
        self._answered.set_result(None)
        if not self.response.keeps_alive:
            self.close()

    def _check(self, answer: Answer) -> None:
        """The answer is at its end: it must be a complete stream with tokens."""
        status = self.response.status
        if status != 200:
            raise RequestFailedError(f"http_{status}", self.response.headers.get("location") or _reason(self.body))
        if not self._is_stream:
            said = (self.response.headers.get(name) for name in ("content-type", "content-encoding"))
            kind = ", ".join(each for each in said if each) or "none"
            raise RequestFailedError("content_type", f"{kind}: {self.body[:80].decode('utf-8', 'replace')}")
        for data in self._events.close():
            answer.event(data, self.last_read_s)
        if not answer.n_events and not answer.is_done:
            raise RequestFailedError("cut_off", "an empty stream")
        if not answer.is_complete:
            raise RequestFailedError("cut_off")
        if not answer.n_chunks:
            raise RequestFailedError("no_tokens", f"finish reason {answer.finish_reason or 'none'}")

    def _fail(self, failure: RequestFailedError) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(failure)
        self.close()


def _reason(body: bytes) -> str:
    """What the body of an error says."""
    import json

    try:
        held = json.loads(body)
    except (ValueError, RecursionError):
        return body[:200].decode("utf-8", "replace")
    return message(held) if isinstance(held, dict) else str(held)
