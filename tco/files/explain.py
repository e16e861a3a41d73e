"""What a schema error means to the person who wrote the file: what was found, what to write instead."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tco.describe.record import Unit

Loc = tuple[str | int, ...]

MAX_SHOWN = 40
MAX_FINDINGS = 1000

_PLAIN: dict[Any, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Decimal: "a number",
    date: "a date such as 2026-11-22",
    datetime: "a time such as 2026-11-22T12:00:00Z",
    type(None): "null",
}
_BOUNDS = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least {min_length} entries",
    "too_long": "at most {max_length} entries",
    "union_tag_invalid": "one of: {expected_tags}",
}
_MISFITS = ("literal_error", "int_from_float", "is_instance_of", "int_parsing", "float_parsing", "bool_parsing")
_NAME = "^[a-z0-9][a-z0-9._/-]*$"


class Finding(NamedTuple):
    """One schema error: where in the data, whether a key is ``missing`` or ``unknown``, and the message."""

    loc: Loc
    kind: Literal["missing", "unknown", "value"]
    message: str


class _Error(NamedTuple):
    loc: Loc
    tags: tuple[tuple[Loc, str], ...]
    detail: ErrorDetails


def findings(error: ValidationError, record_class: type[BaseModel], data: Any) -> list[Finding]:
    """What each schema error says, one a place, located in ``data`` as it was written."""
    details = error.errors(include_url=False)
    n_errors, details = len(details), details[:MAX_FINDINGS]
    found: dict[tuple[Loc, str], Finding] = {}
    for located in _chosen([_located(detail, data) for detail in details]):
        finding = _finding(located, record_class)
        found.setdefault((finding.loc, finding.message), finding)
    if n_errors > MAX_FINDINGS:
        more = f"got {n_errors:,} values that do not fit; the first {MAX_FINDINGS:,} are listed"
        found[(), more] = Finding((), "missing", more)
    return list(found.values())


def dotted(loc: Loc) -> str:
    """A path as a person writes it: ``rates[0].usd_per_mtok.input``."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def meant(name: str, names: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for the nearest of ``names``, or nothing."""
    near = get_close_matches(name.lower(), list(names), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ";"


def describe(annotation: Any) -> str:
    """What an annotation accepts, in words: "a number in USD/h", "one of: api, self_hosted"."""
    if isinstance(annotation, type) and annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        unit = next((part for part in arguments[1:] if isinstance(part, Unit)), None)
        return f"a number in {unit.name}" if unit else describe(arguments[0])
    if origin in (Union, types.UnionType):
        parts = [describe(part) for part in arguments if part is not type(None)]
        return " or ".join(dict.fromkeys(parts))
    if origin is Literal:
        return "one of: " + ", ".join(str(word) for word in arguments)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "a mapping with " + ", ".join(_required(annotation) or list(annotation.model_fields)[:6])
    held = origin or annotation
    if isinstance(held, type) and issubclass(held, Mapping):
        return "a mapping"
    return "a list" if isinstance(held, type) and issubclass(held, Sequence) else "another value"


def annotation_of(record_class: type[BaseModel], name: str) -> Any:
    """Annotation of a field with its metadata put back, or None when there is no such field."""
    field = next((info for key, info in record_class.model_fields.items() if name in (key, info.alias)), None)
    if field is None:
        return None
    kept = tuple(part for part in field.metadata if isinstance(part, Unit))
    return Annotated[(field.annotation, *kept)] if kept else field.annotation


def shown(value: Any) -> str:
    """A value as the file has it, short: ``'x' (text)``, ``1.5``, ``true``, ``a list``."""
    if isinstance(value, str):
        return f"{value if len(value) <= MAX_SHOWN else value[: MAX_SHOWN - 3] + '...'!r} (text)"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, tuple | list) else str(value)[:MAX_SHOWN]


def _located(detail: ErrorDetails, data: Any) -> _Error:
    loc: Loc = ()
    tags: list[tuple[Loc, str]] = []
    parts = [part for part in detail["loc"] if part != "[key]"]
    for index, part in enumerate(parts):
        last_missing = detail["type"] == "missing" and index == len(parts) - 1
        if isinstance(data, dict) and (part in data or last_missing):
            data = data.get(part)
        elif isinstance(data, tuple) and isinstance(part, int) and (part < len(data) or last_missing):
            data = None if last_missing else data[part]
        else:
            tags.append((loc, str(part)))
            continue
        loc = (*loc, part)
    return _Error(loc, tuple(tags), detail)


def _chosen(errors: list[_Error]) -> Iterator[_Error]:
    """Of a union, only the errors of the member that was most likely meant."""
    branches: dict[Loc, dict[str, list[_Error]]] = {}
    for error in errors:
        if error.tags:
            at, tag = error.tags[0]
            branches.setdefault(at, {}).setdefault(tag, []).append(error)
    kept: dict[Loc, str] = {}
    for at, members in branches.items():
        fitting = {tag: part for tag, part in members.items() if not all(_misfit(one, at) for one in part)}
        if fitting:
            kept[at] = min(fitting, key=lambda tag: len(fitting[tag]))
    for error in errors:
        if not error.tags or kept.get(error.tags[0][0], error.tags[0][1]) == error.tags[0][1]:
            yield error


