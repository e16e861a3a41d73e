"""The step-time model against published inter-token latencies. A check, not a fit: nothing is tuned to these rows."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from tco.perform.batching import batch
from tco.perform.deployment import deployment
from tco.perform.load import Load
from tests.unit.perform import examples as x

MODELS = {
    "Llama 3.1 8B": x.LLAMA_8B,
    "Llama 3.1 70B": x.LLAMA_70B,
    "DeepSeek-R1/V3": x.DEEPSEEK_R1,
    "gpt-oss-120b": x.GPT_OSS,
}
MACHINES = {
    "H100 80GB SXM": x.H100,
    "H200 141GB SXM": x.H100.model_copy(
        update={"id": "h200-sxm", "bandwidth_gb_per_s": x.a_gpu(bandwidth_gb_per_s=4800).bandwidth_gb_per_s}
    ),
}
EVERY = 10  # a few dozen rows


def _ratio(row: dict[str, str]) -> float:
    """Measured over predicted speed of one row."""
    held = deployment(
        model=MODELS[row["model"]],
        hardware=MACHINES[row["gpu"]],
        n_gpus=int(row["tp"]),
        dtype=row["weight_dtype"],  # type: ignore[arg-type]
        kv_dtype="fp8" if row["kv_dtype"] == "fp8" else "bf16",
        engine=row["engine"],  # type: ignore[arg-type]
    )
    load = Load(input_tok=float(row["isl"]), output_tok=float(row["osl"]))
    itl_s = batch(deployment=held, load=load, n_seqs=float(row["concurrency_or_batch"])).itl_s
    return float(itl_s) / (float(row["value"]) / 1e3)


def test_median_error_of_published_latencies(shared_data: Path) -> None:
    with (shared_data / "measurements_calibrate.csv").open(encoding="utf-8") as lines:
        rows = [
            row
            for row in csv.DictReader(lines)
            if row["fit"] == "1" and row["metric"] == "itl_ms" and row["model"] in MODELS and row["gpu"] in MACHINES
            and {row["pp"], row["ep"], row["dp"]} <= {"", "1"}
        ][::EVERY]  # fmt: skip
    ratios = np.array([_ratio(row) for row in rows])
    error = np.median(np.abs(1.0 / ratios - 1.0))
    print(f"{len(rows)} rows: median error {error:.1%}, measured/predicted p10-p90 {np.percentile(ratios, [10, 90])}")  # noqa: T201
    assert len(rows) >= 36
    assert error < 0.20
    assert 0.6 < np.percentile(ratios, 10) < np.percentile(ratios, 90) < 1.6
