"""What a claim can be about: the closed list of quantities, of the keys that describe them, and what each needs."""

from __future__ import annotations

from dataclasses import dataclass

from tco.check.claims.quantity import NONE, Dims

USD_PER_TOK: Dims = (("tok", -1), ("usd", 1))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of quantity: its dimensions (None: any) and the keys without which it cannot be recomputed.

    ``words`` are the values a quantity without numbers may take.
    """

    says: str
    dims: tuple[Dims, ...] | None = None
    needs: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


_USD_PER_EACH = (
    USD_PER_TOK, (("usd", 1),), *(tuple(sorted(((noun, -1), ("usd", 1)))) for noun in
    ("query", "request", "message", "conversation", "document", "task", "problem", "outcome",
    "image", "page", "try", "user")),
    (("s", -1), ("usd", 1)),
)  # fmt: skip

KINDS: dict[str, Kind] = {
    "price": Kind("a token price somebody charges", (USD_PER_TOK,), ("model", "meter")),
    "plan_price": Kind("a flat price of a seat", ((("s", -1), ("usd", 1)), (("seat", -1), ("s", -1), ("usd",
    1))), ("plan",)),
    "outcome_price": Kind("a price for each success", ((("outcome", -1), ("usd", 1)),), ("tokens_per_try",
    "success_rate")),
    "rental": Kind("rent of hardware by the hour", ((("s", -1), ("usd", 1)),), ("hardware",)),
    "purchase": Kind("what a machine costs", ((("usd", 1),),), ("hardware",)),
    "cost": Kind("what serving a token or a query costs", _USD_PER_EACH, ("hardware", "speed", "utilisation")),
    "bill": Kind("a month's bill", ((("s", -1), ("usd", 1)),), ("offer",)),
    "spend": Kind("what somebody spent", ((("usd", 1),), (("s", -1), ("usd", 1)))),
    "volume": Kind("how much is processed in a time", None, ("tokens_per_item",)),
    "saving": Kind("how many times or percent cheaper", (NONE,), ("baseline",)),
    "cost_ratio": Kind("cost of one over cost of another", (NONE,)),
    "ratio": Kind("any other ratio", (NONE,)),
    "multiplier": Kind("what a technique multiplies", (NONE,), ("technique", "of", "baseline")),
    "speedup": Kind("how many times faster", (NONE,), ("technique", "batch")),
    "share": Kind("a part of a whole", (NONE,), ("whole",)),
    "payback": Kind("months until an expense has come back", ((("s", 1),),), ("upfront", "saving")),
    "duration": Kind("any other time", ((("s", 1),),)),
    "score": Kind("a benchmark score", (NONE, (("point", 1),)), ("model", "benchmark")),
    "gain": Kind("a difference of two scores", (NONE, (("point", 1),)), ("model", "over", "benchmark")),
    "tokens": Kind("tokens used for a task", ((("tok", 1),), (("task", -1), ("tok", 1)), (("query", -1), ("tok",
    1))), ("model", "task")),
    "throughput": Kind("tokens a second", ((("s", -1), ("tok", 1)),), ("model", "hardware", "batch")),
    "memory": Kind("bytes of weights, or of a device", ((("byte", 1),),)),
    "kv_cache": Kind("bytes of KV cache, of a token or of a context", ((("byte", 1), ("tok", -1)), (("byte", 1),)),
    ("model",)),
    "fits": Kind("whether weights fit a device", None, (), ("yes", "no")),
    "bandwidth": Kind("memory bandwidth", ((("byte", 1), ("s", -1)),), ("hardware",)),
    "compute": Kind("peak operations a second", ((("flop", 1), ("s", -1)),), ("hardware",)),
    "power": Kind("electric power", ((("joule", 1), ("s", -1)),), ("hardware",)),
    "energy": Kind("energy", None),
    "flop": Kind("operations of one token", ((("flop", 1), ("tok", -1)),)),
    "params": Kind("parameters of a model", (NONE,), ("model",)),
    "params_ratio": Kind("parameters of one model over another's", (NONE,), ("basis",)),
    "count": Kind("how many there are of something", None),
    "growth": Kind("how many times more than before", (NONE,)),
    "trend": Kind("a direction", None, (), ("rises", "falls", "flat", "mixed", "none")),
    "is": Kind("a property in a word", None, (), ()),
}  # fmt: skip

# Keys of `about`. A key that is not here is a spelling mistake.
KEYS: dict[str, str] = {
    "model": "a model or a family of models", "over": "the other model of a comparison",
    "meter": "input, output, cache_read …", "provider": "who sells it", "plan": "the name of a seat or plan",
    "processing": "standard or batch", "offer": "whose price, or how many tokens", "hardware": "a machine",
    "n_gpus": "how many of them, 1 when left out",
    "over_hardware": "the other machine of a comparison", "params": "parameters, such as 70B",
    "active": "active parameters", "bits": "bits a weight", "basis": "total or active; relative or points; quality …",
    "benchmark": "the benchmark", "setting": "pass@1, cons@64 …", "harness": "how it was run",
    "n_samples": "samples for each problem", "tokens_per_sample": "tokens of a sample", "task": "the task",
    "tokens_per_item": "tokens of a document or query", "tokens_per_try": "tokens of a try",
    "success_rate": "share of tries that succeed", "technique": "the technique", "of": "what changes",
    "with": "what it changes with", "baseline": "compared with what", "statistic": "mean, peak …",
    "batch": "requests at a time", "context": "tokens of context",
    "strategy": "the strategy", "study": "the study", "part": "part of a whole",
    "whole": "the whole", "among": "the population it holds for", "year": "the year", "period": "the time it holds for",
    "org": "who", "what": "what exactly", "where": "the region", "workload": "the workload",
    "quality": "at which quality",
    "speed": "tokens a second", "utilisation": "share of the time it is used", "upfront": "what is spent first",
    "saving": "what is saved in a month", "dtype": "number format", "sparsity": "dense or sparse",
}  # fmt: skip