def _misfit(error: _Error, at: Loc) -> bool:
    return error.loc == at and _is_misfit(error.detail["type"])


def _is_misfit(kind: str) -> bool:
    return kind.endswith("_type") or kind in _MISFITS


def _finding(error: _Error, record_class: type[BaseModel]) -> Finding:
    kind, loc, detail = error.detail["type"], error.loc, error.detail
    of_key = "[key]" in detail["loc"]
    if kind == "missing":
        return Finding(loc, "missing", f"missing; expected {_expected(record_class, loc, error) or 'a value'}")
    if kind == "extra_forbidden" or (of_key and kind == "literal_error"):
        names = _names(record_class, loc, error)
        message = (
            f"unknown key{meant(str(loc[-1]), names)} expected one of: {', '.join(names)}" if names else "unknown key"
        )
        return Finding(loc, "unknown", message)
    return Finding(loc, "unknown" if of_key else "value", _value_message(error, record_class))


def _value_message(error: _Error, record_class: type[BaseModel]) -> str:
    kind, detail = error.detail["type"], error.detail
    got, context = detail["input"], detail.get("ctx", {})
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", detail["msg"]))
    if kind == "finite_number" or (_is_misfit(kind) and _not_finite(got)):
        expected = _expected(record_class, error.loc, error)
        if "number" in expected or kind == "finite_number":
            return f"got {'NaN' if 'nan' in str(got).lower() else shown(got)}; expected a finite number"
    if kind in _BOUNDS:
        return f"got {shown(got)}; expected {_BOUNDS[kind].format(**context)}"
    if kind == "string_too_short":
        return f"got {got!r}; expected text" + (
            " that is not empty" if not got else f" of at least {context['min_length']} characters"
        )
    if kind == "string_pattern_mismatch":
        wanted = (
            "an id in lower case such as h100-sxm" if context["pattern"] == _NAME else f"text like {context['pattern']}"
        )
        return f"got {shown(got)}; expected {wanted}"
    expected = _expected(record_class, error.loc, error) if _is_misfit(kind) else ""
    guess = (
        meant(got, expected.removeprefix("one of: ").split(", "))
        if kind == "literal_error" and isinstance(got, str)
        else ";"
    )
    words = detail["msg"].removeprefix("Input should be ")
    return f"got {shown(got)}{guess} expected {expected or words[:1].lower() + words[1:]}"


def _not_finite(got: object) -> bool:
    return isinstance(got, str) and got.lower().lstrip("+-.") in ("nan", "inf", "infinity")


def _expected(record_class: type[BaseModel], loc: Loc, error: _Error) -> str:
    parts = [describe(part) for part in _annotations(record_class, loc, {tag for _, tag in error.tags})]
    return " or ".join(part for part in dict.fromkeys(parts) if part != "another value")


def _names(record_class: type[BaseModel], loc: Loc, error: _Error) -> list[str]:
    names: list[str] = []
    for annotation in _annotations(record_class, loc[:-1], {tag for _, tag in error.tags}):
        for part in members(annotation):
            if isinstance(part, type) and issubclass(part, BaseModel):
                names += [info.alias or key for key, info in part.model_fields.items()]
            elif get_origin(part) is dict and get_origin(get_args(part)[0]) is Literal:
                names += [str(word) for word in get_args(get_args(part)[0])]
    return list(dict.fromkeys(names))


def _annotations(record_class: type[BaseModel], loc: Loc, tags: set[str]) -> list[Any]:
    """Annotations that may hold at ``loc``; of a union of records only those pydantic named in ``tags``."""
    held: list[Any] = [record_class]
    for part in loc:
        options = [member for annotation in held for member in members(annotation)]
        named = [member for member in options if getattr(member, "__name__", "") in tags]
        held = [inner for member in named or options for inner in _inside(member, part)]
    return held


def members(annotation: Any) -> list[Any]:
    """The alternatives of a union, without what annotates them; of any other annotation itself."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return members(arguments[0])
    if origin in (Union, types.UnionType):
        return [member for part in arguments for member in members(part)]
    return [annotation]


def _inside(annotation: Any, part: str | int) -> list[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        inner = annotation_of(annotation, str(part))
        return [] if inner is None else [inner]
    if not arguments or not isinstance(origin, type):
        return []
    if issubclass(origin, Mapping):
        return [arguments[1]]
    if issubclass(origin, tuple) and isinstance(part, int) and arguments[-1] is not Ellipsis:
        return [arguments[part]] if part < len(arguments) else []
    return [arguments[0]] if issubclass(origin, Iterable) else []


def _required(record_class: type[BaseModel]) -> list[str]:
    return [info.alias or key for key, info in record_class.model_fields.items() if info.is_required()]
