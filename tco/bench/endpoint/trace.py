"""A trace of requests to replay: when each came, how long its prompt and its answer were."""

from __future__ import annotations

from pathlib import Path

from tco.bench.endpoint.sample import Lengths
from tco.errors import InvalidInputError, Problem
from tco.files.trace import read_trace

MAX_TOK = 10_000_000


def read(path: Path, *, otherwise: Lengths, n_requests: int | None) -> tuple[tuple[float, Lengths], ...]:
    """The first ``n_requests`` in the order of their times; a length the file has no column for is ``otherwise``'s.

    Requests without an answer were never generated and are left out. Raises InvalidInputError for a file that cannot
    be replayed.
    """
    held = read_trace(path)
    n = len(held.at_s)
    inputs = [otherwise.input_tok] * n if held.input_tok is None else [int(each) for each in held.input_tok]
    outputs = [otherwise.output_tok] * n if held.output_tok is None else [int(each) for each in held.output_tok]
    every = zip(held.at_s, inputs, outputs, strict=True)
    found = [(float(at_s), Lengths(max(asked, 1), answer)) for at_s, asked, answer in every if answer > 0]
    found = found[:n_requests]
    longest = max((each.input_tok + each.output_tok for _, each in found), default=0)
    if not found or longest > MAX_TOK:
        message = f"no request with an answer, or one of more than {MAX_TOK:,} tokens ({longest:,})"
        raise InvalidInputError([Problem(str(path), 1, 1, "", message)])
    return tuple(found)
