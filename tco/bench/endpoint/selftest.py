"""How far off this machine's client is: the same client against a server of known timing in the same process.

The server shares the process, so its own lateness is in the error too: an upper bound of the client's.
"""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass

from tco.bench.endpoint.address import Address
from tco.bench.endpoint.asker import Asker, Dialect
from tco.bench.endpoint.client import Client, Timeouts
from tco.bench.endpoint.prompt import Prompts
from tco.bench.endpoint.sample import Lengths, Sample

TTFT_S = 0.1
ITL_S = 0.04
N_TOK = 16
TIMEOUTS = Timeouts(connect_s=10.0, first_s=10.0, idle_s=10.0, total_s=30.0)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = (
    b'data: {"choices":[{"index":0,"text":"","finish_reason":"length"}],"usage":'
    b'{"prompt_tokens":1,"completion_tokens":%d,"total_tokens":%d}}\n\ndata: [DONE]\n\n'
)
TOKEN = (
    b'data: {"id":"self-test","object":"text_completion","choices":[{"index":0,"text":" a","finish_reason":null}]}\n\n'
)


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Median measured minus true: TTFT in seconds, TPOT as a share of the true one."""

    n_streams: int
    n_answered: int
    ttft_error_s: float | None
    tpot_error_frac: float | None


async def self_test(n_streams: int) -> SelfTest:
    """Measure a server of known timing with ``n_streams`` at once, on connections that are already open."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Scripted, "127.0.0.1", 0, backlog=max(n_streams, 100))
    port: int = server.sockets[0].getsockname()[1]
    client = Client(Address("http", "127.0.0.1", port, "/v1", "completions"), timeouts=TIMEOUTS)
    asker = Asker(client, Dialect("self-test"), Prompts(0))
    try:
        await _round(asker, n_streams, n_tok=1)
        samples = await _round(asker, n_streams, n_tok=N_TOK)
    finally:
        client.close()
        server.close()
    answered = [each for each in samples if each.is_ok]
    if not answered:
        return SelfTest(n_streams, 0, None, None)
    ttft_s = statistics.median(each.ttft_s for each in answered)
    tpot_s = statistics.median((each.stamps_s[-1] - each.first_s) / (N_TOK - 1) for each in answered)
    return SelfTest(n_streams, len(answered), ttft_s - TTFT_S, tpot_s / ITL_S - 1.0)


async def _round(asker: Asker, n_streams: int, *, n_tok: int) -> list[Sample]:
    now_s = asyncio.get_running_loop().time()
    lengths = Lengths(4, max(n_tok, N_TOK))
    asked = (asker.send(i, lengths, now_s, "ready" if n_tok == 1 else "go") for i in range(n_streams))
    return list(await asyncio.gather(*asked))


class Scripted(asyncio.Protocol):
    """Answers every request with ``n_tok`` tokens on a fixed schedule; one that says "ready" gets them at once."""

    def __init__(self, *, ttft_s: float = TTFT_S, itl_s: float = ITL_S, n_tok: int = N_TOK) -> None:
        self._ttft_s, self._itl_s, self._n_tok = ttft_s, itl_s, n_tok
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        """A request is complete with the brace that ends its body."""
        arrived_s = self._loop.time()
        self._held += data
        if not self._held.endswith(b"}"):
            return
        is_warm_up, self._held = b'"ready"' in self._held, b""
        ttft_s, itl_s = (0.0, 0.0) if is_warm_up else (self._ttft_s, self._itl_s)
        self._write(HEAD)
        self._next(0, arrived_s + ttft_s, itl_s)

    def _next(self, n: int, at_s: float, itl_s: float) -> None:
        self._loop.call_at(at_s, self._token, n, at_s, itl_s)

    def _token(self, n: int, at_s: float, itl_s: float) -> None:
        self._write(b"%x\r\n%s\r\n" % (len(TOKEN), TOKEN))
        if n + 1 < self._n_tok:
            self._next(n + 1, at_s + itl_s, itl_s)
            return
        last = LAST % (self._n_tok, self._n_tok + 1)
        self._write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(last), last))

    def _write(self, data: bytes) -> None:
        assert isinstance(self._transport, asyncio.Transport)
        if not self._transport.is_closing():
            self._transport.write(data)
