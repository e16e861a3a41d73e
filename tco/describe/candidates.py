"""What a workload compares: models by the token, plans, and models on machines, each as the file states it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from tco.describe.autoscale import Autoscale
from tco.describe.hardware import Dtype
from tco.describe.offer import Meter, Plan, Price
from tco.describe.record import Figure, Record, Unit
from tco.describe.serving import Draft, Offload, Pools, Split


class StatedPrice(Record):
    """A price the workload states itself, in USD per million tokens, instead of the sheet's."""

    usd_per_mtok: dict[Meter, Price]
    batch_usd_per_mtok: dict[Meter, Price] = {}
    since: date
    source: str = Field(min_length=1)


class TokenCandidate(Record):
    """A model by the token: ``provider/model``, or ``model`` for every provider of the tier."""

    model: str
    provider: str | None = None
    price: StatedPrice | None = None
    output_tok_per_s: Annotated[Figure, Unit("tok/s", gt=0)] | None = None
    ttft: Annotated[Figure, Unit("s", gt=0)] | None = None


class PlanCandidate(Record):
    """A subscription, outcome or provisioned plan by its id."""

    plan: str


class StatedPoint(Record):
    """One operating point of a throughput table the workload states."""

    concurrency: int = Field(ge=1, le=1_000_000)
    output_tok_per_s: float = Field(ge=1e-6, le=1e12)
    ttft_p99_ms: float | None = Field(default=None, ge=1e-6, le=1e12)
    ttft_p95_ms: float | None = Field(default=None, ge=1e-6, le=1e12)
    itl_ms: float | None = Field(default=None, ge=1e-6, le=1e12)


class StatedSpeed(Record):
    """Throughput the workload states: a decode and a prefill speed, or a table of operating points."""

    decode_tok_per_s: Annotated[Figure, Unit("tok/s", gt=0)] | None = None
    prefill_tok_per_s: Annotated[Figure, Unit("tok/s", gt=0)] | None = None
    points: tuple[StatedPoint, ...] = ()
    source: str = "workload file"

    @model_validator(mode="after")
    def _one_way(self) -> StatedSpeed:
        if bool(self.points) == bool(self.decode_tok_per_s):
            raise ValueError("got both or neither of decode_tok_per_s and points; expected one of them")
        return self


class StatedMachine(Record):
    """Figures of the machine that replace the profile's. ``usd`` is for one whole machine."""

    usd: Annotated[Figure, Unit("USD", ge=0)] | None = None
    busy_w: Annotated[Figure, Unit("W", gt=0)] | None = None
    idle_w: Annotated[Figure, Unit("W", ge=0)] | None = None


class MachineCandidate(Record):
    """A model on a machine, owned (``self_hosted``) or rented (``budget_cloud``)."""

    model: str
    hardware: str
    n_gpus: int | None = Field(default=None, ge=1, le=576)
    dtype: Dtype | None = None
    kv_dtype: Literal["bf16", "fp16", "fp8"] | None = None
    engine: str = "vllm"
    throughput: StatedSpeed | None = None
    machine: StatedMachine | None = None
    provider: str | None = None
    plan: Plan | None = None
    usd_per_gpu_h: Annotated[Figure, Unit("USD/h", gt=0, le=1e6)] | None = None
    autoscale: Autoscale | None = None
    split: Split | None = None
    draft: Draft | None = None
    offload: Offload | None = None
    pools: Pools | None = None

    @model_validator(mode="after")
    def _one_layout(self) -> MachineCandidate:
        if self.split is not None and self.n_gpus not in (None, self.split.n_gpus):
            raise ValueError(f"got n_gpus {self.n_gpus} and a split of {self.split.n_gpus} GPUs; drop n_gpus")
        if self.pools is not None and (self.n_gpus is not None or self.split is not None):
            raise ValueError("got pools beside n_gpus or split; the GPUs of an instance are those of pools")
        if self.throughput is not None and (self.draft or self.offload or self.pools):
            raise ValueError("got throughput beside draft, offload or pools; a stated speed has them in it")
        return self


def _kind_of_candidate(raw: Any) -> str:
    keys = raw if isinstance(raw, dict) else getattr(raw, "__dict__", {})
    return "machine" if "hardware" in keys else "plan" if "plan" in keys else "token"


def _candidate(raw: Any) -> Any:
    if isinstance(raw, str):
        provider, _, model = raw.rpartition("/")
        return {"model": model, "provider": provider or None}
    return raw


Candidate = Annotated[
    Annotated[TokenCandidate, Tag("token")]
    | Annotated[PlanCandidate, Tag("plan")]
    | Annotated[MachineCandidate, Tag("machine")],
    Discriminator(_kind_of_candidate),
    BeforeValidator(_candidate),
]


def _all_is_none(raw: Any) -> Any:
    if isinstance(raw, str) and raw != "all":
        raise ValueError(f"got {raw!r}; expected a list, or all")
    return None if raw == "all" else raw


class Candidates(Record):
    """What to compare; ``all`` (the default) is the whole catalogue of the tier.

    ``models`` names the models machines may serve when a machine tier is ``all``.
    """

    api: Annotated[tuple[Candidate, ...] | None, BeforeValidator(_all_is_none)] = None
    budget_cloud: Annotated[tuple[Candidate, ...] | None, BeforeValidator(_all_is_none)] = None
    self_hosted: Annotated[tuple[MachineCandidate, ...] | None, BeforeValidator(_all_is_none)] = None
    models: tuple[str, ...] = ()
