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
        Count, typer.Option("--n-gpus", min=1, help="Accelerators of one replica; fewest that fit.")
    ] = None,
    dtype: Annotated[Name, typer.Option("--dtype", help="Number format of the weights; the model's own.")] = None,
    kv_dtype: Annotated[str, typer.Option("--kv-dtype", help="Number format of the cache.")] = "bf16",
    batch: Annotated[Count, typer.Option("--batch", min=1, help="Sequences at once; as many as fit.")] = None,
    input_tok: Annotated[int, typer.Option("--input", min=1, help="Prompt tokens.")] = 1024,
    output_tok: Annotated[int, typer.Option("--output", min=1, help="Answer tokens.")] = 256,
    engine: Annotated[str, typer.Option("--engine", help="vllm, sglang, tensorrt-llm, llama.cpp, …")] = "vllm",
    chart: Annotated[
        Path | None, typer.Option("--chart", help="Draw throughput against latency: .png, .svg, .pdf.")
    ] = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Size a model on a machine: fit, batch by context, speed, latency, watts, and which constants are measured."""
    from tco.files import sizing
    from tco.report import perform as report

    sized = sizing.sized(
        model=model, hardware=hardware, n_gpus=n_gpus, dtype=dtype, kv_dtype=kv_dtype, batch=batch,
        input_tok=input_tok, output_tok=output_tok, engine=engine, data=data,
    )  # fmt: skip
    report.show(sized, as_json=as_json, chart=chart)
