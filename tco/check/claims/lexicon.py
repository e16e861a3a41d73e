"""The words of the grammar: phrases with a type, and words a sentence may hold without meaning."""

from __future__ import annotations

# Phrases by their type, the longest read first. SKIP is a phrase without meaning for the arithmetic.
_BY_TYPE: dict[str, tuple[str, ...]] = {
    "NOT_FIT": ("does not fit", "doesn't fit", "do not fit", "cannot fit", "does not fit in"),
    "FIT": ("fits", "fit"),
    "RUN": ("runs", "run", "generates", "serves", "generating", "producing", "produces", "serving", "running"),
    "REACH": ("reaches", "achieves", "hits"),
    "PAYBACK": ("pays back", "pay back", "pays for itself", "pay for itself", "payback", "breaks even", "break even",
                "pays off", "paid back", "break-even point", "break-even", "breakeven"),
    "DEARER": ("more expensive", "dearer", "pricier", "costlier"),
    "CHEAPER": ("cheaper", "less", "lower", "less expensive"),
    "SAVE": ("saves", "save", "saving", "savings", "cuts", "cut", "reduces", "reduce", "discount", "reduction", "drop",
             "decrease", "replacing", "replaces", "cutting", "reducing", "lowers", "dropped", "fell", "drops", "off"),
    "THAN": ("than", "vs", "versus", "against", "compared to", "compared with", "instead of"),
    "FROM": ("from",),
    "COST": ("costs", "cost", "is", "are", "was", "were", "charges", "charged", "priced", "=", "comes to",
             "works out to", "amounts to", "you pay", "pay", "pays", "costing", "works out at"),
    "RENT": ("rents", "rent", "rental", "renting", "to rent", "rented", "rents out"),
    "NEED": ("needs", "need", "requires", "require", "takes", "uses", "use", "draws", "consumes", "occupies"),
    "HAVE": ("has", "have", "delivers", "comes with", "offers", "packs", "gives", "provides", "features"),
    "SCORE": ("scores", "scored", "gets"),
    "FREE": ("free", "free to run", "free to use"),
    "MARGINAL": ("zero marginal cost", "no marginal cost", "zero marginal costs"),
    "EQUAL": ("equals", "equal", "buys", "gets you", "equivalent to"),
    "UTILISED": ("utilisation", "utilization"),
    "ACTIVE": ("active", "activates", "activated", "of them active", "activating", "active parameters"),
    "PROCESSING": ("batch api", "batch processing", "batch pricing", "batch mode", "batch", "batch requests"),
    "CACHING": ("prompt caching", "context caching", "caching", "cache hits", "cache reads"),
    "KV": ("kv cache", "kv-cache", "key-value cache"),
    "PER_TOK": ("per token", "each token", "/token", "a token"),
    "TRAIN": ("to train", "training", "trained", "training cost", "training run"),
    "VOTING": ("majority voting", "self-consistency", "best-of-n", "best of n", "majority vote"),
    "DENSE": ("dense", "without sparsity"), "SPARSE": ("sparse", "with sparsity", "sparsity"),
    "SKIP": ("open source", "open-source", "open-weight", "open weights", "open weight", "per request", "per query",
             "per call", "per message", "works out", "as many", "around the clock", "of which",
             "gddr6", "gddr6x", "gddr7", "hbm2", "hbm2e", "hbm3", "hbm3e", "unified memory"),
    "DTYPE": ("fp16", "bf16", "fp8", "int8", "int4", "fp4", "fp32"),
}  # fmt: skip
PHRASES: dict[str, str] = {phrase: kind for kind, phrases in _BY_TYPE.items() for phrase in phrases}
MAX_PHRASE_WORDS = max(len(phrase.split()) for phrase in PHRASES)
NOISE = frozenset((
    "a", "an", "the", "of", "with", "one", "single", "at", "in", "on", "to", "for", "by", "it", "its", "and",
    "then", "model", "models", "gpu", "gpus", "card", "cards", "using", "tokens", "token", "price", "prices", "pricing",
    "vram", "memory", "weights", "when", "switching", "moving", "going", "that", "which", "electricity", "power",
    "machine", "server", "servers", "can", "you", "local", "inference", "api", "list", "around", "clock", "rate",
    "bandwidth", "only", "just", "parameters", "parameter", "about", "bill", "rig", "after", "total", "every",
    "effectively", "essentially", "currently", "now", "into", "ram", "each", "or", "requests", "request",
    "quantizing", "quantising", "quantized", "quantised", "precision", "'s", "llm", "llms", "self-hosting",
    "self-hosted", "locally", "compute", "peak", "gpu's", "as", "capacity", "hosting", "usage", "apis", "out",
    "graphics", "i", "we", "our", "my",
))  # fmt: skip
TITLES = {
    "gpqa": "gpqa-diamond",
    "gpqa diamond": "gpqa-diamond",
    "swe-bench": "swe-bench-verified",
    "swe bench verified": "swe-bench-verified",
}
