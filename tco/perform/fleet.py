"""How many replicas a peak needs, and how busy they are on average."""

from __future__ import annotations

import numpy as np

from tco.units import Num

TOLERANCE_FRAC = 1e-9  # an exact multiple must not add a machine to a rounding error


def replicas(*, peak_req_per_s: Num, capacity_req_per_s: Num, n_spare: Num = 0.0) -> Num:
    """Machines for a peak: max(1, ceil(peak / capacity)) + spares, for capacity > 0.

    One spare keeps the latency target while a replica is down; pass 0 where it may be missed.
    """
    return np.maximum(np.ceil(peak_req_per_s / capacity_req_per_s * (1.0 - TOLERANCE_FRAC)), 1.0) + n_spare


def utilisation_frac(*, mean_req_per_s: Num, n_replicas: Num, capacity_req_per_s: Num) -> Num:
    """Share of what is paid for that is used: mean / (R capacity), for R, capacity > 0."""
    return mean_req_per_s / (n_replicas * capacity_req_per_s)
