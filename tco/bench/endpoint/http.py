"""One HTTP/1.1 response from the bytes of a connection: chunked, of stated length, or until the end."""

from __future__ import annotations

from tco.bench.endpoint.failures import RequestFailedError

MAX_HEAD_BYTES = 65_536
MAX_LINE_BYTES = 8_192
SIZE, PAYLOAD, END, TRAILER = "size", "payload", "end", "trailer"
HEX = frozenset(b"0123456789abcdefABCDEF")
CRLF = b"\r\n"


class Response:
    """Feeds on bytes and gives the body back; ``status`` is 0 until the head is complete, ``done`` at the end."""

    __slots__ = ("_chunk_left", "_is_chunked", "_left", "_rest", "_stage", "done", "headers", "keeps_alive", "status")

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.done = False
        self.keeps_alive = False
        self._rest = b""
        self._is_chunked = False
        self._left: int | None = None  # of a stated length
        self._chunk_left = 0
        self._stage = SIZE

    def feed(self, data: bytes) -> bytes:
        """The body's bytes that ``data`` completes; raises RequestFailedError for what is not HTTP."""
        if not self.status:
            data = self._head(self._rest + data)
            if not self.status:
                return b""
        if self._is_chunked:
            return self._fast_chunk(data)
        return self._plain(data)

    def close(self) -> bool:
        """The connection ended: whether the body may be complete."""
        if self.status and not self._is_chunked and self._left is None:
            self.done = True
        return self.done

    def _head(self, data: bytes) -> bytes:
        """Read the head, passing over interim responses; what follows it, or nothing while it is incomplete."""
        while True:
            head, found, rest = data.partition(b"\r\n\r\n")
            if not found:
                if len(data) > MAX_HEAD_BYTES or not b"HTTP/1.".startswith(data[:7]):
                    raise RequestFailedError("bad_http", data[:80].decode("latin-1"))
                self._rest = data
                return b""
            self._read_head(head)
            if not 100 <= self.status < 200:
                break
            self.status, data = 0, rest
        self._rest = b""
        return rest

    def _read_head(self, head: bytes) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        parts = first.split(" ", 2)
        if not parts[0].startswith("HTTP/1.") or len(parts) < 2 or not (parts[1].isdecimal() and len(parts[1]) == 3):
            raise RequestFailedError("bad_http", first)
        self.status = int(parts[1])
        self.headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
        }
        connection = self.headers.get("connection", "").lower()
        self.keeps_alive = "close" not in connection and (parts[0] != "HTTP/1.0" or "keep-alive" in connection)
        self._is_chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        length = self.headers.get("content-length")
        if self._is_chunked:
            return
        if self.status in (204, 304):
            length = "0"
        if length is None:
            self.keeps_alive = False
        elif not length.isdecimal():
            raise RequestFailedError("bad_http", f"content-length: {length}")
        else:
            self._left = int(length)
            self.done = self._left == 0

    def _plain(self, data: bytes) -> bytes:
        if self._left is None:
            return data
        body, self._left = data[: self._left], self._left - len(data)
        self.done = self._left <= 0
        self.keeps_alive = self.keeps_alive and self._left >= 0
        return body

    def _fast_chunk(self, data: bytes) -> bytes:
        """One whole chunk in one read, as servers send them; anything else goes through ``_chunks``."""
        if not self._rest and self._stage is SIZE:
            end = data.find(CRLF, 0, 10)
            if end > 0 and data.endswith(CRLF):
                size = _size(data[:end])
                if size > 0 and len(data) == end + size + 4:
                    return data[end + 2 : -2]
        return self._chunks(self._rest + data)

    def _chunks(self, data: bytes) -> bytes:
        body: list[bytes] = []
        at, self._rest = 0, b""
        while at < len(data) and not self.done:
            if self._stage is PAYLOAD:
                part = data[at : at + self._chunk_left]
                body.append(part)
                at += len(part)
                self._chunk_left -= len(part)
                self._stage = PAYLOAD if self._chunk_left else END
                continue
            end = data.find(CRLF, at)
            if end < 0:
                self._rest = data[at:]
                if len(self._rest) > MAX_LINE_BYTES or (self._stage is END and self._rest != b"\r"):
                    raise RequestFailedError("bad_http", "the framing of a chunk is broken")
                break
            self._line(data[at:end])
            at = end + 2
        self.keeps_alive = self.keeps_alive and (not self.done or at == len(data))  # bytes that belong to nothing
        return b"".join(body)

    def _line(self, line: bytes) -> None:
        """A line between payloads: the empty one after a payload, a size, or one of the trailer."""
        if self._stage is END:
            if line:
                raise RequestFailedError("bad_http", "a chunk is longer than stated")
            self._stage = SIZE
        elif self._stage is SIZE:
            self._chunk_left = _size(line)
            self._stage = PAYLOAD if self._chunk_left else TRAILER
        elif not line:
            self.done = True


def _size(line: bytes) -> int:
    """A chunk's size, its extensions left out."""
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 15 or not HEX.issuperset(digits):
        raise RequestFailedError("bad_http", f"chunk size {line[:40].decode('latin-1')}")
    return int(digits, 16)
