"""What can go wrong with one request, by name. A failed request is counted under its name and never averaged in."""

from __future__ import annotations

KINDS = {
    "connect": "no connection",
    "dns": "the host name was not found",
    "tls": "the TLS handshake failed",
    "timeout_connect": "no connection in time",
    "timeout_first": "no token in time after the request was sent",
    "timeout_idle": "the stream stopped without an end: nothing came for too long",
    "timeout_total": "the answer took too long in all",
    "reset": "the connection broke before the answer was complete",
    "bad_http": "the answer is not HTTP",
    "content_type": "the answer is no event stream",
    "garbage": "the stream holds something other than JSON events",
    "error_in_stream": "the stream holds an error object",
    "cut_off": "the stream ended without a finish reason and without [DONE]",
    "no_tokens": "the stream ended without a token",
    "usage": "the server's usage contradicts its own stream",
    "client": "this machine could not open another connection",
}
UNREACHABLE = ("connect", "dns", "tls", "timeout_connect", "client")  # nothing was ever asked
MAX_DETAIL = 200


class RequestFailedError(Exception):
    """One request failed: the kind (a key of ``KINDS`` or ``http_`` and the status) and what was seen."""

    def __init__(self, kind: str, detail: str = "") -> None:
        self.kind = kind
        self.detail = printable(detail)
        super().__init__(f"{kind}: {self.detail}" if detail else kind)


def printable(text: str) -> str:
    """Text from a server, on one line, without control characters and not longer than ``MAX_DETAIL``."""
    line = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return line if len(line) <= MAX_DETAIL else f"{line[: MAX_DETAIL - 1]}…"


def meaning(kind: str) -> str:
    """A sentence for a kind."""
    if kind.startswith("http_"):
        return f"the server answered HTTP status {kind.removeprefix('http_')}"
    return KINDS[kind]
