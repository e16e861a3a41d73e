"""``tco check``: the gate on assumptions, claims, budgets and data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tco.cli.options import AsOf, DataDir, JsonFlag, Rumoured


def _path(text: str) -> Path:
    """A path as it is typed; raises UsageError for an empty one, which would mean all of the current folder."""
    if not text:
        from tco.errors import UsageError

        raise UsageError("got an empty path, such as a variable that is not set; name a file, or `.` for this folder")
    return Path(text)


def check(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", parser=_path, help="Files and folders to check.")
    ] = None,
    baseline: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", parser=_path, help="Older assumptions, or an older compare --json."),
    ] = None,
    allow_new: Annotated[
        bool, typer.Option("--allow-new", help="Note what the baseline does not have, instead of leaving with 3.")
    ] = False,
    fail_on: Annotated[str, typer.Option(help="error, warning or never.")] = "error",
    warn_only: Annotated[bool, typer.Option("--warn-only", help="Leave with 0 whatever is found.")] = False,
    format: Annotated[
        str, typer.Option("--format", help="text, json, markdown, comment, github, junit, sarif or audit.")
    ] = "text",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", parser=_path, help="Write the report here as well.")
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(metavar="SHEET", help="Prices to check against: current, shipped, an id or a file.")
    ] = None,
    self_test: Annotated[bool, typer.Option("--self-test", help="Plant an error a rule; see each caught.")] = False,
    claim: Annotated[
        str | None, typer.Option(metavar="SENTENCE", help="Judge one published sentence instead of files.")
    ] = None,
    as_json: JsonFlag = False,
    as_of: AsOf = None,
    data: DataDir = None,
    allow_rumoured: Rumoured = False,
) -> None:
    """Check assumptions, claims, budgets, pinned results and data files; leave with 1 on a finding."""
    from tco.check import command

    asked = command.Asked(
        files=tuple(files or ()), baseline=tuple(baseline or ()), fail_on=fail_on, warn_only=warn_only,
        form="json" if as_json else format, output=output, sheet=sheet, as_of=as_of, data=data,
        allow_rumoured=allow_rumoured, allow_new=allow_new, claim=claim,
    )  # fmt: skip
    answer = command.self_test(asked) if self_test else command.check(asked)
    print(answer.text, end="")
    if answer.complaint:
        sys.stdout.flush()
        print(answer.complaint, file=sys.stderr)
    if answer.exit_code:
        raise typer.Exit(answer.exit_code)
