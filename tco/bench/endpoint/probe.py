"""The first requests: which model, which optional fields, whether usage is told, how long a word is in tokens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tco.bench.endpoint import prompt
from tco.bench.endpoint.asker import Asker, Dialect
from tco.bench.endpoint.client import Client
from tco.bench.endpoint.failures import UNREACHABLE, RequestFailedError, meaning, printable
from tco.bench.endpoint.prompt import Prompts
from tco.bench.endpoint.sample import Lengths, Sample
from tco.errors import MissingDataError

PROBE_TOK = 4
PROBE_WORDS = 24
SETTLE_S = 0.05  # in which a server that keeps no connections closes the first one
NEGOTIABLE = ("http_400", "http_404", "http_405", "http_415", "http_422")
FATAL = (*UNREACHABLE, "timeout_first", "timeout_total", "bad_http", "content_type")


@dataclass(frozen=True, slots=True)
class Probed:
    """The server's dialect and what is to be said about it."""

    dialect: Dialect
    tells_usage: bool
    notes: tuple[str, ...]


async def probe(client: Client, *, model: str, wanted: Lengths, prompts: Prompts, extra: Mapping[str, Any]) -> Probed:
    """Learn the server's dialect in a handful of short requests.

    Raises MissingDataError when the server cannot be reached, hangs, or refuses every form of the request.
    """
    notes: list[str] = []
    name = model or await _served_model(client, notes)
    asker = Asker(client, Dialect(name, extra=extra), prompts)
    first = await _negotiated(asker, notes)
    if first is None:
        return Probed(asker.dialect, tells_usage=False, notes=tuple(notes))
    if first.prompt_tok is None:
        notes.append("the server tells no usage: tokens are estimated, one for each chunk, and prompts by their words")
        return Probed(asker.dialect, tells_usage=False, notes=tuple(notes))
    await _calibrate(asker, wanted, first.prompt_tok, notes)
    return Probed(asker.dialect, tells_usage=True, notes=tuple(notes))


async def _served_model(client: Client, notes: list[str]) -> str:
    """The first model of the server's list."""
    try:
        held = await client.get("/models")
        await asyncio.sleep(SETTLE_S)
        names = [str(each["id"]) for each in held["data"]]
    except (KeyError, TypeError):
        names = []
    except RequestFailedError as failure:
        if failure.kind in UNREACHABLE:
            raise _unreachable(client, failure.kind, failure.detail) from None
        names = []
    if not names:
        notes.append("the server lists no model; 'default' was asked for (--served-model names another)")
        return "default"
    if len(names) > 1:
        notes.append(f"the server lists {len(names)} models; {printable(names[0])} was asked for (--served-model)")
    return names[0]


def _forms(dialect: Dialect) -> Iterator[Dialect]:
    """The request in every form to try, the fullest first."""
    for limit_name in ("max_tokens", "max_completion_tokens"):
        for has_ignore_eos, has_usage_option in ((True, True), (False, True), (True, False), (False, False)):
            yield replace(
                dialect, has_ignore_eos=has_ignore_eos, has_usage_option=has_usage_option, limit_name=limit_name
            )


async def _negotiated(asker: Asker, notes: list[str]) -> Sample | None:
    """Set the asker's dialect to the first form the server accepts; None when it fails in other ways."""
    lengths = Lengths(PROBE_WORDS, PROBE_TOK)
    for form in _forms(asker.dialect):
        asker.dialect = form
        sample = await asker.send(0, lengths, time.perf_counter(), asker.prompts.text(PROBE_WORDS))
        await asyncio.sleep(SETTLE_S)
        if sample.failure not in NEGOTIABLE:
            break
    if sample.failure in (*FATAL, *NEGOTIABLE, "http_401", "http_403"):
        raise _unreachable(asker.client, sample.failure, sample.detail)
    if sample.failure:
        asker.dialect = next(_forms(asker.dialect))
        notes.append(f"the first request failed ({meaning(sample.failure)}); prompts are not calibrated")
        return None
    if not form.has_ignore_eos:
        notes.append("the server refuses ignore_eos: answers may end before the length asked for")
    if not form.has_usage_option:
        notes.append("the server refuses stream_options")
    return sample


def _unreachable(client: Client, kind: str, detail: str) -> MissingDataError:
    seen = f" ({detail})" if detail else ""
    key = "; name the variable that holds a key with --api-key-env" if kind in ("http_401", "http_403") else ""
    return MissingDataError(f"{client.address.url}: {kind}: {meaning(kind)}{seen}{key}")


async def _calibrate(asker: Asker, wanted: Lengths, first_tok: int, notes: list[str]) -> None:
    """Fit words to the server's own prompt tokens: half the wanted length, then the whole of it."""
    points = [(PROBE_WORDS, first_tok)]
    for words in (max(wanted.input_tok // 2, 2 * PROBE_WORDS), None):
        n_words = asker.dialect.scale.n_words(wanted.input_tok) if words is None else words
        if abs(n_words - points[-1][0]) < 2:
            return
        sample = await asker.send(0, Lengths(n_words, PROBE_TOK), time.perf_counter(), asker.prompts.text(n_words))
        if sample.prompt_tok is None:
            notes.append(f"calibration stopped: {meaning(sample.failure) if sample.failure else 'no usage'}")
            return
        points.append((n_words, sample.prompt_tok))
        scale = prompt.through(*points)
        if not scale.is_calibrated:
            if words is not None:
                notes.append("prompts are not calibrated: the server reports no more tokens for a longer prompt")
            return
        asker.dialect = replace(asker.dialect, scale=scale)
    if points[-1][1] > 1.05 * wanted.input_tok:
        notes.append(f"the server's own template makes the shortest prompt {points[-1][1]} tokens")
