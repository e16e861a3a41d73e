"""Hold-outs and bands: what the model says about rows its constants never saw, and how far off it is there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tco.describe.measurement import Measurement
from tco.perform.assumed import SPREAD
from tco.perform.fit import Design, multipliers_of, predicted_log
from tco.perform.runs import Runs, engine_of

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Kind = Literal["random", "pairing", "model", "gpu", "source", "engine"]
KINDS: tuple[Kind, ...] = ("random", "pairing", "model", "gpu", "source", "engine")
N_RANDOM, N_SMALL, FEW_ROWS = 5, 8, 60
MIN_CELL = 40  # a band needs that many residuals; else the wider regime's
Z80 = 1.2816  # standard deviations from the middle to p10 and p90
QUANTILES = (0.10, 0.90)
COVERED_FRAC = 0.80
WIDENINGS = np.round(np.arange(0.5, 3.01, 0.05), 2)
FEW_FOLDS, MOST_WITH_FEW = 3, 1.5  # with two folds one sets the other's factor: no wider than this (assumed)


def _bucket(text: str, n: int) -> str:
    return str(int(md5(text.encode(), usedforsecurity=False).hexdigest(), 16) % n)


def _point(row: Measurement) -> str:
    """An operating point: rows of one point always share a fold, whoever published them."""
    held = (row.model, row.gpu, engine_of(row.engine), row.n_gpus, row.tp, row.ep, row.dp, row.dtype, row.concurrency,
            row.input_tok, row.output_tok)  # fmt: skip
    return repr(held)


def folds(rows: Sequence[Measurement], kind: Kind) -> list[str]:
    """Fold of each row: a fifth of the operating points, or a whole model, accelerator, source family or engine.

    A pairing is all rows of a model on an accelerator in an engine and number format; an eighth of them share a fold.
    Accelerators with few rows share folds, each whole.
    """
    if kind == "random":
        return [_bucket(_point(row), N_RANDOM) for row in rows]
    if kind == "pairing":
        return [_bucket(repr((row.model, row.gpu, engine_of(row.engine), row.dtype)), N_SMALL) for row in rows]
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
    *, runs: Runs, plan: Design, fold_of: Sequence[str], effects_by_fold: Mapping[str, Mapping[str, float]],
    say: Callable[..., Array] = said,
) -> Array:  # fmt: skip
    """Logarithm of what every run is said to be by the constants fitted without its fold; NaN where there are none."""
    found = np.full(len(runs.rows), np.nan)
    labels = np.array(fold_of, dtype=object)
    for label, effects in effects_by_fold.items():
        chosen = labels == label
        if np.any(chosen):
            found[chosen] = say(runs=runs, plan=plan, effects=effects)[chosen]
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


def bands(
    *, rows: Sequence[Measurement], error: Array, widening: Mapping[str, float] | None = None, even: bool = False
) -> dict[str, Band]:
    """Band of each regime from held-out errors (log predicted - log measured): metric, and metric and batch.

    ``widening`` multiplies the distance of each metric's ends from the middle of the band. ``even`` bands are even
    about no error: which way the next unknown machine is off does not follow from the last one's.
    """
    wider = widening or {}
    groups: dict[str, list[float]] = defaultdict(list)
    for row, value in zip(rows, error.tolist(), strict=True):
        if np.isfinite(value):
            groups[row.metric].append(-value)
            groups[f"{row.metric}|{load_class(row)}"].append(-value)
    return {
        name: _band(held, wider.get(name.split("|")[0], 1.0), even)
        for name, held in sorted(groups.items())
        if len(held) >= MIN_CELL or "|" not in name
    }


def _band(held: Sequence[float], wider: float, even: bool) -> Band:
    if even:
        half = wider * float(np.quantile(np.abs(held), QUANTILES[1] - QUANTILES[0]))
        return Band(-half, half, len(held))
    low, high = (float(value) for value in np.quantile(held, QUANTILES))
    middle = float(np.median(held))
    return Band(middle - wider * (middle - low), middle + wider * (high - middle), len(held))


def is_even(kind: Kind) -> bool:
    """Whether a hold-out's bands are even: all that leave out something whole."""
    return kind != "random"


