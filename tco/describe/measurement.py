"""A published measurement: one metric of a model on a machine at one operating point."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from tco.describe.record import Record

Metric = Literal["itl_ms", "ttft_ms", "output_tok_s_total", "decode_tok_s_single", "prefill_tok_s", "joules_per_token"]
METRICS: tuple[Metric, ...] = (
    "itl_ms", "output_tok_s_total", "decode_tok_s_single", "prefill_tok_s", "joules_per_token", "ttft_ms",
)  # fmt: skip


class Measurement(Record):
    """One row of a measurement file. ``concurrency`` is None where the engine ran as many as it could.

    ``usable`` is false for rows that something other than the accelerator limited; they are neither fitted nor scored.
    """

    id: str = Field(min_length=1)
    source: str
    family: str
    on: date | None = None
    engine: str
    engine_version: str = ""
    model: str = Field(min_length=1)
    params_total_b: float | None = Field(default=None, gt=0)
    params_active_b: float | None = Field(default=None, gt=0)
    dtype: str
    kv_dtype: str = ""
    gpu: str = Field(min_length=1)
    n_gpus: int = Field(ge=1)
    tp: int = Field(default=1, ge=1)
    pp: int = Field(default=1, ge=1)
    ep: int = Field(default=1, ge=1)
    dp: int = Field(default=1, ge=1)
    concurrency: float | None = Field(default=None, gt=0)
    input_tok: float = Field(ge=0)
    output_tok: float = Field(ge=0)
    metric: Metric
    value: float | None = Field(default=None, gt=0)
    usable: bool = True
    note: str = ""
