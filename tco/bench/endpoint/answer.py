"""One streamed answer: when its tokens came, how it ended and what the server says it used."""

from __future__ import annotations

import json
from array import array
from typing import Any

from tco.bench.endpoint.failures import RequestFailedError

DONE = b"[DONE]"
SAID = ("content", "tool_calls", "refusal")
THOUGHT = ("reasoning_content", "reasoning")


class Answer:
    """Stamps (seconds of ``time.perf_counter``) and facts of one answer, filled in as its events arrive."""

    __slots__ = (
        "finish_at_s", "finish_reason", "is_done", "n_events", "n_reads", "n_reasoning", "stamps_s", "usage",
    )  # fmt: skip

    def __init__(self) -> None:
        self.stamps_s = array("d")  # of each event with content
        self.n_events = self.n_reads = self.n_reasoning = 0
        self.finish_reason = ""
        self.finish_at_s = 0.0
        self.is_done = False
        self.usage: dict[str, Any] | None = None

    def event(self, data: bytes, at_s: float) -> None:
        """Take one event; raises RequestFailedError for an error object and for what is not a JSON object."""
        try:
            held = json.loads(data)
            choices = held.get("choices")
            for choice in choices or ():
                self._choice(choice, at_s)
        except (ValueError, AttributeError, TypeError, RecursionError):
            if data.strip() != DONE:
                raise RequestFailedError("garbage", data[:80].decode("utf-8", "replace")) from None
            self.is_done = True
            return
        self.n_events += 1
        if held.get("error"):
            raise RequestFailedError("error_in_stream", message(held))
        usage = held.get("usage")
        if usage:
            if not isinstance(usage, dict):
                raise RequestFailedError("usage", f"{usage!r} is no object")
            self.usage = usage

    def _choice(self, choice: dict[str, Any], at_s: float) -> None:
        """One choice: text of a completion, or a delta of a chat with anything in it that was generated."""
        delta = choice.get("delta")
        if choice.get("text"):
            self.stamps_s.append(at_s)
        elif delta:
            if any(delta.get(name) for name in SAID):
                self.stamps_s.append(at_s)
            elif any(delta.get(name) for name in THOUGHT):
                self.stamps_s.append(at_s)
                self.n_reasoning += 1
        reason = choice.get("finish_reason")
        if reason and not self.finish_reason:
            self.finish_reason, self.finish_at_s = str(reason), at_s

    @property
    def is_complete(self) -> bool:
        """Whether the server said that this is the end."""
        return self.is_done or bool(self.finish_reason)

    @property
    def n_chunks(self) -> int:
        """Events with content; one of them may hold several tokens, or a part of one."""
        return len(self.stamps_s)

    @property
    def first_s(self) -> float:
        """Stamp of the first content."""
        return self.stamps_s[0]

    @property
    def last_s(self) -> float:
        """Stamp of the end of the generation: the last content, or the finish reason when it came later."""
        return max(self.stamps_s[-1], self.finish_at_s)


def message(held: dict[str, Any]) -> str:
    """The text of an error object in any of its usual shapes."""
    error = held.get("error", held)
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail") or json.dumps(error)
    return str(error)
