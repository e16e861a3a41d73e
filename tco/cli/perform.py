"""``tco perform``: what one model does on one kind of machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tco.cli.options import DataDir, JsonFlag

Count = int | None
Name = str | None


def perform(
    model: Annotated[str, typer.Argument(help="Model, by id or alias.")],
    hardware: Annotated[str, typer.Argument(help="Accelerator, by id or alias.")],
    n_gpus: Annotated[
        Count, typer.Option("--n-gpus", min=1, max=576, help="Accelerators of one replica; fewest that fit.")
    ] = None,
    dtype: Annotated[Name, typer.Option("--dtype", help="Number format of the weights; the model's own.")] = None,
    kv_dtype: Annotated[str, typer.Option("--kv-dtype", help="Number format of the cache.")] = "bf16",
    batch: Annotated[Count, typer.Option("--batch", min=1, help="Sequences at once; as many as fit.")] = None,
    input_tok: Annotated[int, typer.Option("--input", min=1, help="Prompt tokens.")] = 1024,
    output_tok: Annotated[int, typer.Option("--output", min=1, help="Answer tokens.")] = 256,
    engine: Annotated[
        Name, typer.Option("--engine", help="vllm, sglang, tensorrt-llm, llama.cpp, …; what suits the machine.")
    ] = None,
    tp: Annotated[
        Count, typer.Option("--tp", min=1, max=576, help="Tensor-parallel accelerators; 1 with --pp.")
    ] = None,
    pp: Annotated[Count, typer.Option("--pp", min=1, max=64, help="Pipeline stages.")] = None,
    ep: Annotated[Count, typer.Option("--ep", min=1, max=576, help="Ranks the experts lie on.")] = None,
    draft: Annotated[Name, typer.Option("--draft", help="Draft model, or mtp for the model's own head.")] = None,
    draft_tokens: Annotated[int, typer.Option("--draft-tokens", min=1, max=32, help="Tokens proposed a step.")] = 4,
    acceptance: Annotated[
        Name, typer.Option("--acceptance", help="Share of proposed tokens accepted, 0.65 or 65%; no default.")
    ] = None,
    host_memory: Annotated[
        Name, typer.Option("--host-memory", help="GB of host memory for weights that do not fit.")
    ] = None,
    host_bandwidth: Annotated[Name, typer.Option("--host-bandwidth", help="Its GB/s.")] = None,
    pools: Annotated[
        Name, typer.Option("--pools", help="Prefill and decode instances of --n-gpus each, such as 1:3.")
    ] = None,
    pool_link: Annotated[Name, typer.Option("--pool-link", help="GB/s between the pools.")] = None,
    chart: Annotated[
        Path | None, typer.Option("--chart", help="Draw throughput against latency: .png, .svg, .pdf.")
    ] = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Size a model on a machine: fit, batch by context, speed, latency, watts, and which constants are measured."""
    from tco.files import sizing
    from tco.files.serving import ServingAsked
    from tco.report import perform as report

    sized = sizing.sized(
        model=model, hardware=hardware, n_gpus=n_gpus, dtype=dtype, kv_dtype=kv_dtype, batch=batch,
        input_tok=input_tok, output_tok=output_tok, engine=engine, data=data,
        serving=ServingAsked(
            tp=tp, pp=pp, ep=ep, draft=draft, draft_tokens=draft_tokens, acceptance=acceptance,
            host_memory=host_memory, host_bandwidth=host_bandwidth, pools=pools, pool_link=pool_link,
        ),
    )  # fmt: skip
    report.show(sized, as_json=as_json, chart=chart)
