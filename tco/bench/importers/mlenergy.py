"""The ML.ENERGY benchmark: ``results.json`` of a run, the leaderboard's file of a task. Energy is the GPUs' alone."""

from __future__ import annotations

from tco.bench.importers.draft import Draft, stamp
from tco.bench.importers.source import Fields, Source, first, objects
from tco.bench.importers.vllm import served

TOOL = "ML.ENERGY benchmark"
ENERGY = "energy of the GPUs in steady state, without host"


def is_results(source: Source) -> bool:
    """The results of a run."""
    return first(source, lambda held: {"steady_state_energy", "steady_state_energy_per_token"} <= held.keys())


def is_task(source: Source) -> bool:
    """The leaderboard's file of a task."""

    def has(held: object) -> bool:
        listed = held.get("configurations") if isinstance(held, dict) else None
        return bool(
            isinstance(listed, list)
            and listed
            and isinstance(listed[0], dict)
            and "energy_per_token_joules" in listed[0]
        )

    return first(source, has)


def results(source: Source) -> list[Draft]:
    """Rate, power and energy of the steady state; lengths of the whole run."""
    fields = objects(source)[0]
    energy_j, each_j = fields.needed("steady_state_energy"), fields.needed("steady_state_energy_per_token")
    steady_s = fields.needed("steady_state_duration")
    draft = Draft(
        tool=TOOL, model=fields.text("model_id"), hardware=fields.text("gpu_model"), n_gpus=fields.count("num_gpus"),
        at=stamp(fields.text("date"), "%Y%m%d-%H%M%S"), notes=["rate of the steady state, not of the whole run"],
    )  # fmt: skip
    served(fields, draft)
    n = fields.count("max_num_seqs") or None
    draft.put(
        concurrency=n, arrival="closed" if n else None, output_tok_per_s=energy_j / each_j / steady_s,
        joules_per_tok=each_j, power_w=energy_j / steady_s, energy_reason=ENERGY,
    )  # fmt: skip
    return [draft]


def task(source: Source) -> list[Draft]:
    """One draft a configuration."""
    return [_configuration(each) for each in objects(source)[0].each("configurations")]


def _configuration(fields: Fields) -> Draft:
    draft = Draft(
        tool=TOOL, model=fields.text("model_id"), hardware=fields.text("gpu_model"), n_gpus=fields.count("num_gpus"),
        dtype=fields.text("weight_precision"),
    )  # fmt: skip
    itl = {stat: fields.number(f"{name}_itl_ms") for stat, name in _ITL}
    draft.put(
        arrival="closed", concurrency=fields.count("max_num_seqs") or None,
        output_tok=fields.positive("avg_output_len"),
        output_tok_per_s=fields.positive("output_throughput_tokens_per_sec"),
        joules_per_tok=fields.needed("energy_per_token_joules"), power_w=fields.positive("avg_power_watts"),
        itl_ms={stat: value for stat, value in itl.items() if value is not None}, energy_reason=ENERGY,
    )  # fmt: skip
    return draft


_ITL = (("mean", "mean"), ("p50", "median"), ("p90", "p90"), ("p95", "p95"), ("p99", "p99"))
