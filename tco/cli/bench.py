"""``tco bench``: measure this machine or a server, read what other tools measured, and compare the measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tco.cli import bench_endpoint, bench_run
from tco.cli.options import DataDir, JsonFlag

app = typer.Typer(
    help="Measure this machine or a server, or import what other tools measured; compare uses it.",
    no_args_is_help=True, rich_markup_mode=None,
)  # fmt: skip
app.command("run")(bench_run.run)
app.command("endpoint")(bench_endpoint.endpoint)

Word = str | None
Count = int | None
Amount = float | None
ProfileArg = Annotated[str, typer.Argument(help="Profile: id or its beginning, a file, or local for the newest.")]


@app.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(help="Result files of benchmark tools.", metavar="FILE...")],
    file_format: Annotated[Word, typer.Option("--format", help="Read as this; told from the contents.")] = None,
    model: Annotated[Word, typer.Option("--model", help="The model's id in the catalogue.")] = None,
    hardware: Annotated[Word, typer.Option("--hardware", help="Accelerator by id, or local.")] = None,
    dtype: Annotated[Word, typer.Option("--dtype", help="Number format of the weights.")] = None,
    kv_dtype: Annotated[Word, typer.Option("--kv-dtype", help="Number format of the cache.")] = None,
    engine: Annotated[Word, typer.Option("--engine", help="vllm, sglang, tensorrt-llm, llama.cpp, …")] = None,
    engine_version: Annotated[Word, typer.Option("--engine-version", help="Its version.")] = None,
    n_gpus: Annotated[Count, typer.Option("--n-gpus", min=1, help="Accelerators that served.")] = None,
    concurrency: Annotated[Count, typer.Option("--concurrency", min=1, help="Requests in flight.")] = None,
    input_tok: Annotated[Amount, typer.Option("--input", min=1, help="Prompt tokens of a request.")] = None,
    output_tok: Annotated[
        Amount, typer.Option("--output", min=1, help="Answer tokens asked for; a count above them is flagged.")
    ] = None,
    tokens: Annotated[Amount, typer.Option("--tokens", min=1, help="Answer tokens an energy log spans.")] = None,
    measured_on: Annotated[Word, typer.Option("--measured-on", metavar="DATE", help="Day of the run.")] = None,
    latency_unit: Annotated[Word, typer.Option("--latency-unit", help="s or ms, where a file names none.")] = None,
    driver: Annotated[str, typer.Option("--driver", help="Driver of the accelerator.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Write the profile to this file.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written.")] = False,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Read result files of other tools into one profile; what a file does not say, an option must."""
    from tco.bench import profile, report
    from tco.bench.importers.run import imported, stated, unit_of
    from tco.files.catalogue import Catalogue

    catalogue = Catalogue(data)
    given = stated(
        catalogue, model=model, hardware=hardware, dtype=dtype, kv_dtype=kv_dtype, engine=engine,
        engine_version=engine_version, n_gpus=n_gpus, concurrency=concurrency, input_tok=input_tok,
        output_tok=output_tok, tokens=tokens, measured_on=measured_on,
    )  # fmt: skip
    unit = unit_of(latency_unit)
    found = imported(files, catalogue=catalogue, given=given, name=file_format, unit=unit, driver=driver)
    report.show(found, None if dry_run else profile.save(found, out=out, data=data), as_json=as_json)


@app.command("list")
def list_profiles(as_json: JsonFlag = False, data: DataDir = None) -> None:
    """List the profiles of what was measured here, the newest first."""
    from tco.bench import report
    from tco.files import profiles

    report.show_list(profiles.found(data), as_json=as_json)


@app.command("show")
def show_profile(name: ProfileArg, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """Show one profile whole: the machine, its microbenchmarks, its operating points."""
    from tco.bench import find, report

    profile, path = find.one(name, data)
    report.show(profile, path, as_json=as_json)


@app.command("diff")
def diff_profiles(
    before: ProfileArg,
    after: ProfileArg,
    fail_on_worse: Annotated[bool, typer.Option("--fail-on-worse", help="Exit 1 when something got worse.")] = False,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Compare two profiles; a change counts only beyond what repeats of one run differ by."""
    from tco.bench import find, report
    from tco.bench.regress import difference
    from tco.errors import EXIT_NO

    sides = find.one(before, data)[0], find.one(after, data)[0]
    found = difference(*sides)
    report.show_diff(*sides, found, as_json=as_json)
    if fail_on_worse and found.is_worse:
        raise typer.Exit(EXIT_NO)
