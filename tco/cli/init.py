"""``tco init``: a commented workload file from a few answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

import typer

from tco.cli.options import JsonFlag

FIRST = ("name", "requests", "input_tok", "output_tok", "interactive", "model")
T = TypeVar("T", str, float)
Text = str | None


def init(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path("workload.yaml"),
    name: Annotated[str, typer.Option(prompt="Name of the workload", help="What the report calls it.")] = "my-workload",
    requests: Annotated[
        str, typer.Option(prompt="Requests (such as '900k /month' or '2 /s')", help="How many.")
    ] = "100k /month",
    input_tok: Annotated[
        int, typer.Option(prompt="Prompt tokens per request", min=0, help="Mean prompt length.")
    ] = 1000,
    output_tok: Annotated[
        int, typer.Option(prompt="Output tokens per request", min=1, help="Mean answer length.")
    ] = 300,
    interactive: Annotated[
        bool, typer.Option(prompt="Does a person wait for the answer?", help="Sets latency limits.")
    ] = True,
    model: Annotated[
        str, typer.Option(prompt="Open model to host (id, see `tco list models`)", help="For machines.")
    ] = "qwen3-8b",
    cached_frac: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of the prompt that repeats; 0 unless stated."),
    ] = None,
    ttft: Annotated[
        Text, typer.Option(help="Limit of the time to the first token, p95; 1 s unless stated, '' for none.")
    ] = None,
    itl: Annotated[
        Text, typer.Option(help="Limit of the time between two tokens, p95; 50 ms unless stated, '' for none.")
    ] = None,
    residency: Annotated[
        Text, typer.Option(help="Regions data must be able to stay in, such as 'eu'; anywhere unless stated.")
    ] = None,
    country: Annotated[Text, typer.Option(help="Country where own machines stand, two letters.")] = None,
    floor: Annotated[
        Text, typer.Option(help="Lowest score, benchmark:score such as gpqa-diamond:60; none unless stated.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that exists.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Ask a few questions and write a commented workload file that `tco compare` reads.

    When options answer the first six questions, nothing is asked and the others have their defaults.
    """
    from tco.errors import UsageError
    from tco.files import template

    if not interactive and (ttft or itl):
        raise UsageError("--ttft and --itl are limits where a person waits; drop them, or add --interactive")
    asks = _in_dialogue(context)
    cached = _answer(asks, cached_frac, "Share of the prompt that repeats and may be cached (0 to 1)", 0.0)
    if interactive:
        ttft = _answer(asks, ttft, "Time to the first token at most, p95 (such as '1 s')", "1 s")
        itl = _answer(asks, itl, "Time between two tokens at most, p95 (such as '50 ms')", "50 ms")
    residency = _answer(asks, residency, "Regions the data must stay in (such as 'eu'; Enter: anywhere)", "")
    where = "Country where own machines would stand (two letters"
    if residency and asks and country is None:
        country = typer.prompt(f"{where})")
    country = _answer(asks, country, f"{where}; Enter: not known yet)", "")
    floor = _answer(asks, floor, "Lowest score (such as 'gpqa-diamond:60'; Enter: none)", "")
    answers = template.Answers(
        name=name, requests=requests, input_tok=input_tok, output_tok=output_tok, interactive=interactive, model=model,
        cached_frac=cached, ttft=ttft or "", itl=itl or "", residency=residency, country=country, floor=floor,
    )  # fmt: skip
    template.write(path, answers, force=force)
    if as_json:
        from tco.report import record

        print(record.dumps({"schema": "tco.init/1", "path": str(path)}))
    else:
        print(f"wrote {path}; next: tco compare {path}")


def _in_dialogue(context: typer.Context) -> bool:
    """Whether any of the first questions was asked: who answers all of them by options wants no dialogue."""
    sources = (context.get_parameter_source(name) for name in FIRST)
    return any(source is not None and source.name == "PROMPT" for source in sources)


def _answer(asks: bool, stated: T | None, question: str, default: T) -> T:
    if stated is not None:
        return stated
    if not asks:
        return default
    held: T = typer.prompt(question, default=default, show_default=default != "", type=type(default))
    return held
