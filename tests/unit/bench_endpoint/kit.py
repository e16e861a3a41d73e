"""Short ways to measure a scripted server and to make samples by hand."""

from __future__ import annotations

from array import array
from typing import Any

from tco.bench.endpoint import options
from tco.bench.endpoint.options import Options
from tco.bench.endpoint.sample import Lengths, Sample
from tco.bench.endpoint.session import Measured, measure

QUICK: dict[str, Any] = {
    "input_tok": 60, "output_tok": 8, "self_test": False, "connect_timeout_s": 5.0, "first_timeout_s": 5.0,
    "idle_timeout_s": 5.0, "timeout_s": 20.0,
}  # fmt: skip


def measured(url: str, **asked: Any) -> Measured:
    """A measurement with short lengths and no self-test."""
    return measure(options.read(Options(url=url, **{**QUICK, **asked})), lambda _: None)


def sample(
    *, sent_s: float = 0.0, ttft_s: float = 0.1, itl_s: float = 0.01, n_tok: int = 11, index: int = 0,
    late_s: float = 0.0, failure: str = "", tok_per_chunk: int = 1, prompt_tok: int | None = 100,
    cached_tok: int | None = None,
) -> Sample:  # fmt: skip
    """One request with evenly spaced tokens."""
    if failure:
        return Sample(
            index=index, asked=Lengths(100, n_tok), intended_s=sent_s - late_s, sent_s=sent_s, failure=failure
        )
    stamps = array("d", [sent_s + ttft_s + i * itl_s for i in range(0, n_tok, tok_per_chunk)])
    return Sample(
        index=index, asked=Lengths(100, n_tok), intended_s=sent_s - late_s, sent_s=sent_s, first_s=stamps[0],
        last_s=sent_s + ttft_s + (n_tok - 1) * itl_s, ended_s=stamps[-1], stamps_s=stamps, n_tok=n_tok,
        n_reads=len(stamps), prompt_tok=prompt_tok, cached_tok=cached_tok, finish_reason="length",
    )  # fmt: skip
