"""Speculative decoding: a draft proposes tokens, one step of the target verifies them all.

Source: Leviathan et al. 2023, arXiv:2211.17192.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tco.describe.model import Model
from tco.errors import MissingDataError
from tco.perform.deployment import Deployment, Draft
from tco.perform.step import kv_seq_bytes, step_s
from tco.units import Num


def tokens_per_step(*, accept_frac: Num, n_tok: Num) -> Num:
    """Tokens a verified step yields: T = (1 - a^(g+1)) / (1 - a), g + 1 at a = 1; for 0 <= a <= 1, g >= 0."""
    missed = 1.0 - np.asarray(accept_frac, dtype=float)
    some = np.where(missed > 0.0, missed, 1.0)
    return np.where(missed > 0.0, (1.0 - (1.0 - some) ** (n_tok + 1.0)) / some, n_tok + 1.0)


def tokens_of(*, deployment: Deployment) -> Num:
    """Tokens a sequence gets from one step: 1 without a draft."""
    draft = deployment.draft
    return 1.0 if draft is None else tokens_per_step(accept_frac=draft.accept_frac, n_tok=draft.n_tok)


def decode_step_s(
    *, deployment: Deployment, n_decode: Num, context_tok: Num, n_prefill_tok: Num = 0.0, prefill_context_tok: Num = 0.0
) -> Num:
    """A step with its draft: tau(m (g+1)) + g tau_draft(m), the draft reading prompts in the first of its steps.

    Without a draft the plain step. The gain vanishes at large batches because verifying then costs computing time.
    """
    draft, known = deployment.draft, {"n_decode": n_decode, "context_tok": context_tok}
    chunk = {"n_prefill_tok": n_prefill_tok, "prefill_context_tok": prefill_context_tok}
    if draft is None:
        return step_s(deployment=deployment, **known, **chunk)
    verify_s = step_s(deployment=deployment, **known, **chunk, tok_per_seq=draft.n_tok + 1.0)
    propose_s = step_s(deployment=draft.deployment, **known)
    first_s = step_s(deployment=draft.deployment, **known, **chunk)
    return verify_s + first_s + (draft.n_tok - 1.0) * np.minimum(n_decode, 1.0) * propose_s


def resident_bytes(*, deployment: Deployment, context_tok: Num) -> Num:
    """Cache of one sequence on one GPU, the draft's included."""
    own = kv_seq_bytes(deployment=deployment, context_tok=context_tok)
    if deployment.draft is None:
        return own
    return own + kv_seq_bytes(deployment=deployment.draft.deployment, context_tok=context_tok)


def drafted(*, deployment: Deployment, draft: Deployment, n_tok: Num, accept_frac: Num) -> Deployment:
    """The target with a draft beside it on the same GPUs, whose weights take room from the cache."""
    return replace(
        deployment,
        margin_bytes=deployment.margin_bytes - draft.weights_bytes,
        draft=Draft(draft, n_tok, accept_frac),
    )


def own_head(model: Model) -> Model:
    """A multi-token-prediction head as a model of one layer; raises MissingDataError for a model without a shape."""
    if model.shape is None:
        raise MissingDataError(f"{model.id} publishes no shape, so the cost of its prediction head is unknown")
    sparse = model.shape.moe
    layer = model.shape.model_copy(
        update={
            "n_layers": 1,
            "moe": None if sparse is None else sparse.model_copy(update={"n_dense_layers": 0}),
        }
    )
    return model.model_copy(update={"shape": layer, "checkpoint_gb": {}})
