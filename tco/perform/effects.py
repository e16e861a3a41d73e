"""Fitted constants: multipliers on the priors of ``constants``, as sums of effects in the logarithm.

A multiplier is exp(sum of effects): one for everything, one for the engine, one for the accelerator's architecture and
so on. An effect nobody measured is that of ``assumed``, else zero: an unknown engine or accelerator gets what the known
ones have in common. Fitted effects count from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tco.perform.assumed import ASSUMED
from tco.perform.deployment import Deployment
from tco.units import Num

PARAMETERS = (
    "flop", "bytes", "kv", "layer", "moe_layer", "seq", "step", "link", "prefill", "frontend", "burst", "power", "pad",
    "spread", "link_tok", "attend", "total",
)  # fmt: skip
CEILING_FRAC = 0.98  # no fit may promise more of a datasheet's peak


@dataclass(frozen=True, slots=True)
class Term:
    """One family of effects: on which parameter, by what it differs, and the spread expected before measuring.

    With a covariate the effect is a slope: it is multiplied by the deployment's value of it.
    """

    parameter: str
    grouping: str
    prior_sd: float
    covariate: str = ""

    def key(self, label: str) -> str:
        """The name under which an effect of this family is stored."""
        by = f"{self.grouping}*{self.covariate}" if self.covariate else self.grouping
        return f"{self.parameter}|{by}|{label}"


# Parameter, then "grouping prior_sd" or "grouping*covariate prior_sd" for each family of its effects.
_TERMS = """\
flop: block .3, precision .3, gpu .2, arch .2, engine .1, split .2, block*sparsity .1, sparse*width .1
bytes: block .2, precision .2, gpu .07, arch .15, engine .1, block*sparsity .05, split .2, sparse*width .05
kv: block .3, engine .2, kv_precision .2, attention .3, arch .15
layer: block .4, engine .3, arch .3, attention .2, precision .15, era .15
moe_layer: block .5, engine .4, arch .3, split .3, precision .2
seq: block .5, engine .4, split .2, arch .2, era .3, host .6
step: block .5, engine .5, era .5
link: block .5, engine .3, arch .3
link_tok: block .5, engine .3, arch .3
prefill: block .3, engine .3, arch .15, gpu .15, block*sparsity .05
attend: block .6, engine .3, arch .3, gpu .15
pad: block .7, engine .4, precision .3
spread: block .5
frontend: block .7, engine .5, family .4, model .3, arch .2, block*log_in .3, stat .2, cell .2
burst: block .7, engine .4, family .4, stat .3, model .2, block*log_in .3, block*log_out .3, block*log_seqs .3
burst: engine*log_in .2, engine*log_out .2, engine*log_seqs .2
power: block .03, arch .03
total: engine*years .1, family .07, offline .2, model .05, cell .1, layout .07
"""


def _term(parameter: str, text: str) -> Term:
    by, prior_sd = text.split()
    grouping, _, covariate = by.partition("*")
    return Term(parameter, grouping, float(prior_sd), covariate)


TERMS: tuple[Term, ...] = tuple(
    _term(line.partition(":")[0], text) for line in _TERMS.splitlines() for text in line.partition(":")[2].split(",")
)


@dataclass(frozen=True, slots=True)
class Multipliers:
    """What each constant is multiplied by; 1 is the prior. flop, bytes, kv and attend are rates, the others times."""

    flop: Num = 1.0
    bytes: Num = 1.0
    kv: Num = 1.0
    layer: Num = 1.0
    moe_layer: Num = 1.0
    seq: Num = 1.0
    step: Num = 1.0
    link: Num = 1.0
    prefill: Num = 1.0
    frontend: Num = 1.0
    burst: Num = 1.0
    power: Num = 1.0
    pad: Num = 1.0
    link_tok: Num = 1.0
    spread: Num = 1.0
    attend: Num = 1.0
    total: Num = 1.0


def effect_of(term: Term, label: str, effects: Mapping[str, float]) -> float:
    """What a label adds to the logarithm: its fitted effect on top of the assumed one; zero where there is neither."""
    key = term.key(label)
    return effects.get(key, 0.0) + ASSUMED.get(key, 0.0)


def multipliers(
    *, groups: Mapping[str, str], covariates: Mapping[str, float], effects: Mapping[str, float]
) -> Multipliers:
    """Multipliers of one deployment: exp of the sum of its groups' assumed and fitted effects; others count zero."""
    logs = dict.fromkeys(PARAMETERS, 0.0)
    for term in TERMS:
        effect = effect_of(term, groups.get(term.grouping, ""), effects)
        logs[term.parameter] += effect * (covariates.get(term.covariate, 0.0) if term.covariate else 1.0)
    return Multipliers(**{name: float(np.exp(value)) for name, value in logs.items()})


def scaled(*, deployment: Deployment, by: Multipliers) -> Deployment:
    """The deployment with its constants multiplied; times grow with ``total``, which covers what has no name."""
    slow, ceiling = by.total, CEILING_FRAC * deployment.peak_bytes_per_s
    top = CEILING_FRAC * deployment.peak_flop_per_s
    flop_per_s = np.minimum(deployment.flop_per_s * by.flop / slow, top)
    layers_s = deployment.overhead_s - deployment.moe_overhead_s - deployment.step_overhead_s
    moe_s, step_s = deployment.moe_overhead_s * by.moe_layer * slow, deployment.step_overhead_s * by.step * slow
    return replace(
        deployment,
        flop_per_s=flop_per_s,
        flop16_per_s=deployment.flop16_per_s * by.flop / slow,
        bytes_per_s=np.minimum(deployment.bytes_per_s * by.bytes / slow, ceiling),
        kv_bytes_per_s=np.minimum(deployment.kv_bytes_per_s * by.kv / slow, ceiling),
        mla_flop_per_s=deployment.mla_flop_per_s * by.kv / slow,
        attention_flop_per_s=deployment.attention_flop_per_s * by.flop * by.attend / slow,
        all_reduce_s=deployment.all_reduce_s * by.link * slow,
        all_reduce_s_per_tok=deployment.all_reduce_s_per_tok * by.link_tok * slow,
        overhead_s=layers_s * by.layer * slow + moe_s + step_s,
        moe_overhead_s=moe_s,
        step_overhead_s=step_s,
        overhead_s_per_seq=deployment.overhead_s_per_seq * by.seq * slow,
        frontend_s=deployment.frontend_s * by.frontend,
        prefill_cost=np.maximum(deployment.prefill_cost * by.prefill, flop_per_s / top),
        burst_frac=deployment.burst_frac * by.burst,
        pad_tok=deployment.pad_tok * by.pad,
        routing_spread=np.minimum(deployment.routing_spread * by.spread, 1.0),
    )
