"""Arguments that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tco.describe.scenario import Scenario


def _folder(text: str) -> Path:
    """A folder by its name; an empty one, such as an unset variable leaves, would be the current folder."""
    from tco.errors import UsageError

    if not text:
        raise UsageError("--data: got an empty name; expected a folder")
    return Path(text)


WorkloadArg = Annotated[str, typer.Argument(help="Workload file, or the name of one in the catalogue.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", envvar="TCO_AS_OF", metavar="DATE", help="Use prices of this day (YYYY-MM-DD)."),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="TCO_DATA",
        metavar="DIR",
        parser=_folder,
        help="Folder whose data comes before the shipped data.",
    ),
]
OneMachine = Annotated[
    str | None,
    typer.Option("--hardware", metavar="NAME", help="Own only this machine; local is the one measured here."),
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Replace a field of the workload: site.staff_fte=0.3."),
]
Rumoured = Annotated[
    bool, typer.Option("--allow-rumoured", help="Use rumoured prices where there is no other, labelled.")
]


def read_scenario(
    workload: str, *, as_of: str | None, data: Path | None, only: str | None = None, allow_rumoured: bool = False,
    hardware: str | None = None, changes: Sequence[str] | None = None,
) -> Scenario:  # fmt: skip
    """The scenario of a workload, as the shared options ask for it."""
    from datetime import UTC, datetime

    from tco.errors import UsageError
    from tco.files import scenario
    from tco.files.instants import parse_day

    if only not in (None, *scenario.TIERS):
        raise UsageError(f"--only: got {only!r}; expected one of: {', '.join(scenario.TIERS)}")
    day = parse_day(as_of) if as_of else None
    if hardware is not None and only not in (None, "self_hosted"):
        raise UsageError(f"--hardware is about machines to own; --only {only} leaves them out")
    found = scenario.load(
        workload, data=data, as_of=day, only=only, allow_rumoured=allow_rumoured,
        today=datetime.now(UTC).date(), changes=changes or (),
    )  # fmt: skip
    if hardware is None:
        return found
    from tco.files.one_machine import only_on

    return only_on(found, hardware, data)
