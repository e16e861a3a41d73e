"""``tco init``: a commented workload file from a few answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from tco.cli.options import JsonFlag

MAX_ASKED = 3
DEFAULTS = {"cached_frac": "0", "ttft": "1 s", "itl": "50 ms", "residency": "", "country": "", "floor": ""}
if TYPE_CHECKING:
    from tco.files.catalogue import Catalogue

T = TypeVar("T")
Text = str | None


def init(
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path("workload.yaml"),
    name: Annotated[Text, typer.Option(help="What the report calls it; my-workload.")] = None,
    requests: Annotated[Text, typer.Option(help="How many, with a unit; '100k /month'.")] = None,
    input_tok: Annotated[int | None, typer.Option(min=0, help="Mean prompt length; 1000.")] = None,
    output_tok: Annotated[int | None, typer.Option(min=1, help="Mean answer length; 300.")] = None,
    interactive: Annotated[
        bool | None, typer.Option("--interactive/--no-interactive", help="Whether a person waits: latency limits.")
    ] = None,
    model: Annotated[Text, typer.Option(help="Open model for machines; qwen3-8b.")] = None,
    cached_frac: Annotated[
        Text, typer.Option(help="Share of the prompt that repeats, such as 0.6 or 60%; 0 unless stated.")
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
    from tco.files import answers, template
    from tco.files.catalogue import Catalogue

    if interactive is False and (ttft or itl):
        raise UsageError("--ttft and --itl are limits where a person waits; drop them, or add --interactive")
    template.check_free(path, force=force)
    held, all_stated = Catalogue(), None not in (name, requests, input_tok, output_tok, interactive, model)
    name = _ask(name, "Name of the workload", "my-workload", answers.name)
    requests = _ask(requests, "Requests (such as '900k per month' or '2 /s')", "100k /month", answers.requests)
    input_tok = _ask(input_tok, "Prompt tokens per request", "1000", answers.input_tok)
    output_tok = _ask(output_tok, "Output tokens per request", "300", answers.output_tok)
    if interactive is None:
        interactive = typer.confirm("Does a person wait for the answer?", default=True)
    model = _ask(
        model, "Open model to host (id, see `tco list models`)", "qwen3-8b", lambda text: answers.model(text, held)
    )
    stated = {"cached_frac": cached_frac, "ttft": ttft, "itl": itl, "residency": residency, "country": country,
              "floor": floor}  # fmt: skip
    further = stated if all_stated else _further(stated, interactive, held)
    texts = {key: default if (text := further[key]) is None else text for key, default in DEFAULTS.items()}
    given = template.Answers(
        name=name, requests=requests, input_tok=input_tok, output_tok=output_tok, interactive=interactive, model=model,
        **texts,
    )  # fmt: skip
    template.write(path, given, force=force)
    if as_json:
        from tco.report import record

        print(record.dumps({"schema": "tco.init/1", "path": str(path)}))
    else:
        print(f"wrote {path}; next: tco compare {path}")


def _further(stated: dict[str, Text], interactive: bool, catalogue: Catalogue) -> dict[str, Text]:
    """The answers beyond the first six; a rule of residency needs a country."""
    from tco.files import answers

    where = "Country where own machines would stand (two letters"
    readers: dict[str, tuple[str, Callable[[str], object]]] = {
        "cached_frac": ("Share of the prompt that repeats and may be cached (0.6 or 60%)", answers.cached_frac),
        "ttft": ("Time to the first token at most, p95 (such as '1 s')", answers.ttft),
        "itl": ("Time between two tokens at most, p95 (such as '50 ms')", answers.itl),
        "residency": ("Regions the data must stay in (such as 'eu'; Enter: anywhere)", answers.residency),
        "country": (f"{where}; Enter: not known yet)", answers.country),
        "floor": (
            "Lowest score (such as 'gpqa-diamond:60'; Enter: none)", lambda text: answers.floor(text, catalogue)
        ),
    }  # fmt: skip
    found = dict(stated)
    for key, (question, read) in readers.items():
        if key == "country" and found["residency"]:
            found[key] = _ask(stated[key], f"{where})", None, answers.some_country)
        elif interactive or key not in ("ttft", "itl"):
            found[key] = _ask(stated[key], question, DEFAULTS[key], _as_text(read))
    return found


def _ask(stated: T | None, question: str, default: str | None, read: Callable[[str], T]) -> T:
    """What an option states; else the first answer that can be read, of three. Raises UsageError after them."""
    from tco.errors import UsageError

    if stated is not None:
        return stated  # read with all the others before the file is written
    wrong: list[str] = []

    def answer(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            wrong.append(str(error))
            if len(wrong) == MAX_ASKED:
                raise UsageError(f"{question}: {error}") from None
            raise typer.BadParameter(str(error)) from None

    held: T = typer.prompt(question, default=default, show_default=bool(default), value_proc=answer)
    return held


def _as_text(read: Callable[[str], object]) -> Callable[[str], str]:
    """Reads an answer only to see that it can be read: the file states it as it was typed."""

    def checked(text: str) -> str:
        read(text)
        return text

    return checked
