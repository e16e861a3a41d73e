"""Server-sent events from the bytes of a body, however they are split."""

from __future__ import annotations

from tco.bench.endpoint.failures import RequestFailedError

MAX_EVENT_BYTES = 4_194_304
FIELDS = (b"event", b"id", b"retry")
START, STOP = b"data: ", b"\n\n"
BOM = b"\xef\xbb\xbf"


class Events:
    """Feeds on bytes and gives back the ``data`` of every complete event; ``named_error`` after ``event: error``.

    Line ends may be LF, CRLF or CR; comments and a leading byte order mark are passed over. Raises RequestFailedError
    for a line that is no field.
    """

    __slots__ = ("_after_cr", "_data", "_is_begun", "_rest", "named_error")

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._is_begun = False
        self._after_cr = False  # a CR ended the last read: an LF that comes next belongs to it
        self.named_error = False

    def feed(self, body: bytes) -> list[bytes]:
        """The data of the events that ``body`` completes."""
        is_between = not self._rest and not self._data and not self._after_cr
        if is_between and body.startswith(START) and body.find(b"\n") == len(body) - 2 and body.endswith(STOP):
            return [body[6:-2]]  # one event in one read, as servers send them
        if self._after_cr:
            body = body.removeprefix(b"\n")
        self._after_cr = body.endswith(b"\r")
        body = self._rest + body
        if b"\r" in body:
            body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not self._is_begun:
            body = body.removeprefix(BOM)
            self._is_begun = b"\n" in body
        *lines, self._rest = body.split(b"\n")
        if len(self._rest) > MAX_EVENT_BYTES:
            raise RequestFailedError("garbage", f"an event of more than {MAX_EVENT_BYTES} bytes")
        return [found for line in lines if (found := self._line(line)) is not None]

    def close(self) -> list[bytes]:
        """The data of a last event that no empty line ended."""
        last, self._rest = self._rest, b""
        found = [self._line(last)] if last else []
        found.append(self._line(b""))
        return [data for data in found if data is not None]

    def _line(self, line: bytes) -> bytes | None:
        if not line:
            data, self._data = self._data, []
            return b"\n".join(data) if data else None
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self.named_error = self.named_error or value == b"error"
        elif name and name not in FIELDS:
            raise RequestFailedError("garbage", line[:80].decode("utf-8", "replace"))
        return None
