"""A model split over GPUs in other ways than by tensor: pipeline stages, and experts over ranks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tco.describe.model import Model, Shape
from tco.describe.serving import Split
from tco.perform import memory
from tco.perform.constants import PRIOR_NVLINK_S
from tco.perform.deployment import Deployment
from tco.perform.effects import Multipliers, scaled
from tco.units import Num

NETWORK_BYTES_PER_S = 50e9  # assumed where none is stated: a 400 Gbit/s adapter for each GPU
NETWORK_S = 20e-6  # assumed: latency of one exchange between machines
DISPATCH_BYTES = 1.0  # a dispatched activation travels in 8 bit, a combined one in 16


def bubble_ratio(*, n_layers: Num, n_stages: Num) -> Num:
    """Time of a token over that of even stages, since the fullest one sets the pace: s ceil(L/s) / L."""
    return n_stages * np.ceil(n_layers / n_stages) / n_layers


def staged(
    *, deployment: Deployment, n_stages: int, n_layers: int, hidden: int, hop_bytes_per_s: Num, hop_s: Num
) -> Deployment:
    """A pipeline of ``n_stages`` copies of the deployment's GPUs, each with its share of the layers.

    A batch passes through all stages in the time one deployment would take, times the bubble, plus a hop of
    16-bit activations between stages. As many batches are under way as there are stages, so a GPU holds its share of
    the weights and, for all batches together, as much cache as the whole model has for one.
    """
    if n_stages == 1:
        return deployment
    slowed = scaled(deployment=deployment, by=Multipliers(total=bubble_ratio(n_layers=n_layers, n_stages=n_stages)))
    n_hops, moved = n_stages - 1.0, deployment.weights_bytes * (1.0 - 1.0 / n_stages)
    hop_bytes_per_tok = memory.BYTES_16BIT * hidden
    return replace(
        slowed,
        n_gpus=deployment.n_gpus * n_stages,
        n_stages=float(n_stages),
        weights_bytes=deployment.weights_bytes - moved,
        margin_bytes=deployment.margin_bytes + moved,
        all_reduce_s=slowed.all_reduce_s + n_hops * hop_s,
        all_reduce_s_per_tok=slowed.all_reduce_s_per_tok + n_hops * hop_bytes_per_tok / hop_bytes_per_s,
    )


def layered(*, deployment: Deployment, model: Model, n_gpus: int, link_bytes_per_s: float) -> Deployment:
    """One batch that passes GPU after GPU, each with its share of the layers and of their cache: all of one GPU's time.

    What llama.cpp does with several GPUs: they hold more, and a step is no faster than on one, plus the hops.
    """
    shape = memory.shape_of(model=model)
    hop_bytes_per_s, hop_s = hop(link_bytes_per_s=link_bytes_per_s)
    n_hops, moved = n_gpus - 1.0, deployment.weights_bytes * (1.0 - 1.0 / n_gpus)
    hop_bytes_per_tok = memory.BYTES_16BIT * shape.hidden
    return replace(
        deployment,
        n_gpus=float(n_gpus),
        weights_bytes=deployment.weights_bytes - moved,
        margin_bytes=deployment.margin_bytes + moved,
        kv_full_bytes_per_tok=deployment.kv_full_bytes_per_tok / n_gpus,
        kv_window_bytes_per_tok=deployment.kv_window_bytes_per_tok / n_gpus,
        kv_state_bytes=deployment.kv_state_bytes / n_gpus,
        kv_bytes_per_s=deployment.kv_bytes_per_s / n_gpus,
        all_reduce_s=deployment.all_reduce_s + n_hops * hop_s,
        all_reduce_s_per_tok=deployment.all_reduce_s_per_tok + n_hops * hop_bytes_per_tok / hop_bytes_per_s,
        notes=(
            *deployment.notes,
            f"{n_gpus} GPUs hold the layers and take turns; power counts all as busy",
        ),
    )


def exchange_bytes_per_tok(*, shape: Shape, remote_frac: Num) -> Num:
    """Bytes a token sends to experts on other machines and back, all layers: L_moe k d (1 + 2) r; 0 if dense."""
    if shape.moe is None:
        return 0.0 * remote_frac
    n_sparse = shape.n_layers - shape.moe.n_dense_layers
    return n_sparse * shape.moe.n_active * shape.hidden * (DISPATCH_BYTES + memory.BYTES_16BIT) * remote_frac


def spread(
    *, deployment: Deployment, shape: Shape, skew: Num, n_ranks: int, n_local: int, network_bytes_per_s: Num
) -> Deployment:
    """Experts over ranks: the busiest computes ``skew`` times the mean, and dispatch and combine cross machines.

    Within one machine the exchange is in the fitted constants, which measured runs of that kind set. Beyond
    ``n_local`` ranks a share 1 - n_local/n_ranks of the tokens leaves the machine.
    """
    expert_flop = deployment.n_groups * 2.0 * deployment.expert_params * deployment.expert_active_frac
    busiest = replace(deployment, flop_per_tok=deployment.flop_per_tok + expert_flop * (skew - 1.0))
    if shape.moe is None or n_ranks <= n_local:
        return busiest
    n_bytes = exchange_bytes_per_tok(shape=shape, remote_frac=1.0 - n_local / n_ranks) * skew
    n_exchanges = 2.0 * (shape.n_layers - shape.moe.n_dense_layers)
    return replace(
        busiest,
        all_reduce_s=busiest.all_reduce_s + n_exchanges * NETWORK_S,
        all_reduce_s_per_tok=busiest.all_reduce_s_per_tok + n_bytes / network_bytes_per_s,
    )


def splits(*, n_gpus: int, n_layers: int, is_sparse: bool) -> tuple[Split, ...]:
    """Ways to use a number of GPUs: powers of two of tensor and pipeline; a sparse model's experts also over all.

    No more stages than layers.
    """
    sizes = [size for size in (1, 2, 4, 8, 16, 32, 64) if n_gpus % size == 0]
    found = [Split(tensor=n_gpus // stages, pipeline=stages) for stages in sizes if stages <= n_layers]
    if is_sparse and n_gpus > 1:
        found += [Split(tensor=size, experts=n_gpus) for size in sizes if size <= n_gpus]
    return tuple(found)


def hop(*, link_bytes_per_s: float) -> tuple[float, float]:
    """Bandwidth and latency of a transfer between two GPUs of a machine; a link counts both directions."""
    return link_bytes_per_s / 2.0, PRIOR_NVLINK_S[0]
