"""A scripted OpenAI-compatible server of known timing, in a process or a thread of its own.

It answers every request from a ``Script``: when the first token goes out and the next ones, and what goes wrong.
``truth`` holds, per request, the planned times relative to the arrival of the request and the times at which the bytes
were really handed to the kernel (``time.perf_counter``, one clock for all processes of a machine).
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Script:
    """What the server does. ``fault`` names a failure; ``fault_every`` n: only in each n-th request (1: in all)."""

    ttft_s: float = 0.02
    itl_s: float = 0.005
    tok_per_chunk: int = 1
    usage: str = "own_chunk"  # own_chunk, with_choices, each_chunk, none, lying, negative, too_many
    line_end: str = "\n"
    space: str = " "
    delta: str = "content"  # content, reasoning_content, tool_calls
    is_chunked: bool = True
    ends_with_done: bool = True
    has_finish: bool = True
    comments: bool = False
    keep_alive: bool = True
    pieces: int = 0  # split each write into pieces of this many bytes
    refused: tuple[str, ...] = ()  # fields answered with status 400
    fault: str = ""
    fault_every: int = 1
    fault_after: int = 0  # requests that go well first
    capacity: int = 0  # requests served at once; others wait; 0 is without limit
    overhead_tok: int = 7  # tokens of the server's own template
    tok_per_word: float = 1.0
    cached_frac: float | None = None
    models: tuple[str, ...] = ("scripted",)
    hangs_on_models: bool = False


@dataclass
class Truth:
    """Times of one request as the server saw them."""

    arrived_s: float
    written_s: list[float] = field(default_factory=list)


class ScriptedServer:
    """Serves until closed; ``url`` is ready after ``start``."""

    def __init__(self, script: Script, *, context: ssl.SSLContext | None = None) -> None:
        self.script, self.context = script, context
        self.requests: list[dict[str, Any]] = []
        self.heads: list[str] = []
        self.truth: list[Truth] = []
        self.n_streams = 0
        self.port = 0
        self._gate: asyncio.Semaphore | None = None

    async def start(self) -> asyncio.Server:
        if self.script.capacity:
            self._gate = asyncio.Semaphore(self.script.capacity)
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=2048, ssl=self.context)
        self.port = server.sockets[0].getsockname()[1]
        return server

    @property
    def url(self) -> str:
        return f"http{'s' if self.context else ''}://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.heads.append(head)
                length = next(
                    (int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length:")), 0
                )
                body = json.loads(await reader.readexactly(length)) if length else {}
                if head.startswith("GET"):
                    if self.script.hangs_on_models:
                        await asyncio.sleep(3600)
                    self._models(head, writer)
                elif await self._stream(body, writer):
                    break
                await writer.drain()
                if not self.script.keep_alive:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _models(self, head: str, writer: asyncio.StreamWriter) -> None:
        known = "/models" in head and self.script.models
        held = json.dumps({"object": "list", "data": [{"id": name} for name in self.script.models]}).encode()
        status = "200 OK" if known else "404 Not Found"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(held)}\r\n\r\n".encode()
            + held
        )

    async def _stream(self, body: dict[str, Any], writer: asyncio.StreamWriter) -> bool:
        """Answer one request; True when the connection is to be closed."""
        arrived = time.perf_counter()
        refused = [name for name in self.script.refused if name in body]
        if refused:
            self._plain(writer, 400, {"error": {"message": f"unknown field: {refused[0]}"}})
            return False
        self.requests.append(body)
        self.n_streams += 1
        n_faulty = self.n_streams - self.script.fault_after
        faulty = self.script.fault if n_faulty > 0 and n_faulty % self.script.fault_every == 0 else ""
        if self._gate is None:
            return await self._answer(body, writer, faulty, arrived)
        async with self._gate:
            return await self._answer(body, writer, faulty, arrived)

    async def _answer(self, body: dict[str, Any], writer: asyncio.StreamWriter, fault: str, arrived: float) -> bool:
        if fault in BEFORE:
            return await BEFORE[fault](self, writer)
        script, start_s = self.script, time.perf_counter()
        n_tok = int(body.get("max_tokens") or body.get("max_completion_tokens") or 16)
        truth = Truth(arrived)
        self.truth.append(truth)
        self._head(writer)
        if "messages" in body:
            await self._event(writer, {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})
        n_chunks = -(-n_tok // script.tok_per_chunk)
        for i in range(n_chunks):
            await _until(start_s + script.ttft_s + i * script.itl_s * script.tok_per_chunk)
            if fault in DURING and i == n_chunks // 2:
                return await DURING[fault](self, writer)
            truth.written_s.append(time.perf_counter())
            await self._event(writer, self._chunk(body, n_tok, "a" * script.tok_per_chunk, is_last=i == n_chunks - 1))
        if script.usage not in ("none", "with_choices", "each_chunk") and _wants_usage(body):
            await self._event(writer, {"choices": [], "usage": self._usage(body, n_tok)})
        if script.ends_with_done:
            await self._send(writer, f"data:{script.space}[DONE]{script.line_end * 2}".encode())
        if script.is_chunked:
            writer.write(b"0\r\n\r\n")
            return not script.keep_alive
        return True

    def _head(self, writer: asyncio.StreamWriter) -> None:
        framing = "Transfer-Encoding: chunked" if self.script.is_chunked else "Connection: close"
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n{framing}\r\n\r\n".encode())

    def _chunk(self, body: dict[str, Any], n_tok: int, text: str, *, is_last: bool) -> dict[str, Any]:
        finish = "length" if is_last and self.script.has_finish else None
        if "messages" not in body:
            choice: dict[str, Any] = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
        elif self.script.delta == "tool_calls":
            call: dict[str, Any] = {"index": 0, "function": {"arguments": text}}
            choice = {"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": finish}
        else:
            choice = {"index": 0, "delta": {self.script.delta: text}, "finish_reason": finish}
        held: dict[str, Any] = {"id": "x", "object": "chunk", "model": "scripted", "choices": [choice]}
        if self.script.usage == "each_chunk" or (self.script.usage == "with_choices" and is_last):
            held["usage"] = self._usage(body, n_tok)
        return held

    def _usage(self, body: dict[str, Any], n_tok: int) -> dict[str, Any]:
        words = len(_prompt(body).split())
        prompt = self.script.overhead_tok + int(words * self.script.tok_per_word)
        said = {"lying": 1, "negative": -n_tok, "too_many": n_tok + 1000}.get(self.script.usage, n_tok)
        usage: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": said, "total_tokens": prompt + said}
        if self.script.cached_frac is not None:
            usage["prompt_tokens_details"] = {"cached_tokens": int(prompt * self.script.cached_frac)}
        return usage

    def _plain(self, writer: asyncio.StreamWriter, status: int, held: Any, kind: str = "application/json") -> None:
        text = held.encode() if isinstance(held, str) else json.dumps(held).encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text
        )

    async def _event(self, writer: asyncio.StreamWriter, held: dict[str, Any]) -> None:
        comment = f": keep-alive{self.script.line_end * 2}" if self.script.comments else ""
        await self._send(
            writer, f"{comment}data:{self.script.space}{json.dumps(held)}{self.script.line_end * 2}".encode()
        )

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if self.script.is_chunked:
            data = b"%x\r\n%s\r\n" % (len(data), data)
        if not self.script.pieces:
            writer.write(data)
            return
        for at in range(0, len(data), self.script.pieces):
            writer.write(data[at : at + self.script.pieces])
            await asyncio.sleep(0)


async def _until(at_s: float) -> None:
    left = at_s - time.perf_counter()
    if left > 0:
        await asyncio.sleep(left)


def _wants_usage(body: dict[str, Any]) -> bool:
    return bool((body.get("stream_options") or {}).get("include_usage"))


def _prompt(body: dict[str, Any]) -> str:
    return body.get("prompt") or body["messages"][-1]["content"]


async def _hang(server: ScriptedServer, writer: asyncio.StreamWriter) -> bool:
    await asyncio.sleep(3600)
    return True


async def _reset(server: ScriptedServer, writer: asyncio.StreamWriter) -> bool:
    await writer.drain()
    await asyncio.sleep(0.02)
    linger = struct.pack("ii", 1, 0)  # close with RST
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
    return True


async def _close(server: ScriptedServer, writer: asyncio.StreamWriter) -> bool:
    return True


def _status(code: int) -> Callable[[ScriptedServer, asyncio.StreamWriter], Any]:
    async def answer(server: ScriptedServer, writer: asyncio.StreamWriter) -> bool:
        server._plain(writer, code, {"error": {"message": f"scripted {code}", "type": "x"}})
        return False

    return answer


async def _html(server: ScriptedServer, writer: asyncio.StreamWriter) -> bool:
    server._plain(writer, 200, "<html>log in</html>", "text/html")
    return False


async def _no_http(server: ScriptedServer, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    await writer.drain()
    return True


async def _garbage(server: ScriptedServer, writer: asyncio.StreamWriter) -> bool:
    await server._send(writer, b'data: {"choices": [}\n\n\x00\xff\xfe garbage\n\n')
    await asyncio.sleep(0.05)
    return True


async def _noise(server: ScriptedServer, writer: asyncio.StreamWriter) -> bool:
    await server._send(writer, b"\x00\xff\xfe garbage\n\n")
    await asyncio.sleep(0.05)
    return True


async def _error_object(server: ScriptedServer, writer: asyncio.StreamWriter) -> bool:
    await server._event(writer, {"error": {"message": "engine died", "code": 500}})
    await asyncio.sleep(0.05)
    return True


async def _bad_framing(server: ScriptedServer, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"zz\r\nnot a chunk\r\n")
    await asyncio.sleep(0.05)
    return True


async def _stop_half_way(server: ScriptedServer, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"0\r\n\r\n")
    return False


async def _empty(server: ScriptedServer, writer: asyncio.StreamWriter) -> bool:
    server._head(writer)
    await server._event(writer, {"choices": [{"index": 0, "delta": {}, "text": "", "finish_reason": "stop"}]})
    writer.write(b"0\r\n\r\n")
    return False


BEFORE = {
    "hang": _hang, "reset": _reset, "close": _close, "429": _status(429), "500": _status(500), "401": _status(401),
    "html": _html, "no_http": _no_http, "empty": _empty,
}  # fmt: skip
DURING = {
    "hang_half_way": _hang, "reset_half_way": _reset, "close_half_way": _close, "garbage": _garbage, "noise": _noise,
    "error_object": _error_object, "bad_framing": _bad_framing, "stop_half_way": _stop_half_way,
}  # fmt: skip


class Running:
    """A scripted server in a thread, as a context manager: ``with Running(Script()) as server: server.url``."""

    def __init__(self, script: Script, *, context: ssl.SSLContext | None = None) -> None:
        self.server = ScriptedServer(script, context=context)
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        assert self._ready.wait(10)
        return self.server

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(lambda: self._stopped.set())
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._main())
        self._loop.close()

    async def _main(self) -> None:
        self._stopped = asyncio.Event()
        server = await self.server.start()
        self._ready.set()
        await self._stopped.wait()
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _serve_forever(script: Script) -> None:
    server = await ScriptedServer.start(held := ScriptedServer(script))
    sys.stdout.write(f"{held.port}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":  # python -m tests.sse_server TTFT_S ITL_S
    asyncio.run(_serve_forever(Script(ttft_s=float(sys.argv[1]), itl_s=float(sys.argv[2]))))
