"""The ``tco`` command: registers the commands, reads ``tco.toml``, turns errors into exit codes."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterator
from datetime import date
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small arrays only; starting threads costs 50 ms of CPU
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # none is used; looking for them scans the environment

import typer

from tco import __version__
from tco.cli import bench, breakeven, catalogue, check, compare, explain, init, perform, prices, validate

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
app.add_typer(prices.app, name="prices")
app.add_typer(bench.app, name="bench")
app.command("perform")(perform.perform)
app.command("validate")(validate.validate)
app.command("check")(check.check)

SHARED_SETTINGS = ("as_of", "data", "allow_rumoured")
OWN_TABLES = {"check": ("rules", "limits", "budget", "verdict")}  # read by the command itself


def _version(asked: bool) -> None:
    if asked:
        print(f"tco {__version__}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    _debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    _version_asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Defaults come from tco.toml in the current folder, then TCO_* variables, then the command line."""
    context.default_map = _settings(Path("tco.toml"))


def _settings(path: Path) -> dict[str, Any]:
    """Defaults by command from ``tco.toml``: shared ones at the top, a command's own in its table."""
    if not path.is_file():
        return {}
    import tomllib
    from inspect import signature

    from tco.errors import InvalidInputError, Problem

    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError([Problem(str(path), 0, 0, "", f"is not TOML: {error}")]) from None
    except OSError as error:
        raise InvalidInputError([Problem(str(path), 0, 0, "", f"cannot be read: {error.strerror}")]) from None
    registered = [(info.name, info.callback) for info in app.registered_commands]
    commands = {name: list(signature(call).parameters) for name, call in registered if name and call}
    wrong = [Problem(str(path), 0, 0, name, message) for name, message in _wrong_settings(stated, commands)]
    if wrong:
        raise InvalidInputError(wrong)
    shared = {name: str(stated[name]) for name in SHARED_SETTINGS if name in stated}
    own = {
        name: {key: _plain(held) for key, held in stated.get(name, {}).items() if key not in OWN_TABLES.get(name, ())}
        for name in commands
    }
    return {name: {**shared, **held} for name, held in own.items()}


def _wrong_settings(stated: dict[str, Any], commands: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Name and message of every setting no command would read."""
    known = ", ".join([*SHARED_SETTINGS, *(f"[{name}]" for name in commands)])
    for name, held in stated.items():
        if name in commands and not isinstance(held, dict):
            yield name, f"got {held!r}; expected a table: write [{name}] and its settings below"
        elif name in commands:
            names = [*commands[name], *OWN_TABLES.get(name, ())]
            wrong = [key for key in held if key not in names]
            yield from ((f"{name}.{key}", f"unknown setting; expected one of: {', '.join(names)}") for key in wrong)
        elif name not in SHARED_SETTINGS:
            yield name, f"unknown setting; expected one of: {known}"


def _plain(held: Any) -> Any:
    """A date as the text the command line would hold."""
    return str(held) if isinstance(held, date) else held


def _run_app() -> None:
    """Run the command; Typer leaves a closed pipe and an unanswered prompt with 1, which here means no."""
    from tco.errors import UsageError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # the same bytes in every locale
            stream.reconfigure(encoding="utf-8", errors="replace")
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - it stays open as long as the process
    try:
        app()
    except SystemExit as left:
        if isinstance(left.__context__, BrokenPipeError):
            raise left.__context__ from None
        if isinstance(left.__context__, typer.Abort):
            raise UsageError("a question was left unanswered; answer it, or state the answer as an option") from None
        raise
    finally:
        if sys.stdout is not None:
            sys.stdout.flush()  # here and not at exit, where a closed pipe would print a warning


def run() -> None:
    """Entry point: a user's error is a message and an exit code, a bug is 70; tracebacks only with --debug."""
    from tco.errors import EXIT_BUG, EXIT_DATA, TcoError

    gc.disable()  # a short run that frees nothing large: collecting costs a tenth of it
    atexit.register(gc.freeze)  # and another tenth on the way out, where Python would look through everything once more
    debug = "--debug" in sys.argv[1:] or os.environ.get("TCO_DEBUG") == "1"
    try:
        _run_app()
    except TcoError as error:
        if debug:
            raise
        print(f"{error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # who read the answer had enough of it; nothing more may be written on the way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(0)
    except OSError as error:  # a full disk, a closed terminal: nothing of ours
        print(f"tco: the answer could not be written: {error.strerror or error}", file=sys.stderr)
        sys.exit(EXIT_DATA)
    except Exception as error:
        if debug:
            raise
        print(f"tco: a bug: {type(error).__name__}: {error}; run again with --debug and report it", file=sys.stderr)
        sys.exit(EXIT_BUG)
