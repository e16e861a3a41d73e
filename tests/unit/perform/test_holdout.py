from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tco.perform import fit, holdout, score
from tco.perform.holdout import Band
from tests.unit.perform import measured as m

approx: Any = pytest.approx


def test_rows_of_one_operating_point_share_a_fold() -> None:
    pair = [m.a_measurement(id="a", family="x"), m.a_measurement(id="b", family="y", metric="ttft_ms")]
    assert len(set(holdout.folds(pair, "random"))) == 1
    assert holdout.folds(pair, "source") == ["x", "y"]
    assert holdout.folds(pair, "model") == ["8B", "8B"]
    assert holdout.folds(pair, "engine") == ["vllm", "vllm"]


def test_rows_of_one_pairing_share_a_fold() -> None:
    rows = [m.a_measurement(id="a"), m.a_measurement(id="b", concurrency=1.0), m.a_measurement(id="c", engine="VLLM")]
    assert len(set(holdout.folds(rows, "pairing"))) == 1
    many = [m.a_measurement(id=str(i), model=str(i)) for i in range(50)]
    assert len(set(holdout.folds(many, "pairing"))) > 2


def test_accelerators_with_few_rows_share_folds_whole() -> None:
    rows = [m.a_measurement(id=str(i), gpu="H100") for i in range(60)] + [m.a_measurement(id="z", gpu="4090")]
    found = holdout.folds(rows, "gpu")
    assert set(found[:60]) == {"H100"}
    assert found[60].startswith("others-")


def test_cross_predictions_use_each_folds_own_constants() -> None:
    runs = m.runs_of(m.a_measurement(id="a"), m.a_measurement(id="b", engine="sglang"), m.a_measurement(id="c"))
    plan = fit.design(runs)
    table: dict[str, dict[str, float]] = {"vllm": {"total|model|llama-3.1-8b": 0.5}, "none": {}}
    found = holdout.cross_said(runs=runs, plan=plan, fold_of=["vllm", "sglang", "vllm"], effects_by_fold=table)
    plain = holdout.said(runs=runs, plan=plan, effects={})
    assert np.isnan(found[1])
    assert found[0] - plain[0] == approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("seqs", "name"), [(None, "all that fit"), (1.0, "1"), (8.0, "2-8"), (64.0, "9-64"), (65.0, "over 64")]
)
def test_regimes_of_the_batch(seqs, name) -> None:
    assert holdout.load_class(m.a_measurement(concurrency=seqs)) == name


def test_bands_are_quantiles_of_measured_over_predicted() -> None:
    rows = [m.a_measurement(id=str(i)) for i in range(101)]
    error = np.linspace(-1.0, 1.0, 101)
    found = holdout.bands(rows=rows, error=error)
    assert set(found) == {"itl_ms", "itl_ms|2-8"}
    assert (found["itl_ms"].low, found["itl_ms"].high, found["itl_ms"].n) == (approx(-0.8), approx(0.8), 101)
    wide = holdout.bands(rows=rows, error=error, widening={"itl_ms": 2.0})
    assert wide["itl_ms"].high == approx(1.6)
    few = holdout.bands(rows=rows[:10], error=np.append(error[:9], np.nan))
    assert set(few) == {"itl_ms"}
    assert few["itl_ms"].n == 9


def test_an_even_band_has_no_side() -> None:
    rows = [m.a_measurement(id=str(i)) for i in range(101)]
    found = holdout.bands(rows=rows, error=np.linspace(0.0, 1.0, 101), even=True)["itl_ms"]
    assert (found.low, found.high) == (approx(-0.8), approx(0.8))
    assert not holdout.is_even("random")
    assert holdout.is_even("gpu")


TABLES = {
    "random": {"itl_ms": Band(-0.1, 0.1, 50)}, "gpu": {"itl_ms": Band(-0.2, 0.2, 50)},
    "model": {"itl_ms": Band(-0.05, 0.3, 50)}, "engine": {}, "site": {"itl_ms": Band(-0.15, 0.15, 9)},
}  # fmt: skip


