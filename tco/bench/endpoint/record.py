"""A measurement as a JSON object, and its requests as lines of JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tco import __version__
from tco.bench.device.energy import Energy
from tco.bench.endpoint.failures import meaning
from tco.bench.endpoint.selftest import ITL_S, TTFT_S
from tco.bench.endpoint.session import Level, Measured
from tco.bench.endpoint.stats import Spread
from tco.describe.profile import NotMeasured
from tco.report import record
from tco.units import MS_PER_S

SCHEMA = "tco.bench.endpoint/1"


def as_record(measured: Measured, *, profile: str | None, why_no_profile: str) -> dict[str, Any]:
    """The JSON object of ``tco bench endpoint``; no number that was not measured is in it."""
    asked, scale = measured.settings, measured.probed.dialect.scale
    knee, tested = measured.knee, measured.self_test
    return {
        "schema": SCHEMA, "tool_version": __version__, "at": measured.at.isoformat(timespec="seconds"),
        "url": asked.address.url, "api": asked.address.api, "is_local": asked.address.is_local,
        "served_model": measured.probed.dialect.model,
        "input_tok_asked": asked.lengths.input_tok, "output_tok_asked": asked.lengths.output_tok,
        "prompts": {
            "calibrated": scale.is_calibrated, "tok_per_word": scale.tok_per_word if scale.is_calibrated else None,
            "template_tok": scale.fixed_tok if scale.is_calibrated else None,
        },
        "ignore_eos": measured.probed.dialect.has_ignore_eos,
        "usage": measured.probed.tells_usage,
        "slo": [
            {"metric": limit.metric, "percentile": limit.percentile, "limit_ms": limit.limit_s * MS_PER_S}
            for limit in asked.slo.limits
        ],
        "levels": [level(each) for each in measured.levels],
        "knee": None if knee is None else {"of": knee.of, "value": knee.value, "broken_at": knee.broken_at},
        "prefix_cache": {
            "cached_frac": measured.cached_frac, "template_cached_tok": measured.template_cached_tok,
            "allowed": asked.allow_prefix_cache,
        },
        "self_test": None if tested is None else {
            "n_streams": tested.n_streams, "n_answered": tested.n_answered, "ttft_ms": TTFT_S * MS_PER_S,
            "itl_ms": ITL_S * MS_PER_S, "ttft_error_ms": _ms(tested.ttft_error_s),
            "tpot_error_frac": tested.tpot_error_frac,
        },
        "ok": not measured.failure, "reason": measured.failure or None,
        "notes": list(measured.probed.notes),
        "profile": profile, "profile_reason": why_no_profile or None,
    }  # fmt: skip


def level(each: Level) -> dict[str, Any]:
    """One level of load."""
    found, window = each.stats, each.stats.window
    kinds = {
        kind: {"n": n, "meaning": meaning(kind), "example": found.examples[kind]} for kind, n in found.failures.items()
    }
    return {
        "level": each.load.label, "arrival": each.load.kind, "concurrency": each.load.concurrency,
        "request_per_s_asked": each.load.request_per_s,
        "n_requests": found.n_asked, "n_ok": found.n_ok, "n_failed": found.n_asked - found.n_ok, "failures": kinds,
        "steady_state": window is not None and not window.reason,
        "window_s": window.seconds if window else None, "n_steady": found.n_steady,
        "input_tok": found.input_tok, "output_tok": found.output_tok, "cached_tok": found.cached_tok,
        "estimated": found.is_estimated, "n_short": found.n_short, "tok_per_chunk": found.tok_per_chunk,
        "itl_is": gaps_between(each),
        "output_tok_per_s": found.output_tok_per_s, "input_tok_per_s": found.input_tok_per_s,
        "request_per_s": found.request_per_s, "goodput_request_per_s": found.goodput_request_per_s,
        "in_flight_mean": found.n_in_flight_mean, "in_flight_max": found.n_in_flight_max,
        "kept_up_ratio": found.kept_up_ratio,
        **{f"{name}_ms": in_ms(spread) for name, spread in found.latencies.items()},
        "slo_kept": [
            {"metric": limit.metric, "percentile": limit.percentile, "frac": frac} for limit, frac in found.kept_fracs
        ],
        "meets_slo": None if found.meets_slo is None else each.meets_slo,
        "client": {
            "cpu_frac": each.client.cpu_frac, "loop_lag_p50_ms": each.client.lag_p50_s * MS_PER_S,
            "loop_lag_p99_ms": each.client.lag_p99_s * MS_PER_S, "loop_lag_max_ms": each.client.lag_max_s * MS_PER_S,
            "bound": bool(each.client.bound_reason), "reason": each.client.bound_reason or None,
        },
        "energy": energy(each.energy, joules_per_tok(each)),
        "flags": list(each.flags), "notes": list(each.notes),
    }  # fmt: skip


def gaps_between(each: Level) -> str | None:
    """What lies between two stamps of ITL: tokens, or chunks where a chunk is not one token."""
    per_chunk = each.stats.tok_per_chunk
    if per_chunk is None:
        return None
    return "tokens" if abs(per_chunk - 1.0) < 1e-9 and not each.stats.is_estimated else "chunks"


def joules_per_tok(each: Level) -> float | None:
    """Energy of the machine's GPUs for an output token of the steady state."""
    window, rate = each.stats.window, each.stats.output_tok_per_s
    if window is None or not rate or isinstance(each.energy.joules, NotMeasured):
        return None
    return each.energy.joules / (rate * window.seconds)


def energy(found: Energy, per_tok: float | None) -> dict[str, Any]:
    """Energy of the window, or why it was not measured."""
    if isinstance(found.joules, NotMeasured):
        return {
            "joules": None,
            "joules_per_tok": None,
            "power_w": None,
            "reason": found.joules.not_measured,
            "flags": [],
        }
    return {
        "joules": found.joules, "joules_per_tok": per_tok, "power_w": found.joules / found.seconds,
        "reason": None, "flags": list(found.flags),
    }  # fmt: skip


def in_ms(spread: Spread) -> Mapping[str, float]:
    """Seconds as milliseconds."""
    return {name: seconds * MS_PER_S for name, seconds in spread.items()}


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * MS_PER_S


def lines(measured: Measured) -> Iterator[str]:
    """Each request as a line of JSON; instants in ms since the measurement began."""
    for each in measured.levels:
        for sample in each.samples:
            yield record.dumps(sample.record(origin_s=measured.origin_s, level=each.load.label)) + "\n"
