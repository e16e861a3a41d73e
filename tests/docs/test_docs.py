"""The documentation is true: its commands run and print what it shows, its links resolve, its lists are complete."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import typer.main
from pydantic import BaseModel

from tco.cli.main import app
from tco.cost import machine, option
from tco.decide import versus
from tco.describe import workload
from tco.describe.record import Figure, Unit
from tco.describe.scenario import STALE_AFTER_DAYS
from tco.files.catalogue import Catalogue
from tco.files.policy import MAX_RENTAL_AGE_DAYS
from tco.perform import capacity, constants, memory, points, solve
from tco.units import MULTIPLIERS, UNITS
from tests.docs.blocks import FENCE, PAGES, ROOT, refreshed, run, setting, steps

SETUP_AND_COMPARE = (
    "python3.11 -m venv .venv && .venv/bin/pip install --quiet . && .venv/bin/tco compare workloads/startup-chat.yaml"
)
SETUP_AND_TEST = "python3.11 -m venv .venv && .venv/bin/pip install --quiet -e '.[dev]' && .venv/bin/pytest"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
DOCS = ROOT / "docs"


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_run_and_print_what_is_shown(page: Path, tmp_path: Path, update_golden: bool) -> None:
    if update_golden:
        page.write_text(refreshed(page), encoding="utf-8")
    for step in steps(page, setting(tmp_path)):
        assert step.ran.code == step.wanted_code, f"`{step.command}`: {step.ran.stdout[-2000:]}{step.ran.stderr}"
        if step.shown:
            assert step.now == step.shown, (
                f"`{step.command}` prints another text; `pytest tests/docs --update-golden` accepts"
            )


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_resolve(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{named(page)}: no file {target}"
        if anchor:
            assert anchor in anchors(found), f"{named(page)}: no heading {target}"


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# Commands that are not finished, and so not documented; nothing may stay here in a release.
def options(command: Any, name: str) -> Iterator[tuple[str, str]]:
    """Every option of a command and of those below it, with the command's name."""
    for parameter in command.params:
        yield from ((name, word) for word in parameter.opts if word.startswith("--") and word != "--help")
    for part, below in getattr(command, "commands", {}).items():
        yield from options(below, f"{name} {part}")


def test_commands_page_lists_every_command_and_option() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    shared, *sections = re.split(r"^## (?=tco )", text, flags=re.MULTILINE)
    by_command = {section.partition("\n")[0]: section for section in sections}
    for command, word in options(typer.main.get_command(app), "tco"):
        section = next((held for title, held in by_command.items() if f"{title} ".startswith(f"{command} ")), "")
        assert section or command == "tco", f"docs/commands.md: no section {command}"
        assert f"`{word}" in shared + section, f"docs/commands.md: no {word} of {command}"


@pytest.mark.parametrize("command", [SETUP_AND_COMPARE, SETUP_AND_TEST])
def test_readme_gives_the_two_setup_commands(command: str) -> None:
    assert command in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


def test_examples_of_the_data_page_are_valid_data(tmp_path: Path) -> None:
    assert list(steps(DOCS / "data.md", tmp_path))
    shown = Catalogue(tmp_path / "example")
    assert shown.hardware("example-gpu").memory_gb
    assert shown.model("example-8b").shape
    assert any(offer.model == "example-large" for offer in shown.offers)
    for table in ("rentals", "tariffs", "fx", "throughput", "scores"):
        assert getattr(shown, table)[0].source == "https://…"


def test_every_page_is_reached_from_the_index() -> None:
    targets = LINK.findall((DOCS / "index.md").read_text(encoding="utf-8"))
    reached = {(DOCS / target.partition("#")[0]).resolve() for target in targets}
    assert {page for page in PAGES if page.is_relative_to(DOCS) and page.name != "index.md"} <= reached


def test_units_page_lists_every_unit() -> None:
    rows = table_rows(DOCS / "units.md")
    for text, (canonical, factor) in UNITS.items():
        assert [f"`{text}`", f"`{canonical}`", f"{factor:.10g}"] in rows, f"docs/units.md: no row of {text}"
    for letter, factor in MULTIPLIERS.items():
        assert [f"`{letter}`", f"{factor:.10g}"] in rows, f"docs/units.md: no row of multiplier {letter}"