def test_a_band_widens_with_what_is_unknown() -> None:
    row = m.a_measurement()
    assert holdout.band_of(row=row, missing=(), tables=TABLES) == (-0.1, 0.1)
    assert holdout.band_of(row=row, missing=("gpu",), tables=TABLES) == (approx(-0.2), approx(0.2))
    # 0.2^2 + max(0.05^2 - 0.1^2, 0) below, 0.1^2 + 0.03 + 0.08 above
    both = holdout.band_of(row=row, missing=("gpu", "model"), tables=TABLES)
    assert both == (approx(-0.2), approx(0.12**0.5))
    guessed = holdout.band_of(row=row, missing=("gpu",), tables=TABLES, guessed_sd=0.25)
    assert guessed[1] == approx((0.04 + (1.2816 * 0.25) ** 2) ** 0.5)
    assert holdout.band_of(row=row, missing=("engine",), tables=TABLES)[1] == approx(holdout.WIDEST.high)
    assert holdout.band_of(row=row, missing=(), tables=TABLES, base="site") == (-0.15, 0.15)


KNOWN = {"model": ["a"], "gpu": ["b"], "family": ["c"], "engine": ["d"], "cell": ["a/d/b/8"], "arch": ["hopper"]}


def test_what_no_fitted_row_shares() -> None:
    parts = {"model": "a", "gpu": "b", "family": "c", "engine": "d"}
    assert holdout.unseen(row_groups=parts, known=KNOWN) == ()
    assert holdout.unseen(row_groups={"model": "a", "gpu": "x"}, known=KNOWN) == ("gpu", "source", "engine")
    assert holdout.unseen(row_groups={**parts, "cell": "a/d/b/8"}, known=KNOWN) == ()
    assert holdout.unseen(row_groups={**parts, "cell": "a/d/b/4"}, known=KNOWN) == ("pairing",)
    assert holdout.unseen(row_groups={**parts, "family": "", "cell": "no"}, known=KNOWN) == ("pairing", "source")
    assert holdout.guessed_sd(row_groups={"arch": "hopper"}, known=KNOWN) == 0.0
    assert holdout.guessed_sd(row_groups={"arch": "cdna"}, known=KNOWN) == 0.25


def test_coverage_judges_a_fold_by_the_others() -> None:
    rows = [m.a_measurement(id=str(i)) for i in range(200)]
    error = np.concatenate([np.linspace(-0.1, 0.1, 100), np.linspace(-0.2, 0.2, 100)])
    folds = ["a"] * 100 + ["b"] * 100
    inside = holdout.coverage(rows=rows, error=error, fold_of=folds)
    assert inside[:100].all()
    assert inside[100:].mean() == approx(0.4, abs=0.02)
    wider = {"itl_ms": 2.0}
    covered = holdout.coverage(rows=rows, error=error, fold_of=folds, widening=wider)
    assert covered.mean() >= holdout.COVERED_FRAC
    far = np.concatenate([np.full(100, 0.0), np.full(100, 9.0)])
    assert holdout.widening(rows=rows, error=far, fold_of=folds) == {"itl_ms": holdout.MOST_WITH_FEW}
    thirds = [str(i % 3) for i in range(200)]
    assert holdout.widening(rows=rows, error=np.full(200, 0.0), fold_of=thirds) == {"itl_ms": 0.5}
    alone = ["a"] * 200
    assert holdout.widening(rows=rows, error=error, fold_of=alone) == {"itl_ms": 1.0}
    assert holdout.coverage(rows=rows, error=error, fold_of=alone).mean() == approx(0.8, abs=0.01)


def test_scores_by_hand() -> None:
    rows = [m.a_measurement(id="a"), m.a_measurement(id="b"), m.a_measurement(id="c", family="")]
    error, covered = np.array([0.0, np.log(1.5), np.nan]), np.array([True, False, False])
    (only,) = score.scores(rows=rows, error=error, covered=covered, by=score.GROUPINGS["source family"])
    assert (only.label, only.n, only.median_frac, only.covered_frac) == ("ours", 2, approx(0.25), 0.5)
    assert only.p90_frac == approx(0.45)
    assert only.bias_frac == approx(1.5**0.5 - 1)
    assert [score.GROUPINGS[name](rows[2]) for name in ("metric", "source family", "GPU", "model", "engine")] == [
        "itl_ms", "not stated", "H100", "8B", "vllm",
    ]  # fmt: skip
