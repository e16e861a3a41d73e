"""What is asked of the server and what came of it: one record a request."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Any

from tco.units import MS_PER_S


@dataclass(frozen=True, slots=True)
class Lengths:
    """Tokens of one request: of its prompt, and the most of its answer."""

    input_tok: int
    output_tok: int


@dataclass(slots=True)
class Sample:
    """One request. Instants are seconds of ``time.perf_counter``; ``failure`` is empty when it was answered.

    ``intended_s`` is when the load asked for it, ``sent_s`` when its bytes went out, ``first_s`` and ``last_s`` when
    its first content came and its generation ended. ``n_tok`` counts by the server's usage, or chunks when
    ``is_estimated``.
    """

    index: int
    asked: Lengths
    intended_s: float
    sent_s: float = 0.0
    first_s: float = 0.0
    last_s: float = 0.0
    ended_s: float = 0.0
    connect_s: float = 0.0
    stamps_s: array[float] = field(default_factory=lambda: array("d"))
    n_tok: int = 0
    n_reads: int = 0
    n_reasoning_chunks: int = 0
    prompt_tok: int | None = None
    cached_tok: int | None = None
    is_estimated: bool = False
    finish_reason: str = ""
    failure: str = ""
    detail: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether it counts in the statistics."""
        return not self.failure

    @property
    def ttft_s(self) -> float:
        """Sent to first content."""
        return self.first_s - self.sent_s

    @property
    def e2e_s(self) -> float:
        """Sent to the end of the generation."""
        return self.last_s - self.sent_s

    @property
    def tpot_s(self) -> float | None:
        """(E2E - TTFT) / (n - 1); None for a single token."""
        return (self.last_s - self.first_s) / (self.n_tok - 1) if self.n_tok > 1 else None

    @property
    def n_chunks(self) -> int:
        """Events with content."""
        return len(self.stamps_s)

    def record(self, *, origin_s: float, level: str) -> dict[str, Any]:
        """The request as a JSON object; instants in ms since ``origin_s``, None where it never came so far."""

        def since(at_s: float) -> float | None:
            return (at_s - origin_s) * MS_PER_S if at_s else None

        return {
            "level": level, "index": self.index, "input_tok_asked": self.asked.input_tok,
            "output_tok_asked": self.asked.output_tok, "intended_ms": since(self.intended_s),
            "sent_ms": since(self.sent_s), "first_ms": since(self.first_s), "last_ms": since(self.last_s),
            "connect_ms": self.connect_s * MS_PER_S,
            "ttft_ms": self.ttft_s * MS_PER_S if self.is_ok else None,
            "e2e_ms": self.e2e_s * MS_PER_S if self.is_ok else None,
            "tpot_ms": self.tpot_s * MS_PER_S if self.is_ok and self.tpot_s is not None else None,
            "prompt_tok": self.prompt_tok, "cached_tok": self.cached_tok,
            "output_tok": self.n_tok if self.is_ok else None, "estimated": self.is_estimated,
            "n_chunks": self.n_chunks, "n_reasoning_chunks": self.n_reasoning_chunks,
            "chunks_ms": [(at_s - origin_s) * MS_PER_S for at_s in self.stamps_s],
            "finish_reason": self.finish_reason or None, "failure": self.failure or None,
            "detail": self.detail or None,
        }  # fmt: skip
