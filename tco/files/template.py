"""The workload file ``tco init`` writes: what was asked is stated, what is assumed is shown with its range."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from tco.describe.record import Figure
from tco.describe.workload import Demand, Finance, Site, Tokens, Workload
from tco.errors import InvalidInputError, Problem, UnknownNameError
from tco.files.catalogue import Catalogue
from tco.files.checks import NO_SITE, benchmarks
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
    cached_frac: float = 0.0
    ttft: str = "1 s"
    itl: str = "50 ms"
    residency: str = ""
    country: str = ""
    floor: str = ""


def write(path: Path, answers: Answers, *, force: bool) -> None:
    """Write a workload file; refuses bad answers and, without ``force``, an existing file.

    Raises InvalidInputError or UnknownNameError; the file is complete or not there.
    """
    if path.exists() and not force:
        raise InvalidInputError([Problem(str(path), 0, 0, "", "exists; name another file, or add --force")])
    text = _text(answers, Catalogue(), str(path))
    validate(parse(text, str(path)), Workload)
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise InvalidInputError([Problem(str(path), 0, 0, "", f"cannot be written: {error.strerror}")]) from None


def _text(answers: Answers, catalogue: Catalogue, path: str) -> str:
    if answers.residency.strip() and not answers.country.strip():
        raise InvalidInputError([Problem(path, 0, 0, "--country", NO_SITE)])
    peak = (
        []
        if answers.interactive
        else ["  peak_to_mean: 1                     # busiest hour over the mean: an even load"]
    )
    shown = ("peak_to_mean", "growth") if answers.interactive else ("growth",)
    return TEXT.format(
        name=_quoted(answers.name), requests=_quoted(answers.requests),
        input_tok=answers.input_tok, cached=answers.cached_frac, output_tok=answers.output_tok,
        demand="\n".join([*peak, _assumed(Demand, *shown)]), tokens=_assumed(Tokens, "reasoning"),
        slo=_limits(answers) if answers.interactive else BATCH, rules=_rules(answers, catalogue, path),
        model=catalogue.model(answers.model).id,
        site="\n".join([*_place(answers.country.strip(), catalogue), _assumed(Site, *SITE)]),
        finance=_assumed(Finance, "life_months", "wacc_frac"),
    )  # fmt: skip


def _limits(answers: Answers) -> str:
    stated = {"ttft_p95": answers.ttft, "itl_p95": answers.itl}
    limits = ", ".join(f"{name}: {_quoted(text)}" for name, text in stated.items() if text.strip())
    return f"slo: {{{limits}}}   # a person waits"


def _rules(answers: Answers, catalogue: Catalogue, path: str) -> str:
    regions = [_quoted(name.lower()) for name in re.split(r"[,\s]+", answers.residency) if name]
    lines = (
        [f"constraints: {{residency: [{', '.join(regions)}]}}   # where data must be able to stay"] if regions else []
    )
    if answers.floor.strip():
        name, colon, score = answers.floor.strip().rpartition(":")
        known = benchmarks(catalogue)
        benchmark = name.strip().replace("-", "_").lower()
        try:
            least = float(score)
        except ValueError:
            colon = ""
        if not colon:
            message = f"got {answers.floor!r}; expected benchmark:score, such as gpqa-diamond:60"
            raise InvalidInputError([Problem(path, 0, 0, "--floor", message)])
        if benchmark not in known:
            raise UnknownNameError("benchmark", benchmark, known, "tco list quality")
        lines.append(f"quality: {{floor: {{{benchmark}: {least:g}}}}}   # without a known score a model does not pass")
    return "".join(f"{line}\n" for line in lines)


def _place(country: str, catalogue: Catalogue) -> list[str]:
    """Country and tariff of a site: the whole country's row where there is one, else what must still be stated."""
    default = "  # electricity: {country: US, region: US total, sector: commercial}   # or a price: 0.12 USD/kWh"
    if not country:
        unknown = "  # country: DE                       # where own machines stand, for residency and export rules"
        return ["# site:                               # take this # away as well", unknown, default]
    stated = f"site:\n  country: {_quoted(country.upper())}                       # where own machines stand"
    rows = [row for row in catalogue.tariffs if row.country.lower() == country.lower()]
    if not rows:
        return [
            stated,
            f"  # no tariff of {_quoted(country.upper())} is known: state a price; until then it is",
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
