"""The ``tco`` command: registers the commands, reads ``tco.toml``, turns errors into exit codes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small arrays only; starting threads costs 50 ms of CPU

import typer

from tco import __version__
from tco.cli import breakeven, catalogue, compare, explain, init

app = typer.Typer(
    name="tco",
    help="Where should an LLM workload run - API, budget cloud or own machines - and when does the answer change?",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("compare")(compare.compare)
app.command("explain")(explain.explain)
app.command("breakeven")(breakeven.breakeven)
app.command("list")(catalogue.list_items)
app.command("show")(catalogue.show)
app.command("init")(init.init)

SHARED_SETTINGS = ("as_of", "data", "allow_rumoured")


def _version(asked: bool) -> None:
    if asked:
        print(f"tco {__version__}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Defaults come from tco.toml in the current folder, then TCO_* variables, then the command line."""
    context.default_map = _settings(Path("tco.toml"))


def _settings(path: Path) -> dict[str, Any]:
    """Defaults by command from ``tco.toml``: shared ones at the top, a command's own in its table."""
    if not path.is_file():
        return {}
    import tomllib

    from tco.errors import InvalidInputError, Problem

    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError([Problem(str(path), 0, 0, "", f"is not TOML: {error}")]) from None
    commands = {"compare", "explain", "breakeven", "list", "show", "init"}
    wrong = [name for name in stated if name not in commands and name not in SHARED_SETTINGS]
    if wrong:
        known = ", ".join([*SHARED_SETTINGS, *(f"[{name}]" for name in sorted(commands))])
        raise InvalidInputError([Problem(str(path), 0, 0, name, f"unknown setting; expected one of: {known}") for name in wrong])
    shared = {name: str(stated[name]) for name in SHARED_SETTINGS if name in stated}
    return {name: {**shared, **stated.get(name, {})} for name in commands}


def run() -> None:
    """Entry point: a user's error is a message and an exit code, a bug is 70; tracebacks only with --debug."""
    from tco.errors import EXIT_BUG, TcoError

    debug = "--debug" in sys.argv[1:] or os.environ.get("TCO_DEBUG") == "1"
    try:
        app()
    except TcoError as error:
        if debug:
            raise
        print(f"{error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if debug:
            raise
        print(f"tco: a bug: {type(error).__name__}: {error}; run again with --debug and report it", file=sys.stderr)
        sys.exit(EXIT_BUG)
