"""Power of a machine between idle and busy, and energy per token."""

from __future__ import annotations

import numpy as np

from tco.describe.hardware import Hardware
from tco.units import J_PER_KWH, S_PER_H, TOK_PER_MTOK, W_PER_KW, Num

# Share of the rated power while serving: 68 rows of ML.ENERGY v3 on H100, 10% median error.
TDP_FRAC_ONE = 0.63
TDP_FRAC_MANY = 0.83
N_SEQS_MANY = 256.0
# Share of the rated power while the GPU waits for its host between steps: 79 rows of ML.ENERGY v2 on A100 and H100,
# whose GPUs computed 5 to 50% of the time at 0.25 to 0.6 of the rated power.
TDP_FRAC_WAITING = 0.25
TDP_FRAC_TYPICAL = 0.72  # at which profiles state the busy power, where nobody measured it


def power_w(*, idle_w: Num, busy_w: Num, busy_frac: Num) -> Num:
    """Mean power: idle + (busy - idle) u, for 0 <= u <= 1."""
    return idle_w + (busy_w - idle_w) * busy_frac


def busy_tdp_frac(*, n_seqs: Num) -> Num:
    """Share of the rated power at C sequences: 0.63 at one, 0.83 from 256, linear in log C; C >= 1."""
    reached: Num = np.clip(np.log(n_seqs) / np.log(N_SEQS_MANY), 0.0, 1.0)
    return TDP_FRAC_ONE + (TDP_FRAC_MANY - TDP_FRAC_ONE) * reached


def serving_tdp_frac(*, n_seqs: Num, gpu_busy_frac: Num) -> Num:
    """Share of the rated power at C sequences, a GPU busy a share u of the time: w + (b(C) - w) u, 0 <= u <= 1."""
    return TDP_FRAC_WAITING + (busy_tdp_frac(n_seqs=n_seqs) - TDP_FRAC_WAITING) * gpu_busy_frac


def serving_w(*, hardware: Hardware, n_gpus: int, n_seqs: Num, gpu_busy_frac: Num, multiplier: Num = 1.0) -> Num | None:
    """Power of a replica's GPUs at a load, without the host: typical busy power, scaled as ``serving_tdp_frac``.

    The typical power is the stated one, else 0.72 of the rated; None if both are unknown. ``multiplier`` is the fitted.
    """
    if hardware.busy_w is not None:
        typical_w = hardware.busy_w.value
    elif hardware.max_w is not None:
        typical_w = TDP_FRAC_TYPICAL * hardware.max_w.value
    else:
        return None
    frac = serving_tdp_frac(n_seqs=n_seqs, gpu_busy_frac=gpu_busy_frac)
    return multiplier * typical_w * n_gpus * frac / TDP_FRAC_TYPICAL


def busy_w(*, hardware: Hardware, n_gpus: int = 1, n_seqs: Num = N_SEQS_MANY) -> Num | None:
    """Power of a replica's busy GPUs without the host: stated, else from the rated power; None if both are unknown."""
    if hardware.busy_w is not None:
        return hardware.busy_w.value * n_gpus
    if hardware.max_w is not None:
        return hardware.max_w.value * n_gpus * busy_tdp_frac(n_seqs=n_seqs)
    return None


def joules_per_tok(*, power_w: Num, tok_per_s: Num) -> Num:
    """Energy of a token: P / g, for g > 0."""
    return power_w / tok_per_s


def kwh_per_mtok(*, power_w: Num, tok_per_s: Num) -> Num:
    """Energy of a million tokens: P / g * 1e6 / 3.6e6 kWh, for g > 0."""
    return joules_per_tok(power_w=power_w, tok_per_s=tok_per_s) * TOK_PER_MTOK / J_PER_KWH


def energy_kwh(*, power_w: Num, duration_s: Num) -> Num:
    """Energy at constant power: P t."""
    return power_w * duration_s / (W_PER_KW * S_PER_H)
