"""Answers of ``tco init``, each read as the workload file would read it, before anything is written.

Every reader raises ValueError with what was found and what is expected, without saying where.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ValidationError

from tco.describe.record import Unit, parse_number
from tco.describe.workload import Constraints, Demand, Site, Slo, Workload
from tco.errors import UnknownNameError, unknown_name
from tco.files.catalogue import Catalogue
from tco.files.checks import benchmarks
from tco.files.explain import findings
from tco.files.quantities import is_bare, quantity

_LEAST: dict[str, Any] = {"name": "unnamed", "demand": {"requests": 1}, "tokens": {"input": 1, "output": 1}}
FRAC = Unit("frac", ge=0, le=1)
RATES = "/s, /min, /h, /day, /week, /month, /year"


def name(text: str) -> str:
    """Any text that is not empty."""
    _field(Workload, "name", text, _LEAST)
    return text


def requests(text: str) -> str:
    """A rate of requests, such as ``1.2M per month``; a bare number could be one of any time."""
    if is_bare(text):
        raise ValueError(f"got {text!r}, a number without a unit; add one of: {RATES}")
    _field(Demand, "requests", text)
    return text


def input_tok(text: str | int) -> int:
    """A whole number of prompt tokens, 0 or more."""
    return _whole(text, 0)


def output_tok(text: str | int) -> int:
    """A whole number of generated tokens, 1 or more."""
    return _whole(text, 1)


def model(text: str, catalogue: Catalogue) -> str:
    """The id of a model by its id or alias."""
    try:
        return catalogue.model(text).id
    except UnknownNameError as error:
        raise ValueError(str(error)) from None


def cached_frac(text: str | float) -> float:
    """A share: ``0.6`` or ``60%``."""
    return quantity(str(text), FRAC).value


def ttft(text: str) -> str:
    """A time to the first token; empty for none."""
    return _limit("ttft_p95", text)


def itl(text: str) -> str:
    """A time between two tokens; empty for none."""
    return _limit("itl_p95", text)


def residency(text: str) -> tuple[str, ...]:
    """Regions, with commas or spaces between them, in lower case; none for anywhere."""
    regions = tuple(part.lower() for part in re.split(r"[,\s]+", text) if part)
    _field(Constraints, "residency", regions)
    return regions


def country(text: str) -> str:
    """Two letters, in upper case; empty where it is not known."""
    code = text.strip().upper()
    if code:
        _field(Site, "country", code)
    return code


def some_country(text: str) -> str:
    """Two letters, where a rule of residency needs a place."""
    code = country(text)
    if not code:
        raise ValueError("expected two letters: residency needs the country where own machines stand")
    return code


def floor(text: str, catalogue: Catalogue) -> tuple[str, float] | None:
    """Benchmark and lowest score of ``gpqa-diamond:60``; None for an empty text."""
    if not text.strip():
        return None
    stated, _, score = text.strip().rpartition(":")
    benchmark, known = stated.strip().replace("-", "_").lower(), benchmarks(catalogue)
    try:
        least = parse_number(score)
    except ValueError:
        benchmark = ""
    if not benchmark:
        raise ValueError(f"got {text!r}; expected benchmark:score, such as gpqa-diamond:60")
    if benchmark not in known:
        raise ValueError(unknown_name("benchmark", benchmark, known, "tco list quality"))
    return benchmark, least


def _limit(field: str, text: str) -> str:
    if is_bare(text):
        raise ValueError(f"got {text!r}, a number without a unit; expected such as '1 s' or '50 ms'")
    if text.strip():
        _field(Slo, field, text)
    return text.strip()


def _whole(text: str | int, least: int) -> int:
    found = quantity(str(text), Unit("tok", ge=least)).value
    if not found.is_integer():
        raise ValueError(f"got {text!r}; expected a whole number of tokens")
    return int(found)


def _field(record_class: type[BaseModel], field: str, held: Any, rest: dict[str, Any] | None = None) -> BaseModel:
    """A record with one field as stated; raises ValueError with what is wrong with that field."""
    stated = {**(rest or {}), field: held}
    try:
        return record_class.model_validate(stated)
    except ValidationError as error:
        raise ValueError(findings(error, record_class, stated)[0].message) from None
