"""The workload file ``tco init`` writes: what was asked is stated, what is assumed is shown with its range."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from tco.describe.record import Figure
from tco.describe.workload import Demand, Finance, Site, Tokens, Workload
from tco.errors import InvalidInputError, Problem, UsageError
from tco.files import answers as readers
from tco.files.catalogue import Catalogue
from tco.files.marks import parse, validate

TEXT = """\
# What is asked of the model. Only name, demand and tokens are required. A line behind # is a default, with the range
# that moves the answer; take the # away and state your own.
name: {name}
demand:
  requests: {requests:<24}  # "900k /month", "2 /s", or a number a month
{demand}
tokens:
  input: {input_tok:<27}  # prompt tokens of a request
  cached_input_frac: {cached:<15g}  # share of the prompt that repeats and may be cached
  output: {output_tok:<26}  # tokens of the answer
{tokens}
{slo}
{rules}# What to compare. A tier left out, or `all`, is the whole catalogue of that tier.
candidates:
  models: [{model}]   # open models that machines may serve
{site}
finance:
  method: annuity                     # annuity, straight_line or npv
  redundancy: n+1                     # none, n+1, n+2
{finance}
"""
BATCH = "batch_frac: 1                         # nobody waits: batch prices and even load"
SITE = ("pue", "staff_fte", "usd_per_fte_month")
SECTORS = ("commercial", "non-household", "industrial", "residential")
WHOLE = ("US total", "national", "EU average")  # a country's own row, before those of its parts
T = TypeVar("T")
BAND = "IB"  # Eurostat's 20 to 499 MWh a year: from one 8-GPU server on


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What ``tco init`` asks; an empty text leaves the matter open."""

    name: str
    requests: str
    input_tok: int
    output_tok: int
    interactive: bool
    model: str
    cached_frac: float | str = 0.0
    ttft: str = "1 s"
    itl: str = "50 ms"
    residency: str = ""
    country: str = ""
    floor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """The answers that are written in another form than they are given."""

    cached_frac: float
    model: str
    residency: tuple[str, ...]
    country: str
    floor: tuple[str, float] | None


def check_free(path: Path, *, force: bool) -> None:
    """Raise InvalidInputError where a file exists that may not be overwritten: before the first question, not after."""
    if path.exists() and not force:
        raise InvalidInputError([Problem(str(path), 0, 0, "", "exists; name another file, or add --force")])


def write(path: Path, answers: Answers, *, force: bool) -> None:
    """Write a workload file; refuses bad answers and, without ``force``, an existing file.

    Raises InvalidInputError with every bad answer by the name of its option, and UsageError for a rule of
    residency without a place; the file is complete or not there.
    """
    check_free(path, force=force)
    catalogue = Catalogue()
    text = _text(answers, _read(answers, catalogue), catalogue)
    validate(parse(text, str(path)), Workload)
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise InvalidInputError([Problem(str(path), 0, 0, "", f"cannot be written: {error.strerror}")]) from None


def _read(answers: Answers, catalogue: Catalogue) -> _Read:
    problems: list[Problem] = []

    def read(option: str, reader: Callable[[], T]) -> T | None:
        try:
            return reader()
        except ValueError as error:
            problems.append(Problem(option, 0, 0, "", str(error)))
            return None

    read("--name", lambda: readers.name(answers.name))
    read("--requests", lambda: readers.requests(answers.requests))
    read("--input-tok", lambda: readers.input_tok(answers.input_tok))
    read("--output-tok", lambda: readers.output_tok(answers.output_tok))
    model = read("--model", lambda: readers.model(answers.model, catalogue))
    cached = read("--cached-frac", lambda: readers.cached_frac(answers.cached_frac))
    if answers.interactive:
        read("--ttft", lambda: readers.ttft(answers.ttft))
        read("--itl", lambda: readers.itl(answers.itl))
    residency = read("--residency", lambda: readers.residency(answers.residency))
    country = read("--country", lambda: readers.country(answers.country))
    floor = read("--floor", lambda: readers.floor(answers.floor, catalogue))
    if problems:
        raise InvalidInputError(problems)
    if residency and not country:
        raise UsageError("--residency needs --country, where own machines stand")
    return _Read(
        cached_frac=cached or 0.0, model=model or "", residency=residency or (), country=country or "", floor=floor
    )


