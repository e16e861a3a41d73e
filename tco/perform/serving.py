"""A replica as it is served: the calibrated deployment, split, with a draft, with weights in the host's memory."""

from __future__ import annotations

from dataclasses import replace

from tco.describe.hardware import Dtype, Hardware
from tco.describe.model import Model
from tco.describe.record import Figure
from tco.describe.serving import MTP, Draft, Offload, Serving, Split
from tco.errors import MissingDataError
from tco.perform import memory, offload
from tco.perform.calibrated import Calibrated, calibrated
from tco.perform.constants import BAND_PRIOR
from tco.perform.deployment import Deployment
from tco.perform.groups import LAYERED_ENGINES
from tco.perform.layout import NETWORK_BYTES_PER_S, bubble_ratio, hop, spread, staged
from tco.perform.load import Load
from tco.perform.peaks import peaks
from tco.perform.speculate import drafted, own_head, resident_bytes, tokens_per_step
from tco.units import BYTES_PER_GB, FLOPS_PER_TFLOPS


def served(
    *, model: Model, hardware: Hardware, n_gpus: int, load: Load, serving: Serving, dtype: Dtype = "bf16",
    kv_dtype: Dtype = "bf16", engine: str = "vllm", reference: Hardware | None = None,
) -> Calibrated:  # fmt: skip
    """One instance on ``n_gpus`` GPUs as ``serving`` says; plain serving is what ``calibrated`` gives.

    ``load`` decides how much cache has to stay on the GPU. What nobody measured widens the band to the prior's.
    Raises MissingDataError where a figure is unknown.
    """
    split = serving.split or Split(tensor=n_gpus)
    is_layered = engine in LAYERED_ENGINES
    if is_layered and serving.split is not None and serving.split.n_gpus > serving.split.pipeline:
        raise MissingDataError(f"{engine} puts whole layers on each GPU: only split.pipeline (--pp) can be above 1")
    _check_parts(split, model)

    def on(n: int, which: Model, weights: Dtype) -> Calibrated:
        return calibrated(
            model=which, hardware=hardware, n_gpus=n, dtype=weights, kv_dtype=kv_dtype, engine=engine,
            reference=reference, n_groups=split.n_groups, n_expert_ranks=split.experts,
        )  # fmt: skip

    n_tensor = n_gpus if is_layered else n_gpus // split.pipeline
    held = on(n_tensor, model, dtype)
    if not serving.label:
        return held
    built = held.deployment
    if serving.split is not None and not is_layered:
        built = _split(built, split, model, hardware, peaks(hardware=hardware, dtype=dtype).link_bytes_per_s)
    if serving.draft is not None:
        proposer = serving.draft_model or own_head(model)
        beside = on(n_tensor, proposer, serving.draft.dtype or dtype).deployment
        built = _drafted(built, beside, serving.draft)
    if serving.offload is not None:
        n_serial, n_at_once = (n_gpus, 1) if is_layered else (split.pipeline, n_gpus)
        built = _offloaded(built, serving.offload, load, n_serial, n_at_once)
    if serving.pools is not None:
        built = _unmeasured(built, "prefill and decode apart")
    return replace(held, deployment=built)


def _check_parts(split: Split, model: Model) -> None:
    n_layers = memory.shape_of(model=model).n_layers
    if split.pipeline > n_layers:
        raise MissingDataError(f"{model.id} has {n_layers} layers, too few for {split.pipeline} pipeline stages")
    if split.experts > 1 and memory.param_count(model=model).expert == 0.0:
        raise MissingDataError(f"{model.id} has no experts to lie on {split.experts} ranks")


