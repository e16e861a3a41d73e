"""Replicas that follow the load of a day: how much must be up at each moment, and what the last one's sleep saves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from tco.describe.trace import DAY_S, Trace
from tco.units import Num

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
else:
    Array = object

BIN_S = 300.0
N_LEVELS = 48
WIDE = 50.0  # beyond, the first terms of the Bessel function's series at infinity
MOST_EXPONENT = 700.0  # exp stays a number


@dataclass(frozen=True, slots=True)
class LoadCurve:
    """Load over the mean, by five minutes around the day or the trace; the last axis is time.

    ``burst_ratio`` stands above it within every five minutes: no replica starts in time for that.
    """

    over_mean: Array
    burst_ratio: Num = 1.0


@dataclass(frozen=True, slots=True)
class Levels:
    """The load and what must be up for it, over the mean load, at 48 equal shares of the time, rising.

    ``ahead_frac`` is the share of the time in which the load rises, within a cold start, by more than the headroom.
    """

    load: Array
    held: Array
    ahead_frac: Num
    rise_frac: Num  # the steepest such rise


def _over_peak(concentration: Array) -> Array:
    """Mean over peak of exp(k cos a): I0(k) exp(-k)."""
    near = np.minimum(concentration, WIDE)
    far = np.maximum(concentration, WIDE)
    tail = (1.0 + 1.0 / (8.0 * far) + 9.0 / (128.0 * far**2)) / np.sqrt(2.0 * np.pi * far)
    return np.asarray(np.where(concentration < WIDE, np.i0(near) * np.exp(-near), tail))


def day_curve(*, peak_to_mean_ratio: Num) -> LoadCurve:
    """A day with one peak: exp(k cos a) / I0(k), k such that its peak stands at the ratio over the mean.

    Assumed shape, always positive; k = 0 is flat. For ratios from 1 to about 100, where the peak is 5 minutes wide.
    """
    ratio = np.asarray(peak_to_mean_ratio, dtype=np.float64)[..., None]
    low, high = np.full_like(ratio, -12.0), np.log(2.0 + ratio**2)
    for _ in range(60):
        middle = (low + high) / 2.0
        is_flat = _over_peak(np.exp(middle)) > 1.0 / ratio
        low, high = np.where(is_flat, middle, low), np.where(is_flat, high, middle)
    n_bins = int(DAY_S / BIN_S)
    angle = 2.0 * np.pi * np.arange(n_bins) / n_bins
    shape = np.exp(np.where(ratio > 1.0, np.exp(high), 0.0) * (np.cos(angle) - 1.0))
    return LoadCurve(shape / shape.mean(axis=-1, keepdims=True))


def trace_curve(*, trace: Trace) -> LoadCurve:
    """The trace by five minutes, and its bursts above them; for traces of a day or more."""
    n_bins = max(int(trace.span_s // BIN_S), 1)
    counts = np.bincount((trace.at_s // BIN_S).astype(np.int64), minlength=n_bins)[:n_bins].astype(np.float64)
    over_mean = counts / counts.mean()
    return LoadCurve(over_mean, max(trace.burst_ratio / float(over_mean.max()), 1.0))


def load_curve(*, trace: Trace | None, peak_to_mean_ratio: Num) -> LoadCurve:
    """The trace's where it covers a day, else the shape assumed for a day, with a short trace's bursts above it."""
    if trace is not None and trace.span_s >= DAY_S:
        return trace_curve(trace=trace)
    burst_ratio = 1.0 if trace is None else trace.burst_ratio
    day = day_curve(peak_to_mean_ratio=np.maximum(peak_to_mean_ratio / burst_ratio, 1.0))
    return LoadCurve(day.over_mean, burst_ratio)


def levels(*, curve: LoadCurve, cold_start_s: Num, headroom_frac: Num) -> Levels:
    """What must be up: max((1 + h) load now, the highest load until a replica started now is ready), times bursts.

    A replica is paid from the start of its cold start. Where the load rises faster than the headroom covers, the
    capacity is held ahead, as a schedule would.
    """
    load = curve.over_mean
    soon = _highest_within(load, np.asarray(cold_start_s, dtype=np.float64)[..., None] / BIN_S)
    with_headroom = (1.0 + np.asarray(headroom_frac, dtype=np.float64)[..., None]) * load
    is_ahead = soon > with_headroom * (1.0 + 1e-9)
    held = np.maximum(soon, with_headroom) * np.asarray(curve.burst_ratio, dtype=np.float64)[..., None]
    rise = np.max(np.where(load > 0.0, soon / np.where(load > 0.0, load, 1.0), 1.0), axis=-1) - 1.0
    return Levels(_shares(load), _shares(held), is_ahead.mean(axis=-1), rise)


def _highest_within(load: Array, n_bins: Array) -> Array:
    """Highest load from each bin until ``n_bins`` later, round the clock, linear between bins."""
    found = load + np.zeros_like(n_bins)
    whole = np.floor(n_bins)
    for ahead in range(1, int(whole.max()) + 1):
        found = np.where(ahead <= whole, np.maximum(found, np.roll(load, -ahead, axis=-1)), found)
    last, after = _ahead(load, whole), _ahead(load, whole + 1.0)
    return np.asarray(np.maximum(found, last + (n_bins - whole) * (after - last)))


def _ahead(load: Array, shift: Array) -> Array:
    index = (np.arange(load.shape[-1]) + shift.astype(np.int64)) % load.shape[-1]
    shape = np.broadcast_shapes(load.shape, index.shape)
    return np.asarray(np.take_along_axis(np.broadcast_to(load, shape), np.broadcast_to(index, shape), axis=-1))


def _shares(values: Array) -> Array:
    """Values at the middles of 48 equal shares of the time, rising, scaled to keep their mean."""
    middles = (np.arange(N_LEVELS) + 0.5) / N_LEVELS
    found = np.moveaxis(np.quantile(values, middles, axis=-1), 0, -1)
    return np.asarray(found * (values.mean(axis=-1) / found.mean(axis=-1))[..., None])


def awake_frac(*, req_per_s: Num, keep_alive_s: Num, cold_start_s: Num) -> Num:
    """Share of the time a replica is up that stops after T idle seconds: (e^x - 1 + c) / (e^x + c), x = rate T.

    c = rate x cold start. Poisson requests: it stays up (e^x - 1)/rate on average, sleeps 1/rate, starts once.
    """
    grown = np.exp(np.minimum(req_per_s * keep_alive_s, MOST_EXPONENT))
    starting = req_per_s * cold_start_s
    return (grown - 1.0 + starting) / (grown + starting)


def cold_frac(*, req_per_s: Num, keep_alive_s: Num) -> Num:
    """Share of requests that find the last replica asleep: e^-x, the chance of a gap longer than T."""
    return np.exp(-np.minimum(req_per_s * keep_alive_s, MOST_EXPONENT))