def widening(
    *, rows: Sequence[Measurement], error: Array, fold_of: Sequence[str], even: bool = False
) -> dict[str, float]:
    """Factor by metric that makes 80% of each left-out fold's rows fall into the others' band; 0.5 to 3.

    At most 1.5 with two folds, and 1 for a metric with one: nothing tells how far the next one is from it.
    """
    found = {}
    metrics = np.array([row.metric for row in rows], dtype=object)
    for metric in sorted(set(metrics.tolist())):
        own = np.flatnonzero((metrics == metric) & np.isfinite(error)).tolist()
        held = [rows[i] for i in own]

        def share(factor: float, held: Sequence[Measurement] = held, own: list[int] = own, name: str = metric) -> float:
            labels = [fold_of[i] for i in own]
            wider = {name: factor}
            return float(coverage(rows=held, error=error[own], fold_of=labels, widening=wider, even=even).mean())

        n_folds = len({fold_of[i] for i in own})
        most = MOST_WITH_FEW if n_folds < FEW_FOLDS else float(WIDENINGS[-1])
        found[metric] = _least([float(w) for w in WIDENINGS if w <= most], share) if n_folds > 1 else 1.0
    return found


def _least(factors: Sequence[float], share: Callable[[float], float]) -> float:
    """The smallest of rising factors whose share reaches the aim, else the last; halving, for the share rises too."""
    low, high = 0, len(factors) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if share(factors[middle]) >= COVERED_FRAC else (middle + 1, high)
    return factors[low]


def unseen(*, row_groups: Mapping[str, str], known: Mapping[str, Sequence[str]]) -> tuple[Kind, ...]:
    """What of a run no fitted row shares: its model, accelerator, source or engine, or only their pairing."""
    fields: tuple[tuple[Kind, str], ...] = (
        ("model", "model"), ("gpu", "gpu"), ("source", "family"), ("engine", "engine"),
    )  # fmt: skip
    found = tuple(kind for kind, grouping in fields if row_groups.get(grouping, "") not in known[grouping])
    if set(found) <= {"source"} and row_groups.get("cell", "") not in (*known["cell"], ""):
        return ("pairing", *found)
    return found


def guessed_sd(*, row_groups: Mapping[str, str], known: Mapping[str, Sequence[str]]) -> float:
    """Spread that a guess of an architecture nobody measured adds, in the logarithm."""
    return 0.0 if row_groups.get("arch", "") in known["arch"] else SPREAD


def band_of(
    *, row: Measurement, missing: Sequence[Kind], tables: Mapping[str, Mapping[str, Band]], guessed_sd: float = 0.0,
    base: str = "random",
) -> tuple[float, float]:  # fmt: skip
    """Log p10 and p90 of measured over predicted; what is unknown adds to the known regime's width in quadrature.

    w^2 = w_known^2 + sum over unknowns of max(w_unknown^2 - w_known^2, 0) + (1.28 guessed_sd)^2, for each end.
    ``base`` names the known regime: "site" where a point of the row's own site set its level.
    """
    known = _cell(row, tables[base])
    extra = [_cell(row, tables[kind]) for kind in missing]
    guess = (Z80 * guessed_sd) ** 2

    def end(name: str) -> float:
        own = getattr(known, name) ** 2
        return float(np.sqrt(own + sum(max(getattr(each, name) ** 2 - own, 0.0) for each in extra) + guess))

    if not missing and not guessed_sd:
        return known.low, known.high
    return -end("low"), end("high")


WIDEST = Band(float(np.log(0.4)), float(np.log(2.5)), 0)  # assumed, for a metric nobody measured


def _cell(row: Measurement, table: Mapping[str, Band]) -> Band:
    return table.get(f"{row.metric}|{load_class(row)}", table.get(row.metric, WIDEST))


def coverage(
    *, rows: Sequence[Measurement], error: Array, fold_of: Sequence[str], widening: Mapping[str, float] | None = None,
    even: bool = False,
) -> Mask:  # fmt: skip
    """Whether each held-out row lies within the band the other folds' residuals give.

    Where a metric has rows in one fold only, its own residuals make the band.
    """
    found = np.zeros(len(rows), dtype=bool)
    labels = np.array(fold_of, dtype=object)
    whole = bands(rows=rows, error=error, widening=widening, even=even)
    for label in sorted(set(fold_of)):
        other, inside = labels != label, np.flatnonzero(labels == label)
        table = bands(
            rows=[rows[i] for i in np.flatnonzero(other).tolist()], error=error[other], widening=widening, even=even
        )
        for i in inside.tolist():
            band = _cell(rows[i], table if rows[i].metric in table else whole)
            found[i] = band.low <= -error[i] <= band.high
    return found


def named(plan: Design, theta: Array) -> dict[str, float]:
    """Non-zero effects by name, to five digits: enough for a prediction and short in the file."""
    return {
        name: float(f"{value:.4g}") for name, value in zip(plan.names, theta.tolist(), strict=True) if abs(value) > 1e-4
    }
