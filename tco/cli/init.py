"""``tco init``: a commented workload file from a few answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init(
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path("workload.yaml"),
    name: Annotated[str, typer.Option(prompt="Name of the workload", help="What the report calls it.")] = "my-workload",
    requests: Annotated[str, typer.Option(prompt="Requests (such as '900k /month' or '2 /s')", help="How many.")] = "100k /month",
    input_tok: Annotated[int, typer.Option(prompt="Prompt tokens per request", min=0, help="Mean prompt length.")] = 1000,
    output_tok: Annotated[int, typer.Option(prompt="Output tokens per request", min=1, help="Mean answer length.")] = 300,
    interactive: Annotated[bool, typer.Option(prompt="Does a person wait for the answer?", help="Sets latency limits.")] = True,
    model: Annotated[str, typer.Option(prompt="Open model to host (id, see `tco list models`)", help="For machines.")] = "qwen3-8b",
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that exists.")] = False,
) -> None:
    """Ask a few questions and write a commented workload file that `tco compare` reads."""
    from tco.files import template

    template.write(
        path, name=name, requests=requests, input_tok=input_tok, output_tok=output_tok,
        interactive=interactive, model=model, force=force,
    )  # fmt: skip
    typer.echo(f"wrote {path}; next: tco compare {path}")
