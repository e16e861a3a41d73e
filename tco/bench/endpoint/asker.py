"""Turns wanted lengths into requests this server understands, and answers into samples."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tco.bench.endpoint import usage
from tco.bench.endpoint.address import Api
from tco.bench.endpoint.client import Client, request_body
from tco.bench.endpoint.failures import RequestFailedError
from tco.bench.endpoint.prompt import UNCALIBRATED, Prompts, Scale
from tco.bench.endpoint.sample import Lengths, Sample


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the server accepts, as its probes showed; ``extra`` is added to every request."""

    model: str
    has_ignore_eos: bool = True
    has_usage_option: bool = True
    limit_name: str = "max_tokens"
    scale: Scale = UNCALIBRATED
    extra: Mapping[str, Any] = field(default_factory=dict)

    def body(self, api: Api, text: str, output_tok: int) -> bytes:
        """The JSON of one request."""
        asked: dict[str, Any] = {"model": self.model}
        asked |= {"messages": [{"role": "user", "content": text}]} if api == "chat" else {"prompt": text}
        asked |= {self.limit_name: output_tok, "stream": True}
        if self.has_usage_option:
            asked["stream_options"] = {"include_usage": True}
        if self.has_ignore_eos:
            asked["ignore_eos"] = True
        return request_body({**asked, **self.extra})


@dataclass(slots=True)
class Asker:
    """Sends requests through a client in the server's dialect."""

    client: Client
    dialect: Dialect
    prompts: Prompts

    async def ask(self, index: int, asked: Lengths, intended_s: float) -> Sample:
        """One request from start to end; a failure is in the sample, never raised."""
        text = self.prompts.text(self.dialect.scale.n_words(asked.input_tok))
        return await self.send(index, asked, intended_s, text)

    async def send(self, index: int, asked: Lengths, intended_s: float, text: str) -> Sample:
        """One request of a given text."""
        sample = Sample(index=index, asked=asked, intended_s=intended_s, sent_s=intended_s)
        try:
            body = self.dialect.body(self.client.address.api, text, asked.output_tok)
            exchange = await self.client.ask(body)
            answer = exchange.answer
            sample.connect_s, sample.sent_s = exchange.connect_s, exchange.sent_s
            sample.n_tok, sample.is_estimated = answer.n_chunks, answer.usage is None
            if answer.usage is not None:
                counted = usage.read(answer.usage, n_chunks=answer.n_chunks, max_tok=asked.output_tok)
                sample.n_tok, sample.prompt_tok = counted.completion_tok, counted.prompt_tok
                sample.cached_tok = counted.cached_tok
            sample.first_s, sample.last_s, sample.stamps_s = answer.first_s, answer.last_s, answer.stamps_s
            sample.n_reads, sample.n_reasoning_chunks = answer.n_reads, answer.n_reasoning
            sample.finish_reason = answer.finish_reason
        except RequestFailedError as failure:
            sample.failure, sample.detail = failure.kind, failure.detail
        sample.ended_s = time.perf_counter()
        return sample
