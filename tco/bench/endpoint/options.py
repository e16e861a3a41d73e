"""From the command's options to settings: every option is read, and what contradicts another is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tco.bench.device.command import gpus_of
from tco.bench.endpoint import address, settings, slo, trace
from tco.bench.endpoint.client import Timeouts
from tco.bench.endpoint.sample import Lengths
from tco.bench.endpoint.settings import Arrivals, KneeOf, Settings
from tco.bench.endpoint.slo import Limit, Slo
from tco.describe.record import parse_quantity
from tco.describe.workload import Workload
from tco.errors import UsageError

DEFAULT_LENGTHS = Lengths(512, 128)
APIS, ARRIVALS, KNEES = ("chat", "completions"), ("constant", "poisson", "gamma"), ("concurrency", "rate")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of ``tco bench endpoint`` that say what to do, as they were typed."""

    url: str
    api: str | None = None
    api_key_env: str | None = None
    served_model: str = ""
    workload: str | None = None
    input_tok: int | None = None
    output_tok: int | None = None
    concurrency: str | None = None
    rate: str | None = None
    arrivals: str | None = None
    burstiness: float | None = None
    trace: Path | None = None
    speedup: float = 1.0
    knee: str | None = None
    ttft_p95: str | None = None
    itl_p95: str | None = None
    deadline: str | None = None
    n_requests: int | None = None
    duration_s: float | None = None
    connect_timeout_s: float = 10.0
    first_timeout_s: float = 60.0
    idle_timeout_s: float = 30.0
    timeout_s: float = 600.0
    allow_prefix_cache: bool = False
    extra_body: str | None = None
    seed: int = 0
    self_test: bool = True
    n_gpus: int = 1
    gpu: str | None = None
    data: Path | None = None


def read(asked: Options) -> Settings:
    """The settings; raises UsageError for options that are wrong, InvalidInputError for files that are."""
    api = cast("address.Api | None", settings.one_of("--api", asked.api, APIS))
    arrivals = settings.one_of("--arrivals", asked.arrivals, ARRIVALS)
    knee = cast("KneeOf | None", settings.one_of("--knee", asked.knee, KNEES))
    _no_contradiction(asked)
    workload = _workload(asked)
    lengths, limits = _lengths(asked, workload), _slo(asked, workload)
    if knee and not limits.limits:
        raise UsageError(
            "--knee: a knee needs limits; give a --workload with an slo, --ttft-p95, --itl-p95 or --deadline"
        )
    replayed = () if asked.trace is None else trace.read(asked.trace, otherwise=lengths, n_requests=asked.n_requests)
    in_flight = settings.counts(asked.concurrency) if asked.concurrency else ()
    rates = settings.rates(asked.rate) if asked.rate else ()
    if not (in_flight or rates or replayed):
        in_flight, rates = ((), (1.0,)) if knee == "rate" else ((1,), ())
    at = address.parse(asked.url, api=api)
    return Settings(
        address=at, lengths=_longest(replayed, lengths), slo=limits,
        api_key=_api_key(asked.api_key_env), served_model=asked.served_model, concurrency=in_flight, rates_per_s=rates,
        arrivals=cast("Arrivals", arrivals or "poisson"), burstiness=asked.burstiness or 1.0, trace=replayed,
        speed_ratio=asked.speedup, knee=knee, n_requests=asked.n_requests, duration_s=asked.duration_s,
        timeouts=Timeouts(asked.connect_timeout_s, asked.first_timeout_s, asked.idle_timeout_s, asked.timeout_s),
        allow_prefix_cache=asked.allow_prefix_cache, seed=asked.seed, self_test=asked.self_test,
        extra=_extra(asked.extra_body), n_gpus=asked.n_gpus, gpus=_gpus(asked, is_local=at.is_local),
    )  # fmt: skip


