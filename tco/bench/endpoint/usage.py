"""Token counts from the server's own ``usage``, checked against what its stream showed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from tco.bench.endpoint.failures import RequestFailedError


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request; ``cached_tok`` is None where the server does not report its prefix cache."""

    prompt_tok: int
    completion_tok: int
    cached_tok: int | None = None


def read(usage: Mapping[str, Any], *, n_chunks: int, max_tok: int) -> Usage:
    """The counts of a ``usage`` object.

    Raises RequestFailedError("usage") for counts that are no counts, fewer tokens than chunks with content (a chunk
    holds at least one), more than were asked for, or more cached than prompt tokens.
    """
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if not is_count(prompt) or not is_count(completion):
        raise RequestFailedError("usage", f"prompt_tokens {prompt!r}, completion_tokens {completion!r} are no counts")
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    if cached is not None and (not is_count(cached) or cached > prompt):
        raise RequestFailedError("usage", f"{cached!r} cached of {prompt} prompt tokens")
    if completion < n_chunks:
        raise RequestFailedError("usage", f"{completion} completion tokens, but {n_chunks} chunks with content")
    if completion > max_tok:
        raise RequestFailedError("usage", f"{completion} completion tokens, but {max_tok} were allowed")
    return Usage(prompt, completion, cached)


def is_count(value: Any) -> TypeGuard[int]:
    """Whether a JSON value is a number of things."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