def _text(answers: Answers, read: _Read, catalogue: Catalogue) -> str:
    peak = (
        []
        if answers.interactive
        else ["  peak_to_mean: 1                     # busiest hour over the mean: an even load"]
    )
    shown = ("peak_to_mean", "growth") if answers.interactive else ("growth",)
    return TEXT.format(
        name=_quoted(answers.name), requests=_quoted(answers.requests),
        input_tok=answers.input_tok, cached=read.cached_frac, output_tok=answers.output_tok,
        demand="\n".join([*peak, _assumed(Demand, *shown)]), tokens=_assumed(Tokens, "reasoning"),
        slo=_limits(answers) if answers.interactive else BATCH, rules=_rules(read), model=read.model,
        site="\n".join([*_place(read.country, catalogue), _assumed(Site, *SITE)]),
        finance=_assumed(Finance, "life_months", "wacc_frac"),
    )  # fmt: skip


def _limits(answers: Answers) -> str:
    stated = {"ttft_p95": answers.ttft, "itl_p95": answers.itl}
    limits = ", ".join(f"{name}: {_quoted(text)}" for name, text in stated.items() if text.strip())
    return f"slo: {{{limits}}}   # a person waits"


def _rules(read: _Read) -> str:
    lines = []
    if read.residency:
        regions = ", ".join(_quoted(name) for name in read.residency)
        lines.append(f"constraints: {{residency: [{regions}]}}   # where data must be able to stay")
    if read.floor:
        benchmark, least = read.floor
        lines.append(f"quality: {{floor: {{{benchmark}: {least:g}}}}}   # without a known score a model does not pass")
    return "".join(f"{line}\n" for line in lines)


def _place(country: str, catalogue: Catalogue) -> list[str]:
    """Country and tariff of a site: the whole country's row where there is one, else what must still be stated."""
    default = "  # electricity: {country: US, region: US total, sector: commercial}   # or a price: 0.12 USD/kWh"
    if not country:
        unknown = "  # country: DE                       # where own machines stand, for residency and export rules"
        return ["# site:                               # take this # away as well", unknown, default]
    stated = f"site:\n  country: {_quoted(country)}                       # where own machines stand"
    rows = [row for row in catalogue.tariffs if row.country.upper() == country]
    if not rows:
        return [
            stated,
            f"  # no tariff of {_quoted(country)} is known: state a price; until then it is",
            default,
        ]
    row = min(
        rows,
        key=lambda each: (each.region not in WHOLE, SECTORS.index(each.sector), each.band != BAND, each.region),
    )
    tariff = {"country": row.country, "region": row.region, "sector": row.sector, "band": row.band}
    inside = ", ".join(f"{key}: {_quoted(held)}" for key, held in tariff.items() if held)
    return [stated, f"  electricity: {{{inside}}}   # or a price: 0.12 USD/kWh"]


def _assumed(record_class: type[BaseModel], *names: str) -> str:
    """Defaults as lines behind #, each with its range and why."""
    return "\n".join(_default(record_class, name) for name in names)


def _default(record_class: type[BaseModel], name: str) -> str:
    figure = record_class.model_fields[name].default
    assert isinstance(figure, Figure)
    held = f"{figure.value:g}"
    if figure.low is not None:
        held = f"{{low: {figure.low:g}, base: {figure.value:g}, high: {figure.high:g}}}"
    return f"  # {name}: {held}   # {figure.unit}; {figure.source}"


def _quoted(text: str) -> str:
    """A double-quoted YAML scalar: JSON strings are a subset of them."""
    return json.dumps(text, ensure_ascii=False)