def _no_contradiction(asked: Options) -> None:
    shapes = {"--concurrency": asked.concurrency, "--rate": asked.rate, "--trace": asked.trace}
    given = [name for name, value in shapes.items() if value is not None]
    if len(given) > 1:
        raise UsageError(f"got {' and '.join(given)}; give one shape of load")
    if (asked.knee == "rate" and asked.concurrency) or (asked.knee == "concurrency" and asked.rate):
        raise UsageError(f"--knee {asked.knee}: got {given[0]}; the first level of a knee is of the same kind")
    if asked.knee and asked.trace:
        raise UsageError("--knee: a trace has one level; drop --knee or --trace")
    is_rate = asked.rate is not None or asked.knee == "rate"
    if asked.arrivals and not is_rate:
        raise UsageError("--arrivals: only for requests at a --rate")
    if asked.burstiness is not None and asked.arrivals != "gamma":
        raise UsageError("--burstiness: only for --arrivals gamma")
    if asked.arrivals == "gamma" and asked.burstiness is None:
        raise UsageError("--arrivals gamma: give --burstiness, the shape of the gaps; 1 is poisson, less is burstier")
    if asked.speedup != 1.0 and asked.trace is None:
        raise UsageError("--speedup: only for a --trace")


def _workload(asked: Options) -> Workload | None:
    if asked.workload is None:
        return None
    from tco.files.catalogue import Catalogue
    from tco.files.marks import read as read_document
    from tco.files.marks import validate

    return validate(read_document(Catalogue(asked.data).workload_path(asked.workload)), Workload)


def _lengths(asked: Options, workload: Workload | None) -> Lengths:
    """Stated lengths before the workload's, those before the defaults; an answer includes its reasoning."""
    held = DEFAULT_LENGTHS
    if workload is not None:
        tokens = workload.tokens
        generated = tokens.output.value + tokens.reasoning.value
        held = Lengths(max(int(tokens.input.value + 0.5), 1), max(int(generated + 0.5), 1))
    return Lengths(asked.input_tok or held.input_tok, asked.output_tok or held.output_tok)


def _slo(asked: Options, workload: Workload | None) -> Slo:
    """The workload's limits, of which an option replaces those on the same metric."""
    stated = slo.of_workload(workload.slo).limits if workload is not None else ()
    typed = {
        "ttft": ("--ttft-p95", asked.ttft_p95), "itl": ("--itl-p95", asked.itl_p95),
        "e2e": ("--deadline", asked.deadline),
    }  # fmt: skip
    own = {metric: (name, text) for metric, (name, text) in typed.items() if text is not None}
    kept = [limit for limit in stated if limit.metric not in own]
    return Slo((*kept, *(Limit(cast("slo.Metric", key), 95, _seconds(*value)) for key, value in own.items())))


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(parse_quantity(text, "s")["value"])
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None
    if not 0 < seconds < 1e6:
        raise UsageError(f"{name}: got {text!r}; expected a time above 0, such as '500 ms'")
    return seconds


def _longest(replayed: tuple[tuple[float, Lengths], ...], lengths: Lengths) -> Lengths:
    """Lengths to calibrate with: the median prompt of a trace."""
    if not replayed:
        return lengths
    held = sorted(each.input_tok for _, each in replayed)
    return Lengths(max(held[len(held) // 2], 1), max(each.output_tok for _, each in replayed))


def _api_key(name: str | None) -> str:
    """The key a variable holds; the key itself is never shown."""
    if name is None:
        return ""
    key = os.environ.get(name, "").strip()
    if not key:
        raise UsageError(f"--api-key-env: the variable {name} is not set")
    if not key.isascii() or not key.isprintable():
        raise UsageError(f"--api-key-env: the variable {name} holds characters that no header may have")
    return key


def _gpus(asked: Options, *, is_local: bool) -> tuple[int, ...]:
    """The server's GPUs by number; none where they are all this machine has."""
    found = gpus_of(asked.gpu) or ()
    if asked.gpu is not None and not is_local:
        raise UsageError("--gpu: the server is not on this machine")
    if found and len(found) != asked.n_gpus:
        raise UsageError(f"--gpu: names {len(found)}, but --n-gpus is {asked.n_gpus}")
    return found


def _extra(text: str | None) -> Mapping[str, Any]:
    if text is None:
        return {}
    try:
        held = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--extra-body: is not JSON: {error}") from None
    if not isinstance(held, dict) or {"stream", "messages", "prompt"} & set(held):
        raise UsageError("--extra-body: expected a JSON object without stream, messages and prompt")
    return held
