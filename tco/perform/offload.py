"""Weights in the host's memory: a model that does not fit runs, at the pace of that memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tco.perform.deployment import Deployment, HostShare
from tco.units import Num

HOST_BANDWIDTH_FRAC = 0.75  # assumed: of the datasheet's, as of a GPU nobody fitted
LINK_FRAC = 0.80  # assumed: of one direction of PCIe
LINK_BYTES_PER_S = 32e9  # assumed where no link is stated: one direction of PCIe 4.0 x16
CPU_FLOP_FRAC = 0.60  # assumed: as of a GPU nobody fitted
CPU_FLOP_PER_S = 2e12  # assumed where none is stated: 16 cores of 4 GHz at 32 FLOP a cycle


def offloaded(
    *,
    deployment: Deployment,
    room_bytes: Num,
    host_memory_bytes: Num,
    host_bytes_per_s: Num,
    link_bytes_per_s: Num = LINK_BYTES_PER_S,
    cpu_flop_per_s: Num = CPU_FLOP_PER_S,
    n_serial: Num = 1.0,
    n_at_once: Num | None = None,
) -> Deployment:
    """Move to the host what stands in the way of ``room_bytes`` of cache on each GPU, routed experts first.

    A batch passes ``n_serial`` GPUs one after another; ``n_at_once`` (all, if None) share the host's bandwidth and
    FLOP/s. A host that cannot hold the rest leaves the margin short. The head stays on the GPU. Peak rates, of which
    ``*_FRAC`` are reached.
    """
    n_gpus, n_sharing = deployment.n_gpus, deployment.n_gpus if n_at_once is None else n_at_once
    movable = np.minimum(host_memory_bytes / n_gpus, (deployment.always_bytes + deployment.expert_bytes) / n_serial)
    moved = np.clip(room_bytes - deployment.margin_bytes, 0.0, movable)
    expert = np.minimum(moved * n_serial, deployment.expert_bytes)
    always = moved * n_serial - expert
    expert_frac = expert / np.maximum(deployment.expert_bytes, 1.0)
    active_expert_flop = deployment.n_groups * 2.0 * deployment.expert_params * deployment.expert_active_frac
    always_flop = deployment.flop_per_tok - active_expert_flop
    always_frac = always / np.maximum(deployment.always_bytes, 1.0)
    flop = active_expert_flop * expert_frac + always_flop * always_frac
    host = HostShare(
        always_bytes=always,
        expert_bytes=expert,
        flop_per_tok=flop,
        bytes_per_s=HOST_BANDWIDTH_FRAC * host_bytes_per_s / n_sharing,
        flop_per_s=CPU_FLOP_FRAC * cpu_flop_per_s / n_sharing,
        link_bytes_per_s=LINK_FRAC * link_bytes_per_s,
    )
    return replace(
        deployment,
        host=host,
        always_bytes=deployment.always_bytes - always,
        expert_bytes=deployment.expert_bytes - expert,
        expert_params=deployment.expert_params * (1.0 - expert_frac),
        flop_per_tok=deployment.flop_per_tok - flop,
        weights_bytes=deployment.weights_bytes - moved,
        margin_bytes=deployment.margin_bytes + moved,
    )
