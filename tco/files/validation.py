"""Validation: predictions for a measurement file, and what they miss by on rows their constants never saw."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tco.describe.measurement import Measurement
from tco.errors import InvalidInputError, Problem, UsageError
from tco.files.catalogue import Catalogue
from tco.files.measurements import read_measurements, read_usable, shipped_measurements
from tco.files.names import loosely
from tco.perform import fit, holdout, site
from tco.perform.effects import scaled
from tco.perform.fit import Design, design
from tco.perform.fitted import Fitted, fitted, folds_fitted
from tco.perform.forecast import watts_at
from tco.perform.runs import Resolver, Runs, build, subset

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
GIVEN = ", throughput given"


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
    held_out: dict[str, tuple[Array, Mask]]  # of the shipped rows only
    n_fitted: int
    fitted: Fitted


def validate(path: Path | None, *, data: Path | None = None, calibrate_with: Path | None = None) -> Validation:
    """Predict every row of a file (the shipped one by default) without looking at its value, then compare.

    ``calibrate_with`` holds measured rows of the same site: they move the level of its predictions.
    """
    catalogue = Catalogue(data)
    source = path or shipped_measurements()
    rows, unread = read_usable(source)
    if not rows and not unread:
        raise InvalidInputError([Problem(str(source), 1, 1, "", "has no rows; expected at least one measurement")])
    constants = fitted()
    resolve = resolver(catalogue)
    runs, reasons = build(rows, resolve)
    reasons = {**unread, **reasons}
    n_rows = len(rows) + len(unread)
    if not runs.rows:
        why = next(iter(reasons.values()))
        raise UsageError(f"{source}: none of the {n_rows} rows can be predicted: {why}")
    plan = design(runs)
    everything, is_fitted = _everything(runs, plan, constants, known=_known_ids(path))
    points: tuple[Measurement, ...] = ()
    if calibrate_with is not None:
        points, miss = _points(calibrate_with, resolve, constants)
        everything = everything + site.moves(rows=runs.rows, points=points, miss=miss)
    held_out = _held_out(runs, plan, is_fitted) if path is None else {}
    low, high = _bands(runs, constants, points)
    measured = np.array([np.log(row.value) if row.usable and row.value else np.nan for row in runs.rows])
    error = everything - measured
    covered = (-error >= low) & (-error <= high)
    return Validation(
        source, n_rows, runs, reasons, np.exp(everything), np.exp(everything + low), np.exp(everything + high),
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


def _bands(runs: Runs, constants: Fitted, points: Sequence[Measurement]) -> tuple[Array, Array]:
    """Log p10 and p90 of measured over predicted; a point of the row's own site takes the place of its source."""
    found = []
    for row, groups in zip(runs.rows, runs.groups, strict=True):
        missing = holdout.unseen(row_groups=groups, known=constants.known)
        is_measured = bool(points) and site.is_measured(row=row, points=points)
        found.append(
            holdout.band_of(
                row=row,
                missing=[kind for kind in missing if not (is_measured and kind in ("source", "pairing"))],
                tables=constants.bands,
                guessed_sd=holdout.guessed_sd(row_groups=groups, known=constants.known),
                base="site" if is_measured and missing else "random",
            )
        )
    low, high = np.array(found).T
    return low, high


def _held_out(runs: Runs, plan: Design, is_fitted: Mask) -> dict[str, tuple[Array, Mask]]:
    """Error and coverage of each hold-out; "site" is the source hold-out after one point of each pairing and metric."""
    measured = np.array([np.log(row.value) if row.value else np.nan for row in runs.rows])
    usable = [row for row, use in zip(runs.rows, is_fitted, strict=True) if use]
    found: dict[str, tuple[Array, Mask]] = {}
    for kind in holdout.KINDS:
        labels = np.full(len(runs.rows), "", dtype=object)
        labels[is_fitted] = holdout.folds(usable, kind)
        fold_of, even = labels.tolist(), holdout.is_even(kind)
        error = holdout.cross_said(
            runs=runs, plan=plan, fold_of=fold_of, effects_by_fold=folds_fitted()[kind]
        ) - measured  # fmt: skip
        found[kind] = error, _inside(runs, error, fold_of, kind, even)
        given = _energy_given_throughput(runs, fold_of, kind)
        found[f"{kind}{GIVEN}"] = given, np.zeros(len(given), dtype=bool)  # without a band of its own
        if kind == "source":
            points = site.chosen_points(rows=runs.rows, error=error)
            left = site.after_points(rows=runs.rows, error=error, points=points)
            found["site"] = left, _inside(runs, left, fold_of, "site", even)
    return found


def _energy_given_throughput(runs: Runs, fold_of: list[str], kind: str) -> Array:
    """Log error of joules per token where the throughput of the same operating point was measured: W / g against J."""
    rate_of = {_operating_point(row): row.value for row in runs.rows if row.metric == "output_tok_s_total"}
    is_known = np.array([row.metric == "joules_per_token" and bool(row.value) for row in runs.rows])
    rate = np.array([rate_of.get(_operating_point(row)) or np.nan for row in runs.rows])
    is_known &= np.isfinite(rate)
    some, rate = subset(runs, is_known), rate[is_known]
    measured = np.log([row.value for row in some.rows if row.value])

    def said(*, runs: Runs, plan: Design, effects: Mapping[str, float]) -> Array:
        by = fit.multipliers(plan=plan, theta=holdout.theta_of(plan, effects))
        built = scaled(deployment=runs.deployment, by=by)
        return np.asarray(np.log(watts_at(runs=runs, deployment=built, out_tok_per_s=rate, power=by.power) / rate))

    found = np.full(len(runs.rows), np.nan)
    labels = np.array(fold_of, dtype=object)[is_known].tolist()
    found[is_known] = holdout.cross_said(
        runs=some, plan=design(some), fold_of=labels, effects_by_fold=folds_fitted()[kind], say=said
    ) - measured  # fmt: skip
    return found


def _operating_point(row: Measurement) -> tuple[object, ...]:
    return (row.family, row.engine, row.engine_version, row.model, row.dtype, row.gpu, row.n_gpus, row.concurrency,
            row.input_tok, row.output_tok)  # fmt: skip


def _inside(runs: Runs, error: Array, fold_of: list[str], name: str, even: bool) -> Mask:
    wider = fitted().widening[name]
    return holdout.coverage(rows=runs.rows, error=error, fold_of=fold_of, widening=wider, even=even)


def _points(path: Path, resolve: Resolver, constants: Fitted) -> tuple[tuple[Measurement, ...], Array]:
    """Measured points of a site, and the logarithm of measured over predicted of each."""
    rows = [row for row in read_usable(path)[0] if row.value]
    points, reasons = build(rows, resolve)
    if not points.rows:
        why = next(iter(reasons.values()), "no row has a value")
        raise UsageError(f"--calibrate-with {path}: none of its rows can be predicted: {why}")
    said = holdout.said(runs=points, plan=design(points), effects=constants.effects)
    return points.rows, np.log([row.value for row in points.rows if row.value]) - said


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