def _split(built: Deployment, split: Split, model: Model, hardware: Hardware, link_bytes_per_s: float) -> Deployment:
    shape = memory.shape_of(model=model)
    n_local = hardware.host.max_gpus if hardware.host else 1
    network = _bytes(split.network) or NETWORK_BYTES_PER_S
    crosses = split.n_gpus > n_local
    notes = built.notes
    if crosses and split.network is None:
        notes += (f"{NETWORK_BYTES_PER_S / BYTES_PER_GB:g} GB/s a GPU between machines assumed; state split.network",)
    bubble = float(bubble_ratio(n_layers=shape.n_layers, n_stages=split.pipeline))
    if bubble > 1.0:
        notes += (f"{shape.n_layers} layers over {split.pipeline} stages: the fullest one costs {bubble - 1:.1%}",)
    local_bytes_per_s, hop_s = hop(link_bytes_per_s=link_bytes_per_s)
    ranks = spread(
        deployment=built, shape=shape, skew=split.expert_skew, n_ranks=split.experts, n_local=n_local,
        network_bytes_per_s=network,
    )  # fmt: skip
    found = staged(
        deployment=ranks, n_stages=split.pipeline, n_layers=shape.n_layers, hidden=shape.hidden, hop_s=hop_s,
        hop_bytes_per_s=network if crosses else local_bytes_per_s,
    )  # fmt: skip
    return replace(found, notes=notes)


def _drafted(built: Deployment, beside: Deployment, draft: Draft) -> Deployment:
    accepted = draft.acceptance.value
    n_tok = float(tokens_per_step(accept_frac=accepted, n_tok=float(draft.tokens)))
    found = drafted(deployment=built, draft=beside, n_tok=float(draft.tokens), accept_frac=accepted)
    note = (
        f"{draft.model} proposes {draft.tokens} token{'s' * (draft.tokens > 1)}, {accepted:.0%} accepted (stated):"
        f" {n_tok:.2f} tokens a step; a percentile of the ITL is that of whole steps"
    )
    if draft.model == MTP:
        note += "; the model is taken to come with such a head, of one layer"
    return _unmeasured(replace(found, notes=(*found.notes, note)), "a draft")


def _offloaded(built: Deployment, stated: Offload, load: Load, n_serial: int, n_at_once: int) -> Deployment:
    one = resident_bytes(deployment=built, context_tok=load.max_context_tok)
    found = offload.offloaded(
        deployment=built,
        room_bytes=one * (stated.sequences + 0.01),  # a little more: a cache of exactly the room must fit
        host_memory_bytes=stated.memory.value * BYTES_PER_GB,
        host_bytes_per_s=stated.bandwidth.value * BYTES_PER_GB,
        link_bytes_per_s=_bytes(stated.link) or offload.LINK_BYTES_PER_S,
        cpu_flop_per_s=stated.cpu_tflops.value * FLOPS_PER_TFLOPS if stated.cpu_tflops else offload.CPU_FLOP_PER_S,
        n_serial=float(n_serial),
        n_at_once=float(n_at_once),
    )
    moved = float(built.weights_bytes - found.weights_bytes) * float(built.n_gpus) / BYTES_PER_GB
    if moved == 0.0:
        return replace(built, notes=(*built.notes, "nothing is offloaded: the model fits"))
    note = f"{moved:,.1f} GB of weights stay in the host's memory, at {stated.bandwidth.value:g} GB/s"
    assumed = [name for name in ("link", "cpu_tflops") if getattr(stated, name) is None]
    note += f"; assumed: {offload.HOST_BANDWIDTH_FRAC:.0%} of it reached" + "".join(f", offload.{x}" for x in assumed)
    return _unmeasured(replace(found, notes=(*found.notes, note)), "offload")


def _bytes(figure: Figure | None) -> float | None:
    return figure.value * BYTES_PER_GB if figure is not None else None


def _unmeasured(built: Deployment, what: str) -> Deployment:
    low, high = min(float(built.band_low_frac), BAND_PRIOR[0]), max(float(built.band_high_frac), BAND_PRIOR[1])
    note = f"no measurement with {what}: wider band (assumed)"
    return replace(built, band_low_frac=low, band_high_frac=high, notes=(*built.notes, note))
