"""Validation: predictions for a measurement file, and what they miss by on rows their constants never saw."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tco.describe.measurement import Measurement
from tco.errors import InvalidInputError, Problem, UsageError
from tco.files.catalogue import Catalogue
from tco.files.measurements import read_measurements, shipped_measurements
from tco.files.names import loosely
from tco.perform import holdout
from tco.perform.fit import Design, design, multipliers_of, predicted_log
from tco.perform.fitted import Fitted, fitted, folds_fitted
from tco.perform.holdout import Kind
from tco.perform.runs import Resolver, Runs, build

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Validation:
    """Predictions of a file's rows with bands, in natural units; ``error`` is log predicted - log measured.

    Rows the constants were fitted to are predicted by those fitted without their fifth of the operating points.
    """

    path: Path
    n_rows: int
    runs: Runs
    reasons: dict[str, str]
    predicted: Array
    p10: Array
    p90: Array
    error: Array  # NaN where the row has no value or is marked as unusable
    covered: Mask
    held_out: dict[Kind, tuple[Array, Mask]]  # of the shipped rows only
    n_fitted: int
    fitted: Fitted


def validate(path: Path | None, *, data: Path | None = None, calibrate_with: Path | None = None) -> Validation:
    """Predict every row of a file (the shipped one by default) without looking at its value, then compare.

    ``calibrate_with`` holds measured rows of the same site: they move the level of its predictions.
    """
    catalogue = Catalogue(data)
    source = path or shipped_measurements()
    rows = read_measurements(source)
    if not rows:
        raise InvalidInputError([Problem(str(source), 1, 1, "", "has no rows; expected at least one measurement")])
    constants = fitted()
    resolve = resolver(catalogue)
    runs, reasons = build(rows, resolve)
    if not runs.rows:
        why = next(iter(reasons.values()))
        raise UsageError(f"{source}: none of the {len(rows)} rows can be predicted: {why}")
    plan = design(runs)
    everything, is_fitted = _everything(runs, plan, constants, known=_known_ids(path))
    if calibrate_with is not None:
        everything = everything + _moved(runs, calibrate_with, resolve, constants)
    held_out = _held_out(runs, plan, is_fitted) if path is None else {}
    low, high = _bands(runs, constants)
    measured = np.array([np.log(row.value) if row.usable and row.value else np.nan for row in runs.rows])
    error = everything - measured
    covered = (-error >= low) & (-error <= high)
    return Validation(
        source, len(rows), runs, reasons, np.exp(everything), np.exp(everything + low), np.exp(everything + high),
        error, covered, held_out, int(is_fitted.sum()), constants,
    )  # fmt: skip


def resolver(catalogue: Catalogue) -> Resolver:
    """Profiles by the names that benchmark files use."""
    return (
        loosely(catalogue.model, lambda: catalogue.all_models.values()),
        loosely(catalogue.hardware, lambda: catalogue.all_hardware.values()),
    )


def _known_ids(path: Path | None) -> dict[str, str] | None:
    """Fingerprint of each shipped row by its id; None for the shipped file itself."""
    if path is None:
        return None
    return {row.id: _fingerprint(row) for row in read_measurements(shipped_measurements()) if row.usable}


def _fingerprint(row: Measurement) -> str:
    return f"{row.metric}|{row.model}|{row.gpu}|{row.engine}|{row.concurrency}|{row.input_tok}|{row.output_tok}"


def _everything(runs: Runs, plan: Design, constants: Fitted, *, known: dict[str, str] | None) -> tuple[Array, Mask]:
    """Log predictions by all constants; fitted rows by those of the fit without their fifth."""
    found = holdout.said(runs=runs, plan=plan, effects=constants.effects)
    is_fitted = np.array(
        [row.usable and (known is None or known.get(row.id) == _fingerprint(row)) for row in runs.rows]
    )
    if not np.any(is_fitted):
        return found, is_fitted
    by_fold = folds_fitted()["random"]
    crossed = holdout.cross_said(
        runs=runs, plan=plan, fold_of=holdout.folds(runs.rows, "random"), effects_by_fold=by_fold
    )
    return np.where(is_fitted, crossed, found), is_fitted


def _bands(runs: Runs, constants: Fitted) -> tuple[Array, Array]:
    found = [
        holdout.band_of(
            row=row, missing=holdout.unseen(row_groups=groups, known=constants.known), tables=constants.bands
        )
        for row, groups in zip(runs.rows, runs.groups, strict=True)
    ]
    low, high = np.array(found).T
    return low, high


def _held_out(runs: Runs, plan: Design, is_fitted: Mask) -> dict[Kind, tuple[Array, Mask]]:
    measured = np.array([np.log(row.value) if row.value else np.nan for row in runs.rows])
    found: dict[Kind, tuple[Array, Mask]] = {}
    for kind in holdout.KINDS:
        fold_of = holdout.folds([row for row, use in zip(runs.rows, is_fitted, strict=True) if use], kind)
        labels = np.full(len(runs.rows), "", dtype=object)
        labels[is_fitted] = fold_of
        error = holdout.cross_said(
            runs=runs, plan=plan, fold_of=labels.tolist(), effects_by_fold=folds_fitted()[kind]
        ) - measured  # fmt: skip
        inside = holdout.coverage(
            rows=runs.rows, error=error, fold_of=labels.tolist(), widening=fitted().widening[kind]
        )
        found[kind] = error, inside
    return found


SHRINK_POINTS = 0.3  # a site's level counts n / (n + this)


def _moved(runs: Runs, path: Path, resolve: Resolver, constants: Fitted) -> Array:
    """Logarithm by which measured points of a site move its predictions, by metric: the median miss, shrunk."""
    points, _ = build([row for row in read_measurements(path) if row.value], resolve)
    plan = design(points)
    said = predicted_log(runs=points, logs=multipliers_of(plan=plan, theta=holdout.theta_of(plan, constants.effects)))
    miss: dict[str, list[float]] = {}
    for row, value in zip(points.rows, said.tolist(), strict=True):
        miss.setdefault(row.metric, []).append(float(np.log(row.value or np.nan)) - value)
    by_metric = {name: float(np.median(held)) * len(held) / (len(held) + SHRINK_POINTS) for name, held in miss.items()}
    if "itl_ms" in by_metric:
        by_metric.setdefault("output_tok_s_total", -by_metric["itl_ms"])
    elif "output_tok_s_total" in by_metric:
        by_metric["itl_ms"] = -by_metric["output_tok_s_total"]
    return np.array([by_metric.get(row.metric, 0.0) for row in runs.rows])


def predictions_csv(found: Validation) -> str:
    """Table id, predicted, p10, p90, reason: one line for each row of the file, in its order of ids predicted first."""
    held = io.StringIO()
    lines = csv.writer(held, lineterminator="\n")
    lines.writerow(("id", "predicted", "p10", "p90", "reason"))
    for row, value, low, high in zip(found.runs.rows, found.predicted, found.p10, found.p90, strict=True):
        lines.writerow((row.id, f"{value:.6g}", f"{low:.6g}", f"{high:.6g}", ""))
    for row_id, reason in found.reasons.items():
        lines.writerow((row_id, "", "", "", reason))
    return held.getvalue()


def write_predictions(found: Validation, path: Path) -> None:
    """Write the predictions; raises UsageError where that cannot be done."""
    try:
        path.write_text(predictions_csv(found), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--predictions: cannot write {str(path)!r}: {error.strerror or error}") from None
