"""Hardware profiles: what a machine can hold, move, compute, draw and cost."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tco.describe.record import Figure, Name, Record, Sourced, Unit

Dtype = Literal["fp32", "bf16", "fp16", "fp8", "int8", "fp4", "mxfp4", "nvfp4", "int4", "q8_0", "q4_k_m", "q4_0", "q2"]


class DatedPrice(Sourced):
    """What one accelerator (or the whole machine it comes in) cost from a day on."""

    since: date
    usd: Annotated[Figure, Unit("USD", ge=0)]
    basis: Literal["card", "server_share", "machine"] = "card"


class Host(Record):
    """The machine around the accelerators: chassis, CPU, memory, disks, network.

    ``sold_whole``: the accelerators come only as a full machine (an 8-GPU SXM server, a rack).
    """

    usd: Annotated[Figure, Unit("USD", ge=0)]
    idle_w: Annotated[Figure, Unit("W", ge=0)]
    busy_w: Annotated[Figure, Unit("W", ge=0)]
    max_gpus: int = Field(default=1, ge=1, le=576)
    sold_whole: bool = False


class Relative(Record):
    """Performance known only as a share of another profile's."""

    to: Name
    frac: Annotated[Figure, Unit("frac", gt=0)]


class EngineShare(Record):
    """How much of the predicted speed an engine reached on this machine, and from what that is known.

    ``decode`` for answers, ``prefill`` for prompts; the range is that of the rows behind it.
    """

    decode: Annotated[Figure, Unit("ratio", gt=0)]
    prefill: Annotated[Figure, Unit("ratio", gt=0)]
    n_rows: int = Field(default=0, ge=0)


class Ceilings(Record):
    """What microbenchmarks reached on one very machine: an engine reaches a part of it.

    Bandwidth is that of reading weights; TFLOPS those of large matrix products, by number format.
    """

    bandwidth_gb_per_s: Annotated[Figure, Unit("GB/s", gt=0)] | None = None
    tflops: dict[Dtype, Annotated[Figure, Unit("TFLOPS", gt=0)]] = {}
    shares: dict[str, EngineShare] = {}
    n_threads: int | None = Field(default=None, ge=1)


class Hardware(Sourced):
    """One accelerator model. FLOP/s are dense; link bandwidth counts both directions."""

    id: Name
    name: str
    aliases: tuple[str, ...] = ()
    vendor: str
    category: Literal["datacenter", "workstation", "consumer", "laptop", "phone", "soc", "apple", "cpu", "tpu"]
    status: Literal["shipping", "announced", "unverified", "stub"] = "shipping"
    available_from: date | None = None
    not_for_sale_in: tuple[str, ...] = ()
    memory_gb: Annotated[Figure, Unit("GB", gt=0)] | None = None
    bandwidth_gb_per_s: Annotated[Figure, Unit("GB/s", gt=0)] | None = None
    dense_tflops: dict[Dtype, Annotated[Figure, Unit("TFLOPS", gt=0)]] = {}
    flops_basis: str = "dense"
    link_gb_per_s: Annotated[Figure, Unit("GB/s", ge=0)] | None = None
    idle_w: Annotated[Figure, Unit("W", ge=0)] | None = None
    busy_w: Annotated[Figure, Unit("W", gt=0)] | None = None
    max_w: Annotated[Figure, Unit("W", gt=0)] | None = None
    host: Host | None = None
    prices: tuple[DatedPrice, ...] = ()
    unpriced: str = ""
    life_months: Annotated[Figure, Unit("months", gt=0)] | None = None
    relative: Relative | None = None
    ceilings: Ceilings | None = None


class Throughput(Record):
    """One measured operating point of a model on a machine: a row of ``throughput.csv``."""

    is_local: ClassVar[bool] = False  # measured on the user's own machine

    hardware: Name
    n_gpus: int = Field(ge=1)
    model: Name
    dtype: Dtype
    engine: str
    engine_version: str = ""
    concurrency: int = Field(ge=1)
    input_tok: float = Field(gt=0)
    output_tok: float = Field(gt=0)
    output_tok_per_s: float | None = Field(default=None, gt=0)
    ttft_ms: float | None = Field(default=None, gt=0)
    ttft_stat: Literal["mean", "p50", "p95", "p99"] = "mean"
    itl_ms: float | None = Field(default=None, gt=0)
    busy_w: float | None = Field(default=None, gt=0)
    source: str = Field(min_length=1)
    as_of: date
    kind: Literal["measured", "published", "vendor", "assumed"]
    note: str = ""
