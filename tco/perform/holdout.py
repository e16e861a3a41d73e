"""Hold-outs and bands: what the model says about rows its constants never saw, and how far off it is there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tco.describe.measurement import Measurement
from tco.perform.fit import Design, multipliers_of, predicted_log
from tco.perform.runs import Runs, engine_of

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Kind = Literal["random", "model", "gpu", "source", "engine"]
KINDS: tuple[Kind, ...] = ("random", "model", "gpu", "source", "engine")
N_RANDOM, N_SMALL, FEW_ROWS = 5, 8, 60
MIN_CELL = 40  # a band needs that many residuals; else the wider regime's
WIDEN_UNSEEN = 1.25  # per further thing nobody measured (assumed)
QUANTILES = (0.10, 0.90)
COVERED_FRAC = 0.79
WIDENINGS = np.round(np.arange(1.0, 2.51, 0.1), 1)


def _bucket(text: str, n: int) -> str:
    return str(int(md5(text.encode(), usedforsecurity=False).hexdigest(), 16) % n)


def _point(row: Measurement) -> str:
    """An operating point: rows of one point always share a fold, whoever published them."""
    held = (row.model, row.gpu, engine_of(row.engine), row.n_gpus, row.tp, row.ep, row.dp, row.dtype, row.concurrency,
            row.input_tok, row.output_tok)  # fmt: skip
    return repr(held)


def folds(rows: Sequence[Measurement], kind: Kind) -> list[str]:
    """Fold of each row: a fifth of the operating points, or a whole model, accelerator, source family or engine.

    Accelerators with few rows share folds, each whole.
    """
    if kind == "random":
        return [_bucket(_point(row), N_RANDOM) for row in rows]
    if kind == "model":
        return [row.model for row in rows]
    if kind == "source":
        return [row.family for row in rows]
    if kind == "engine":
        return [engine_of(row.engine) for row in rows]
    size = Counter(row.gpu for row in rows)
    return [row.gpu if size[row.gpu] >= FEW_ROWS else f"others-{_bucket(row.gpu, N_SMALL)}" for row in rows]


def theta_of(plan: Design, effects: Mapping[str, float]) -> Array:
    """Effects by name as a vector over a design; those it does not name are zero."""
    return np.array([effects.get(name, 0.0) for name in plan.names])


def said(*, runs: Runs, plan: Design, effects: Mapping[str, float]) -> Array:
    """Logarithm of the prediction of every run under named effects."""
    return predicted_log(runs=runs, logs=multipliers_of(plan=plan, theta=theta_of(plan, effects)))


def cross_said(
    *, runs: Runs, plan: Design, fold_of: Sequence[str], effects_by_fold: Mapping[str, Mapping[str, float]]
) -> Array:
    """Logarithm of the prediction of every run by the constants fitted without its fold; NaN where there are none."""
    found = np.full(len(runs.rows), np.nan)
    labels = np.array(fold_of, dtype=object)
    for label, effects in effects_by_fold.items():
        chosen = labels == label
        if np.any(chosen):
            found[chosen] = said(runs=runs, plan=plan, effects=effects)[chosen]
    return found


def load_class(row: Measurement) -> str:
    """Regime of the batch: one, few, many, most sequences, or as many as fit."""
    if row.concurrency is None:
        return "all that fit"
    seqs = row.concurrency
    return "1" if seqs <= 1 else "2-8" if seqs <= 8 else "9-64" if seqs <= 64 else "over 64"


@dataclass(frozen=True, slots=True)
class Band:
    """Log of p10 and p90 of measured over predicted, and from how many residuals."""

    low: float
    high: float
    n: int


def bands(*, rows: Sequence[Measurement], error: Array, widening: Mapping[str, float] | None = None) -> dict[str, Band]:
    """Band of each regime from held-out errors (log predicted - log measured): metric, and metric and batch.

    ``widening`` multiplies the distance of each metric's quantiles from the middle of the band.
    """
    wider = widening or {}
    groups: dict[str, list[float]] = defaultdict(list)
    for row, value in zip(rows, error.tolist(), strict=True):
        if np.isfinite(value):
            groups[row.metric].append(-value)
            groups[f"{row.metric}|{load_class(row)}"].append(-value)
    return {
        name: _band(held, wider.get(name.split("|")[0], 1.0))
        for name, held in sorted(groups.items())
        if len(held) >= MIN_CELL or "|" not in name
    }


def _band(held: Sequence[float], wider: float) -> Band:
    low, high = (float(value) for value in np.quantile(held, QUANTILES))
    middle = float(np.median(held))
    return Band(middle - wider * (middle - low), middle + wider * (high - middle), len(held))


def widening(*, rows: Sequence[Measurement], error: Array, fold_of: Sequence[str]) -> dict[str, float]:
    """Factor by metric that makes 80% of each left-out fold's rows fall into the others' band; 1 to 2.5."""
    found = {}
    metrics = np.array([row.metric for row in rows], dtype=object)
    for metric in sorted(set(metrics.tolist())):
        own = (metrics == metric) & np.isfinite(error)
        held, labels = (
            [rows[i] for i in np.flatnonzero(own).tolist()],
            [fold_of[i] for i in np.flatnonzero(own).tolist()],
        )
        steps = (float(w) for w in WIDENINGS)
        reached = (
            w for w in steps
            if coverage(rows=held, error=error[own], fold_of=labels, widening={metric: w}).mean() >= COVERED_FRAC
        )  # fmt: skip
        found[metric] = next(reached, float(WIDENINGS[-1]))
    return found


def unseen(*, row_groups: Mapping[str, str], known: Mapping[str, Sequence[str]]) -> tuple[Kind, ...]:
    """What of a run no fitted row shares: its model, accelerator, source or engine."""
    fields: tuple[tuple[Kind, str], ...] = (
        ("model", "model"), ("gpu", "gpu"), ("source", "family"), ("engine", "engine"),
    )  # fmt: skip
    return tuple(kind for kind, grouping in fields if row_groups.get(grouping, "") not in known[grouping])


def band_of(
    *, row: Measurement, missing: Sequence[Kind], tables: Mapping[str, Mapping[str, Band]]
) -> tuple[float, float]:
    """Log p10 and p90 of measured over predicted: the widest regime that applies, widened for each further unknown."""
    found = [_cell(row, tables[kind]) for kind in (missing or ("random",))]
    low, high = min(band.low for band in found), max(band.high for band in found)
    if missing and len(found) > 1:
        return low * WIDEN_UNSEEN ** (len(found) - 1), high * WIDEN_UNSEEN ** (len(found) - 1)
    return low, high


WIDEST = Band(float(np.log(0.4)), float(np.log(2.5)), 0)  # assumed, for a metric nobody measured


def _cell(row: Measurement, table: Mapping[str, Band]) -> Band:
    return table.get(f"{row.metric}|{load_class(row)}", table.get(row.metric, WIDEST))


def coverage(
    *, rows: Sequence[Measurement], error: Array, fold_of: Sequence[str], widening: Mapping[str, float] | None = None
) -> Mask:
    """Whether each held-out row lies within the band the other folds' residuals give."""
    found = np.zeros(len(rows), dtype=bool)
    labels = np.array(fold_of, dtype=object)
    for label in sorted(set(fold_of)):
        other, inside = labels != label, np.flatnonzero(labels == label)
        table = bands(rows=[rows[i] for i in np.flatnonzero(other).tolist()], error=error[other], widening=widening)
        for i in inside.tolist():
            band = _cell(rows[i], table)
            found[i] = band.low <= -error[i] <= band.high
    return found


def after_one_point(*, rows: Sequence[Measurement], error: Array) -> Array:
    """Errors left at a site after one of its measurements moved the level of all the others; NaN for that one.

    A site is a source's model, accelerator, engine and metric; its median row by batch is the one measured.
    """
    found = np.full(len(rows), np.nan)
    sites: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if np.isfinite(error[i]):
            sites[row.family, row.metric, row.model, row.gpu, row.engine].append(i)
    for members in sites.values():
        ordered = sorted(members, key=lambda i: (rows[i].concurrency or np.inf, rows[i].id))
        measured = ordered[len(ordered) // 2]
        for i in members:
            if i != measured:
                found[i] = error[i] - error[measured]
    return found


def named(plan: Design, theta: Array) -> dict[str, float]:
    """Non-zero effects by name, to five digits: enough for a prediction and short in the file."""
    return {
        name: float(f"{value:.4g}") for name, value in zip(plan.names, theta.tolist(), strict=True) if abs(value) > 1e-4
    }
