"""Asks the server: connections that are kept, deadlines that always end a request, one record a request."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tco.bench.endpoint.address import Address
from tco.bench.endpoint.answer import Answer
from tco.bench.endpoint.connection import BUFFER_BYTES, Connection
from tco.bench.endpoint.failures import RequestFailedError

MAX_GET_S = 10.0  # for a document that needs no model
MAX_IDLE_S = 2.0  # servers close idle connections after 5 s or more
OUT_OF_FILES = (errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds after which a request is given up."""

    connect_s: float = 10.0
    first_s: float = 60.0
    idle_s: float = 30.0
    total_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """One answered request: when it was asked for and sent (``time.perf_counter``), and the answer."""

    connect_s: float
    sent_s: float
    answer: Answer


class Client:
    """Keeps connections to one server; used inside one running event loop and closed at its end."""

    def __init__(
        self, address: Address, *, timeouts: Timeouts, api_key: str = "", context: ssl.SSLContext | None = None
    ) -> None:
        self.address, self.timeouts = address, timeouts
        self._context = context if context or address.scheme == "http" else ssl.create_default_context()
        self._buffer = bytearray(BUFFER_BYTES)
        self._idle: list[Connection] = []
        secret = f"Authorization: Bearer {api_key}\r\n" if api_key else ""
        self._head = f"Host: {address.authority}\r\n{secret}User-Agent: tco\r\nAccept: text/event-stream, */*\r\n"
        self._head += "Accept-Encoding: identity\r\n"  # a compressor would hold chunks back
        self._known_ip = ""
        self.keeps_connections = True

    async def ask(self, body: bytes) -> Exchange:
        """Send one request for a stream and wait for its end; raises RequestFailedError."""
        head = f"POST {self.address.path} HTTP/1.1\r\n{self._head}Content-Type: application/json\r\n"
        request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body
        answer = Answer()
        connect_s, sent_s, _ = await self._exchange(request, answer)
        return Exchange(connect_s, sent_s, answer)

    async def get(self, path: str) -> Any:
        """A JSON document; raises RequestFailedError."""
        request = f"GET {self.address.base}{path} HTTP/1.1\r\n{self._head}\r\n".encode("latin-1")
        _, _, connection = await self._exchange(request, None)
        if connection.response.status != 200:
            raise RequestFailedError(f"http_{connection.response.status}")
        try:
            return json.loads(connection.body)
        except (ValueError, RecursionError):
            raise RequestFailedError("garbage", connection.body[:80].decode("utf-8", "replace")) from None

    def close(self) -> None:
        """Drop the connections that are kept."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    async def _exchange(self, request: bytes, answer: Answer | None) -> tuple[float, float, Connection]:
        """One request, on a kept connection or a new one. Nothing is ever sent twice: a reset is the server's."""
        began_s = time.perf_counter()
        connection, connect_s = self._kept(), 0.0
        if connection is None:
            connection = await self._connect()
            connect_s = time.perf_counter() - began_s
        sent_s = await self._carry(connection, request, answer)
        return connect_s, sent_s, connection

    def _kept(self) -> Connection | None:
        """An open connection that was used a moment ago: one that is idle for long may be closing at the other end."""
        now_s = time.perf_counter()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and self.keeps_connections and now_s - connection.ended_s < MAX_IDLE_S:
                return connection
            self.keeps_connections = self.keeps_connections and not connection.was_closed_early
            connection.close()
        return None

    async def _carry(self, connection: Connection, request: bytes, answer: Answer | None) -> float:
        sent_s = time.perf_counter()
        answered = connection.ask(request, answer)
        limits = self.timeouts
        if answer is None:
            limits = replace(limits, first_s=min(limits.first_s, MAX_GET_S))
        guard = _Guard(connection, answer, sent_s, limits)
        try:
            await answered
        except asyncio.CancelledError:
            connection.close()
            raise
        finally:
            guard.stop()
        if connection.is_open:
            self._idle.append(connection)
        return sent_s

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        name = self.address.host if self._context else None  # TLS names the host, whatever its address
        try:
            async with asyncio.timeout(self.timeouts.connect_s):
                transport, connection = await loop.create_connection(
                    lambda: Connection(self._buffer), self._known_ip or self.address.host, self.address.port,
                    ssl=self._context, server_hostname=name,
                )  # fmt: skip
        except TimeoutError:
            raise RequestFailedError("timeout_connect", f"after {self.timeouts.connect_s:g} s") from None
        except ssl.SSLError as error:
            raise RequestFailedError("tls", str(error)) from None
        except (socket.gaierror, UnicodeError) as error:
            raise RequestFailedError("dns", f"{self.address.host}: {error}") from None
        except OSError as error:
            kind = "client" if error.errno in OUT_OF_FILES else "connect"
            raise RequestFailedError(kind, error.strerror or str(error)) from None
        self._known_ip = str(transport.get_extra_info("peername")[0])  # looked up once, in no latency afterwards
        return connection


class _Guard:
    """Looks now and then whether a request has passed one of its deadlines: one timer a request, none a chunk."""

    def __init__(self, connection: Connection, answer: Answer | None, sent_s: float, timeouts: Timeouts) -> None:
        self._connection, self._answer, self._sent_s, self._timeouts = connection, answer, sent_s, timeouts
        self._loop = asyncio.get_running_loop()
        first_look_s = min(timeouts.first_s, timeouts.idle_s, timeouts.total_s)
        self._timer = self._loop.call_later(first_look_s, self._look)

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        now_s, limits = time.perf_counter(), self._timeouts
        has_token = self._answer is not None and self._answer.n_chunks > 0
        last_s = max(self._connection.last_read_s, self._sent_s) if has_token else self._sent_s
        deadlines = {
            "timeout_total": self._sent_s + limits.total_s,
            "timeout_idle" if has_token else "timeout_first": last_s + (limits.idle_s if has_token else limits.first_s),
        }
        kind = min(deadlines, key=lambda name: deadlines[name])
        if now_s >= deadlines[kind]:
            self._connection.fail(RequestFailedError(kind, f"after {now_s - self._sent_s:.3g} s"))
            return
        self._timer = self._loop.call_later(max(deadlines[kind] - now_s, 0.001), self._look)


def request_body(fields: Mapping[str, Any]) -> bytes:
    """A request's fields as compact JSON."""
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
