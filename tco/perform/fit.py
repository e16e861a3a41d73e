"""Fitting the constants to measurements: ridge-regularised least squares in the logarithm, robust, deterministic.

Minimises sum_i w_i rho((log predicted - log measured) / sd_i) + sum_k (theta_k / prior_sd_k)^2 over all effects of
``effects.TERMS`` by Gauss-Newton steps with halving; rho is Huber's. Effects enter through twelve multipliers only,
so one step needs thirteen evaluations of the model however many effects there are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tco.perform.assumed import ASSUMED
from tco.perform.effects import PARAMETERS, TERMS, Multipliers, scaled
from tco.perform.forecast import forecast
from tco.perform.runs import Runs, subset

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
HUBER = 1.5  # in standard deviations
STEP = 1e-4  # of the finite differences, in the logarithm
N_STEPS = 12
SHRINKS = (1.0, 0.5, 0.25, 0.1, 0.02)
CONVERGED_FRAC = 1e-4  # of the loss, gained by a step; going on fits the noise
FIRST_TOKEN = ("frontend", "burst")
# Spread expected of a good model, by metric: how much a row weighs.
ROW_SD = {"itl_ms": 0.10, "output_tok_s_total": 0.12, "decode_tok_s_single": 0.08, "prefill_tok_s": 0.15,
          "joules_per_token": 0.12, "ttft_ms": 0.35}  # fmt: skip
CROWD_EXPONENT = 0.3  # rows of one source, model, accelerator and engine count n^0.7, not n


@dataclass(frozen=True, slots=True)
class Design:
    """Which effect acts on which run: for each parameter a 0/1 matrix (or years, for the drift) over all effects."""

    names: tuple[str, ...]
    prior_sd: Array
    columns: dict[str, Array]  # parameter -> runs x effects
    assumed: dict[str, Array]  # parameter -> runs: what is assumed before any fit
    measured: Array
    weight: Array


def design(runs: Runs) -> Design:
    """The effects that occur in the runs, and their columns."""
    names: list[str] = []
    prior: list[float] = []
    blocks: dict[str, list[tuple[int, Array]]] = {name: [] for name in PARAMETERS}
    for term in TERMS:
        labels = np.array(runs.labels(term.grouping), dtype=object)
        for label in sorted(set(labels.tolist()) - {""}):
            column = (labels == label).astype(np.float64)
            if term.covariate:
                column = column * runs.covariates[term.covariate]
            blocks[term.parameter].append((len(names), column))
            names.append(term.key(label))
            prior.append(term.prior_sd)
    columns = {name: np.zeros((len(runs.rows), len(names))) for name in PARAMETERS}
    for parameter, held in blocks.items():
        for index, column in held:
            columns[parameter][:, index] = column
    guesses = np.array([ASSUMED.get(name, 0.0) for name in names])
    assumed = {name: held @ guesses for name, held in columns.items()}
    return Design(tuple(names), np.array(prior), columns, assumed, _measured(runs), _weights(runs))


def _measured(runs: Runs) -> Array:
    found: Array = np.log(np.array([row.value or np.nan for row in runs.rows]))
    return found


def _weights(runs: Runs) -> Array:
    cells = [(row.family, row.metric, row.model, row.gpu, row.engine, row.dtype) for row in runs.rows]
    size = Counter(cells)
    return np.array(
        [size[cell] ** (-CROWD_EXPONENT / 2.0) / ROW_SD[row.metric] for cell, row in zip(cells, runs.rows, strict=True)]
    )


def multipliers_of(*, plan: Design, theta: Array) -> dict[str, Array]:
    """Logarithm of each multiplier, by run."""
    return {name: columns @ theta + plan.assumed[name] for name, columns in plan.columns.items()}


def multipliers(*, plan: Design, theta: Array) -> Multipliers:
    """Each multiplier, by run."""
    return Multipliers(**{name: np.exp(value) for name, value in multipliers_of(plan=plan, theta=theta).items()})


def predicted_log(*, runs: Runs, logs: dict[str, Array]) -> Array:
    """Logarithm of the forecast under given multipliers."""
    by = Multipliers(**{name: np.exp(value) for name, value in logs.items()})
    held = forecast(runs=runs, deployment=scaled(deployment=runs.deployment, by=by), power=by.power)
    return np.asarray(np.log(held))


def _huber(scaled_error: Array) -> Array:
    size = np.maximum(np.abs(scaled_error), HUBER)
    return np.asarray(HUBER / size)


def fit(*, runs: Runs, plan: Design, used: Mask, start: Array | None = None, n_steps: int = N_STEPS) -> Array:
    """Effects that fit the ``used`` runs; those no used run has stay at zero.

    First everything but the first-token constants on all other runs, then those two on the first-token runs: latency
    of the first token says more about the arrival protocol than about the machine.
    """
    first = np.array([row.metric == "ttft_ms" and row.output_tok > 1.0 for row in runs.rows])
    speed = tuple(name for name in PARAMETERS if name not in FIRST_TOKEN)
    theta = _solve(runs, plan, used & ~first, start, n_steps, speed)
    return _solve(runs, plan, used & first, theta, n_steps, FIRST_TOKEN) if np.any(used & first) else theta


def _huber_loss(scaled_error: Array) -> float:
    z = np.abs(scaled_error)
    return float(np.where(z <= HUBER, z**2, 2.0 * HUBER * z - HUBER**2).sum())


def _solve(runs: Runs, plan: Design, used: Mask, start: Array | None, n_steps: int, free: tuple[str, ...]) -> Array:
    """Gauss-Newton on the effects of some parameters over some runs; the other effects keep their start."""
    theta = np.zeros(len(plan.names)) if start is None else start.copy()
    is_free = np.any([np.any(plan.columns[name] != 0.0, axis=0) for name in free], axis=0)
    present = np.any([np.any(plan.columns[name][used] != 0.0, axis=0) for name in free], axis=0)
    theta[is_free & ~present] = 0.0
    chosen = np.flatnonzero(present)
    inverse_variance = plan.prior_sd[chosen] ** -2
    some, blocks = subset(runs, used), {name: plan.columns[name][np.ix_(used, chosen)] for name in free}
    rest = np.where(present, 0.0, theta)
    fixed = {name: columns[used] @ rest + plan.assumed[name][used] for name, columns in plan.columns.items()}
    measured, row_weight = plan.measured[used], plan.weight[used]

    def errors(at: Array) -> tuple[dict[str, Array], Array]:
        logs = {name: fixed[name] + blocks[name] @ at if name in blocks else fixed[name] for name in PARAMETERS}
        return logs, predicted_log(runs=some, logs=logs) - measured

    def loss_of(error: Array, at: Array) -> float:
        return _huber_loss(error * row_weight) + float((at**2 * inverse_variance).sum())

    logs, error = errors(held := theta[chosen])
    loss = loss_of(error, held)
    for _ in range(n_steps):
        slopes = {name: _slope(some, logs, name, error + measured)[:, None] for name in free}
        jacobian = sum((slopes[name] * blocks[name] for name in free), np.zeros((len(measured), len(chosen))))
        weight = row_weight**2 * _huber(error * row_weight)
        normal = jacobian.T @ (jacobian * weight[:, None]) + np.diag(inverse_variance)
        move = -np.linalg.solve(normal, jacobian.T @ (weight * error) + held * inverse_variance)
        for shrink in SHRINKS:
            tried_logs, tried_error = errors(held + shrink * move)
            tried_loss = loss_of(tried_error, held + shrink * move)
            if tried_loss < loss:
                break
        else:
            break
        gained, loss, held = loss - tried_loss, tried_loss, held + shrink * move
        logs, error = tried_logs, tried_error
        if gained < CONVERGED_FRAC * loss:
            break
    theta[chosen] = held
    return theta


def _slope(runs: Runs, logs: dict[str, Array], name: str, base: Array) -> Array:
    moved = {**logs, name: logs[name] + STEP}
    return (predicted_log(runs=runs, logs=moved) - base) / STEP
