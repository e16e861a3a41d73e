"""Model profiles: the shape of the weights and of the KV cache, which decide memory and speed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tco.describe.hardware import Dtype
from tco.describe.record import Figure, Name, Record, Sourced, Unit


class MixtureOfExperts(Record):
    """Routed experts of a sparse model: memory holds all, a token computes ``n_active``."""

    n_experts: int = Field(ge=1)
    n_active: int = Field(ge=1)
    ffn: int = Field(ge=1)
    shared_ffn: int = Field(default=0, ge=0)
    n_dense_layers: int = Field(default=0, ge=0)


class LatentAttention(Record):
    """Multi-head latent attention (MLA): one compressed KV vector a layer."""

    kv_lora: int = Field(ge=1)
    q_lora: int = Field(ge=0)
    rope_dim: int = Field(ge=1)
    nope_dim: int = Field(ge=1)
    v_dim: int = Field(ge=1)


class Recurrence(Record):
    """A depth-recurrent model: the core block runs ``n_steps`` times a token, memory stays."""

    core_params_b: float = Field(gt=0)
    fixed_params_b: float = Field(gt=0)
    n_steps: int = Field(ge=1)


class Shape(Record):
    """Transformer dimensions, as in the checkpoint's configuration."""

    n_layers: int = Field(ge=1)
    hidden: int = Field(ge=1)
    n_heads: int = Field(ge=1)
    n_kv_heads: int = Field(ge=1)
    head_dim: int = Field(ge=1)
    ffn: int = Field(default=0, ge=0)
    vocab: int = Field(ge=1)
    tied_embeddings: bool = False
    gated_ffn: bool = True
    moe: MixtureOfExperts | None = None
    mla: LatentAttention | None = None
    sliding_window_tok: int = Field(default=0, ge=0)
    sliding_layer_frac: float = Field(default=0.0, ge=0, le=1)
    full_attention_layer_frac: float = Field(default=1.0, gt=0, le=1)


class Model(Sourced):
    """One model. ``params_b`` figures are in units of 1e9 parameters.

    ``kv_bytes_per_tok_16bit`` states the cache of a token on each GPU where no ``shape`` can express it;
    ``native_dtype`` is the format the weights are published in.
    """

    id: Name
    name: str
    aliases: tuple[str, ...] = ()
    vendor: str
    weights: Literal["open", "closed"]
    status: Literal["released", "announced", "template", "stub", "retired"] = "released"
    modality: Literal["text", "multimodal", "speech"] = "text"
    released: date | None = None
    context_tok: int | None = Field(default=None, ge=1)
    params_total_b: Annotated[Figure, Unit("count", gt=0)] | None = None
    params_active_b: Annotated[Figure, Unit("count", gt=0)] | None = None
    shape: Shape | None = None
    kv_bytes_per_tok_16bit: float | None = Field(default=None, gt=0)
    recurrence: Recurrence | None = None
    audio_real_time_factor: float | None = Field(default=None, gt=0)
    checkpoint_gb: dict[str, float] = {}
    hf_id: str = ""
    native_dtype: Dtype | None = None

    @model_validator(mode="after")
    def _active_within_total(self) -> Model:
        total, active = self.params_total_b, self.params_active_b
        if total and active and active.value > total.value * 1.001 and not self.recurrence:
            raise ValueError(f"got {active.value:g}B active of {total.value:g}B total; expected active <= total")
        return self
