"""Refit the performance model: ``python -m tools.fit``. Reads the shipped measurements, writes the constants.

One to three minutes. The same to the byte on one thread (OPENBLAS_NUM_THREADS=1); else a last digit may differ.
Writes ``tco/perform/fitted.json`` (constants, bands, origin) and
``tco/perform/folds.json`` (constants fitted without each fold, which ``tco validate`` scores).
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from tco.files.catalogue import Catalogue
from tco.files.measurements import read_measurements, shipped_measurements
from tco.perform import fit, holdout, site
from tco.perform.fitted import FITTED, FOLDS
from tco.perform.runs import Runs, build, day_of, version_of

FOLD_STEPS = 6
FITTED_ON = date(2026, 11, 22)


def main(path: Path) -> None:
    """Fit everything, then once without each fold, and write both files."""
    start = time.monotonic()
    catalogue = Catalogue()
    rows = [row for row in read_measurements(path) if row.usable and row.value is not None]
    runs, reasons = build(rows, (catalogue.model, catalogue.hardware))
    plan = fit.design(runs)
    theta = fit.fit(runs=runs, plan=plan, used=np.ones(len(runs.rows), dtype=bool))
    print(f"{len(runs.rows)} rows, {len(plan.names)} effects, {len(reasons)} not usable")
    index = {name: i for i, name in enumerate(plan.names)}
    stored: dict[str, dict[str, Any]] = defaultdict(dict)
    bands: dict[str, Any] = {}
    widening: dict[str, dict[str, float]] = {}
    for kind in holdout.KINDS:
        fold_of = holdout.folds(runs.rows, kind)
        effects = {}
        for label in sorted(set(fold_of)):
            used = np.array(fold_of, dtype=object) != label
            held = fit.fit(runs=runs, plan=plan, used=used, start=theta, n_steps=FOLD_STEPS)
            effects[label] = holdout.named(plan, held)
            stored[kind][label] = [[index[name] for name in effects[label]], list(effects[label].values())]
        error = holdout.cross_said(runs=runs, plan=plan, fold_of=fold_of, effects_by_fold=effects) - plan.measured
        even = holdout.is_even(kind)
        widening[kind], bands[kind] = _banded(runs, error, fold_of, even)
        if kind == "source":
            points = site.chosen_points(rows=runs.rows, error=error)
            left = site.after_points(rows=runs.rows, error=error, points=points)
            widening["site"], bands["site"] = _banded(runs, left, fold_of, even)
        print(f"{kind}: {np.median(np.abs(np.expm1(error))):.1%}, {time.monotonic() - start:.0f} s")
    _write(
        FITTED,
        {
            "origin": _origin(runs, path),
            "known": _known(runs),
            "bands": bands,
            "widening": widening,
            "effects": holdout.named(plan, theta),
        },
    )
    _write(FOLDS, {"names": list(plan.names), "folds": stored})


def _banded(runs: Runs, error: Any, fold_of: list[str], even: bool) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Widening by metric and bands by regime, to four digits."""
    wider = holdout.widening(rows=runs.rows, error=error, fold_of=fold_of, even=even)
    held = holdout.bands(rows=runs.rows, error=error, widening=wider, even=even)
    return wider, {name: [float(f"{each.low:.4g}"), float(f"{each.high:.4g}"), each.n] for name, each in held.items()}


def _origin(runs: Runs, path: Path) -> dict[str, Any]:
    versions: dict[str, set[str]] = defaultdict(set)
    for row in runs.rows:
        versions[row.engine].add(row.engine_version)
    days = [row.on for row in runs.rows if row.on is not None]
    newest: dict[str, tuple[str, str]] = {}
    for row in runs.rows:
        found = (day_of(row).isoformat(), version_of(row))
        if found[1] or row.engine not in newest:
            newest[row.engine] = max(newest.get(row.engine, ("", "")), found)
    return {
        "newest": newest,
        "file": path.name,
        "n_rows": len(runs.rows),
        "fitted_on": FITTED_ON.isoformat(),
        "rows_from": min(days).isoformat(),
        "rows_to": max(days).isoformat(),
        "engine_versions": {name: sorted(held - {""}) for name, held in sorted(versions.items())},
    }


def _known(runs: Runs) -> dict[str, list[str]]:
    return {
        name: sorted(set(runs.labels(name)) - {""})
        for name in ("model", "gpu", "family", "engine", "arch", "precision", "cell")
    }


def _write(path: Path, held: dict[str, Any]) -> None:
    path.write_text(json.dumps(held, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else shipped_measurements())
