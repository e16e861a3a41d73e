"""Which groups a deployment belongs to: the labels by which fitted constants differ."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tco.describe.hardware import Dtype, Hardware
from tco.describe.model import Model
from tco.perform.deployment import EIGHT_BIT
from tco.perform.peaks import Peaks

LOCAL_ENGINES = frozenset(
    {"llama.cpp", "ollama", "mlc", "mlc-llm", "exllama", "exllamav2", "mlx", "lm-studio", "ktransformers"}
)
# Engines that put whole layers on each GPU, which then work one after another.
LAYERED_ENGINES = frozenset({"llama.cpp", "ollama", "lm-studio", "exllama", "exllamav2", "ktransformers"})
# Hardware id prefix -> architecture; the first that fits.
ARCHITECTURES: tuple[tuple[str, str], ...] = (
    ("h100", "hopper"), ("h200", "hopper"), ("h800", "hopper"), ("h20", "hopper"), ("gh200", "hopper"),
    ("b200", "blackwell"), ("b300", "blackwell"), ("gb200", "blackwell"), ("gb300", "blackwell"),
    ("a100", "ampere"), ("a800", "ampere"), ("a30", "ampere"), ("a40", "ampere-card"), ("a10", "ampere-card"),
    ("rtx-a", "ampere-card"), ("rtx-30", "ampere-card"), ("l4", "ada"), ("rtx-40", "ada"), ("rtx-50", "blackwell-card"),
    ("rtx-5000-ada", "ada"), ("rtx-6000-ada", "ada"), ("rtx-pro", "blackwell-card"), ("apple", "apple"),
    ("mi", "cdna"), ("rx-", "rdna"), ("radeon", "rdna"), ("strix", "rdna"), ("gaudi", "gaudi"), ("tpu", "tpu"),
    ("jetson", "jetson"), ("dgx-spark", "blackwell-card"), ("v100", "volta"), ("p100", "pascal"), ("p40", "pascal"),
    ("t4", "turing"), ("rtx-20", "turing"), ("arc", "arc"), ("ascend", "ascend"),
    ("epyc", "cpu"), ("xeon", "cpu"), ("desktop", "cpu"),
)  # fmt: skip
TYPICAL_WIDTH = 4096.0
_ADA_CARDS = ("rtx-4000-ada", "rtx-5000-ada", "rtx-6000-ada")


def architecture(hardware: Hardware) -> str:
    """The accelerator's architecture, or its vendor where it is not listed."""
    if hardware.id in _ADA_CARDS:
        return "ada"
    return next((name for prefix, name in ARCHITECTURES if hardware.id.startswith(prefix)), hardware.vendor.lower())


def attention(model: Model) -> str:
    """Kind of attention: latent, with sliding windows, partly linear, or grouped."""
    if model.shape is None:
        return "grouped"
    if model.shape.mla is not None:
        return "latent"
    if model.shape.full_attention_layer_frac < 1.0:
        return "linear"
    return "window" if model.shape.sliding_layer_frac else "grouped"


def width_of(model: Model, n_gpus: int, n_expert_ranks: int = 1) -> float:
    """Columns of a feed-forward matrix on one GPU, as log2 over 4,096: narrow ones use the machine badly."""
    shape = model.shape
    if shape is None:
        return 0.0
    sparse = shape.moe
    columns = sparse.ffn / max(1.0, n_gpus / n_expert_ranks) if sparse is not None else shape.ffn / n_gpus
    return float(np.clip(np.log2(max(columns, 1.0) / TYPICAL_WIDTH), -5.0, 3.0))


def sparsity_of(model: Model) -> float:
    """How many experts share one token's work, as log2(E/k): 0 for a dense model."""
    moe = model.shape.moe if model.shape is not None else None
    return float(np.log2(moe.n_experts / moe.n_active)) if moe is not None else 0.0


def groups_of(
    *, model: Model, hardware: Hardware, dtype: Dtype, kv_dtype: Dtype, engine: str, peak: Peaks, is_sparse: bool,
    n_groups: int = 1, n_expert_ranks: int = 1,
) -> dict[str, str]:  # fmt: skip
    """Label of each grouping; see ``effects.TERMS`` for what differs by it."""
    arch = architecture(hardware)
    width = {"fp32": "16", "bf16": "16", "fp16": "16", "fp8": "8", "int8": "8"}.get(dtype, dtype)
    precision = f"{width}/{peak.compute_class}"
    split = "groups" if n_groups > 1 else "experts" if n_expert_ranks > 1 else "tensor"
    return {
        "block": "local" if engine in LOCAL_ENGINES else "serve",
        "engine": engine,
        "gpu": hardware.id,
        "arch": arch,
        "precision": precision,
        "kv_precision": "8" if kv_dtype in EIGHT_BIT else "16",
        "sparse": "sparse" if is_sparse else "dense",
        "attention": attention(model),
        "split": f"{split}/{'sparse' if is_sparse else 'dense'}",
        "model": model.id,
    }


def cell_of(groups: Mapping[str, str]) -> str:
    """Label of a pairing of model, engine, accelerator and precision; local engines have too few rows of each."""
    if groups["block"] == "local":
        return ""
    return f"{groups['model']}/{groups['engine']}/{groups['gpu']}/{groups['precision']}"