def table_rows(page: Path) -> list[list[str]]:
    lines = page.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def records(record_class: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield record_class
    for info in record_class.model_fields.values():
        for part in parts(info.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel) and part is not Figure:
                yield from records(part)


def parts(annotation: Any) -> Iterator[Any]:
    """Types and metadata inside an annotation."""
    yield annotation
    if get_origin(annotation) is not None or isinstance(annotation, types.UnionType):
        for part in (*get_args(annotation), *getattr(annotation, "__metadata__", ())):
            yield from parts(part)


def shown_default(value: Any) -> str:
    if isinstance(value, Figure):
        return f"{value.value:g}" + (f" ({value.low:g} to {value.high:g})" if value.low is not None else "")
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value in (None, (), {}, "") else str(value)


RECORDS = {each.__name__: each for each in records(workload.Workload)}


@pytest.mark.parametrize("record_class", RECORDS.values(), ids=RECORDS)
def test_workload_page_lists_every_key(record_class: type[BaseModel]) -> None:
    text = (DOCS / "workload.md").read_text(encoding="utf-8")
    section = text.partition(f"<!-- record: {record_class.__name__} -->")[2].partition("<!-- record: ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    found = {cells[0].strip().strip("`"): [cell.strip() for cell in cells] for cells in rows}
    for name, info in record_class.model_fields.items():
        assert name in found, f"docs/workload.md: no row of {record_class.__name__}.{name}"
        is_section = isinstance(info.default, BaseModel) and not isinstance(info.default, Figure)
        wanted = "required" if info.is_required() else shown_default(info.default)
        assert is_section or found[name][2] == wanted, f"docs/workload.md: default of {record_class.__name__}.{name}"
        units = [part.name for part in parts(info.annotation) if isinstance(part, Unit)]
        units += [part.name for part in info.metadata if isinstance(part, Unit)]
        if units:
            assert found[name][1] == f"`{units[0]}`", f"docs/workload.md: unit of {record_class.__name__}.{name}"


def test_method_names_only_functions_that_exist() -> None:
    text = (DOCS / "method.md").read_text(encoding="utf-8")
    found = re.findall(r"`tco/([\w/]+)\.py`: ((?:`\w+`(?:,\s+)?)+)", text)
    assert len(found) == text.count("`tco/")
    for module, names in found:
        source = (ROOT / "tco" / f"{module}.py").read_text(encoding="utf-8")
        for name in re.findall(r"\w+", names):
            defined = rf"^\s*(def|class) {name}\b|^{name}\b"
            assert re.search(defined, source, re.MULTILINE), f"docs/method.md: {module} has no {name}"


def test_method_and_data_quote_the_constants_of_the_code() -> None:
    method = (DOCS / "method.md").read_text(encoding="utf-8")
    data = (DOCS / "data.md").read_text(encoding="utf-8")
    assert f"Up to {option.MAX_STEPS:,} steps" in method
    assert f"from 1/{1 / versus.SEARCH_BELOW:,.0f} to {versus.SEARCH_ABOVE:,.0f} times" in method
    for low, high in (points.MEASURED_BAND, capacity.STATED_BAND, constants.BAND_FITTED, constants.BAND_PRIOR):
        assert re.search(rf"{low:.2f}\s+to\s+{high:.2f}", method)
    assert f"Reserve `r` is {memory.RESERVE_FRAC:.0%}" in method
    assert f"or {memory.SHARED_RESERVE_FRAC:.0%} where" in method
    assert f"below {solve.MAX_BUSY_FRAC:.0%} of saturation" in method
    assert f"a factor of {points.LENGTH_FACTOR:g} of" in method
    assert f"at {machine.BYTES_PER_TOK:g} bytes" in (DOCS / "workload.md").read_text(encoding="utf-8")
    assert f"| rent | {MAX_RENTAL_AGE_DAYS} days" in data
    assert f"| {STALE_AFTER_DAYS['price']} days since" in data
    assert f"| purchase price | {STALE_AFTER_DAYS['hardware']} days" in data


RECORDED = {
    "compare": "tco compare startup-chat --draws 0 --json",
    "explain": "tco explain startup-chat haiku-4.5 --json",
    "breakeven": "tco breakeven startup-chat --own own:rtx-4090 --versus haiku-4.5 --solve-for price --json",
    "prices cost": "tco prices cost claude-haiku-4.5 --provider anthropic --input 1000 --output 100 --json",
    "list": "tco list workloads --json",
    "show": "tco show models qwen3-8b --json",
    "check": "tco check workloads/startup-chat.yaml --as-of 2026-11-22 --json",
}


@pytest.mark.parametrize("command", RECORDED)
def test_commands_page_names_the_keys_of_each_record(command: str, tmp_path: Path) -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    section = FENCE.sub("", text.partition(f"## tco {command}")[2].partition("\n## ")[0])
    record = json.loads(run(RECORDED[command], tmp_path).stdout)
    assert f"`{record.pop('schema')}`" in section
    wanted = set(record)
    if command == "compare":
        wanted |= {*record["options"][0], *record["breakeven"][0], *record["verdict"], *record["provenance"]}
        wanted |= {*record["options"][0]["ledger"][0], *record["assumptions"][0]}
    known = {word.removesuffix("[]") for word in re.findall(r"`([^`]+)`", section)}
    assert wanted <= known
