"""How a replica serves a model beyond plain tensor parallelism: split, draft, host memory, pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, model_validator

from tco.describe.hardware import Dtype
from tco.describe.model import Model
from tco.describe.record import Figure, Record, Unit

MTP = "mtp"  # the model's own multi-token-prediction head


class Split(Record):
    """How the GPUs of a replica share the model; ``experts`` beyond ``tensor`` gives each rest its own attention.

    ``expert_skew`` is the busiest rank's tokens over the mean. ``network`` is one GPU's link to other machines.
    """

    tensor: int = Field(default=1, ge=1, le=576)
    pipeline: int = Field(default=1, ge=1, le=64)
    experts: int = Field(default=1, ge=1, le=576)
    expert_skew: float = Field(default=1.0, ge=1, le=64)
    network: Annotated[Figure, Unit("GB/s", gt=0)] | None = None

    @model_validator(mode="after")
    def _whole_groups(self) -> Split:
        if max(self.experts, self.tensor) % min(self.experts, self.tensor):
            raise ValueError(f"got experts {self.experts} and tensor {self.tensor}; expected one to divide the other")
        return self

    @property
    def n_gpus(self) -> int:
        """GPUs of the replica."""
        return max(self.tensor, self.experts) * self.pipeline

    @property
    def n_groups(self) -> int:
        """Groups that attend to their own sequences and share the experts."""
        return max(1, self.experts // self.tensor)


class Draft(Record):
    """Speculative decoding: ``model`` (an id, or ``mtp`` for the model's own head) proposes, the target verifies."""

    model: str
    tokens: int = Field(ge=1, le=32)
    acceptance: Annotated[Figure, Unit("frac", ge=0, le=1)]
    dtype: Dtype | None = None


class Offload(Record):
    """Weights that do not fit stay in the host's memory. ``link`` is one direction between a GPU and its host."""

    memory: Annotated[Figure, Unit("GB", gt=0)]
    bandwidth: Annotated[Figure, Unit("GB/s", gt=0)]
    link: Annotated[Figure, Unit("GB/s", gt=0)] | None = None
    cpu_tflops: Annotated[Figure, Unit("TFLOPS", gt=0)] | None = None
    sequences: int = Field(default=1, ge=1, le=4096)


class Pools(Record):
    """Prefill and decode on instances of their own; ``link`` carries the cache from one to the other."""

    prefill: int = Field(default=1, ge=1, le=576)
    decode: int = Field(default=1, ge=1, le=576)
    prefill_gpus: int = Field(default=1, ge=1, le=576)
    decode_gpus: int = Field(default=1, ge=1, le=576)
    link: Annotated[Figure, Unit("GB/s", gt=0)]

    @property
    def n_gpus(self) -> int:
        """GPUs of both pools."""
        return self.prefill * self.prefill_gpus + self.decode * self.decode_gpus


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """The four, each None where it is not used, with the draft model found."""

    split: Split | None = None
    draft: Draft | None = None
    draft_model: Model | None = None  # None with a draft: the model's own head
    offload: Offload | None = None
    pools: Pools | None = None

    @property
    def label(self) -> str:
        """What an option's id says about it; empty for plain serving."""
        found = ""
        if self.split is not None:
            split = self.split
            found += f"+tp{split.tensor}pp{split.pipeline}ep{split.experts}"
        if self.draft is not None:
            found += f"+{self.draft.model}x{self.draft.tokens}"
        if self.offload is not None:
            found += "+offload"
        if self.pools is not None:
            pools = self.pools
            found += f"+{pools.prefill}x{pools.prefill_gpus}:{pools.decode}x{pools.decode_gpus}"
        return found


PLAIN = Serving()
