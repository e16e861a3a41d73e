"""Requests that come when they like: how far their number swings, and how long they wait for a free slot.

``scv`` is the squared coefficient of variation of arrivals, c_a^2: the variance over the mean of the count of
arrivals during a request's stay. 1 is Poisson, above is bursty.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from tco.units import Num

Percentile = Literal[50, 95, 99]
Z: dict[Percentile, float] = {50: 0.0, 95: 1.6448536269514722, 99: 2.3263478740408408}  # of the normal distribution
# Variance over mean of the running sequences under Poisson arrivals: 1 for equal lengths; 1.3 to 2 with the spread
# of lengths and the slowing of a fuller batch (assumed).
LOAD_SPREAD = 1.5
SERVICE_SCV = 1.0  # of the time a request stays (assumed)
LEAST_DRAIN_FRAC = 0.02  # keeps the wait finite at saturation


def seqs_at(*, mean_seqs: Num, spread: Num, percentile: Percentile) -> Num:
    """Running sequences at a percentile of time: N + z sqrt(s N), s the variance over the mean; for N, s >= 0."""
    return mean_seqs + Z[percentile] * np.sqrt(spread * mean_seqs)


def mean_seqs(*, most_seqs: Num, spread: Num, percentile: Percentile) -> Num:
    """Mean whose percentile is ``most_seqs``: the N that solves N + z sqrt(s N) = C, inverse of ``seqs_at``."""
    reach = Z[percentile] * np.sqrt(spread)
    root: Num = (np.sqrt(reach**2 + 4.0 * most_seqs) - reach) / 2.0
    return root**2


def burst_spread(*, arrival_scv: Num) -> Num:
    """Variance over mean of the running sequences beyond that of Poisson arrivals: v max(c_a^2 - 1, 0)."""
    return LOAD_SPREAD * np.maximum(arrival_scv - 1.0, 0.0)


def wait_frac(*, mean_seqs: Num, slots: Num, arrival_scv: Num) -> Num:
    """Share of requests that find every slot taken: (N/C)^(sqrt(2 (C/c_a^2 + 1)) - 1), for C >= 1.

    At least those that come at once with more than C others: (1 - 1/m)^C, m = (c_a^2 + 1)/2 the mean size of
    geometric batches of that c_a^2. Close to Erlang's C (Sakasegawa, Annals of the Institute of Statistical
    Mathematics 29, 1977) and exact for one slot; bursts count as fewer slots (Hayward's equivalent; Fredericks, Bell
    System Technical Journal 59, 1980).
    """
    at_once = (1.0 - 2.0 / (np.maximum(arrival_scv, 1.0) + 1.0)) ** slots
    full = np.minimum(mean_seqs / slots, 1.0) ** (np.sqrt(2.0 * (slots / arrival_scv + 1.0)) - 1.0)
    return np.maximum(full, at_once)


def wait_s(
    *, mean_seqs: Num, slots: Num, arrival_scv: Num, req_per_s: Num, most_req_per_s: Num, percentile: Percentile
) -> Num:
    """Wait for a slot at a percentile: max(ln(P / (1 - p)), 0) (c_a^2 + c_s^2)/2 / (X_max - X).

    Who waits, waits an exponential time at the rate the full replica drains (Kingman's factor for its spread).
    """
    late = wait_frac(mean_seqs=mean_seqs, slots=slots, arrival_scv=arrival_scv)
    drain_per_s = np.maximum(most_req_per_s - req_per_s, LEAST_DRAIN_FRAC * most_req_per_s)
    own_s = 0.5 * (arrival_scv + SERVICE_SCV) / drain_per_s
    return late_wait_s(late_frac=late, own_s=own_s, percentile=percentile)


def late_wait_s(*, late_frac: Num, own_s: Num, percentile: Percentile) -> Num:
    """Wait at a percentile where a share P waits, an exponential time of mean w: max(ln(P / (1 - p)), 0) w."""
    return np.log(np.maximum(late_frac / (1.0 - percentile / 100.0), 1.0)) * own_s
