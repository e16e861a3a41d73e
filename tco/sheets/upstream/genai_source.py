"""genai-prices' data file read as text: its Python literals as the mappings of its JSON export. Nothing is executed."""

from __future__ import annotations

import ast
from decimal import Decimal
from typing import Any

from tco.errors import MissingDataError
from tco.sheets.upstream.common import read_json

_SKIPPED = frozenset({"extractors", "description"})
_CLASSES = frozenset(
    [
        "Provider",
        "ModelInfo",
        "ModelPrice",
        "TieredPrices",
        "Tier",
        "ConditionalPrice",
        "PriceVariant",
        "StartDateConstraint",
        "TimeOfDateConstraint",
        "ClauseEquals",
        "ClauseOr",
        "ClauseAnd",
        "ClauseContains",
        "ClauseStartsWith",
        "ClauseEndsWith",
        "ClauseRegex",
    ]
)


def read(raw: bytes) -> list[Any]:
    """The providers of the wheel's ``data.py``, the JSON export, or the v2 feed."""
    if raw.lstrip()[:1] in (b"[", b"{", b"<", b""):
        document = read_json(raw, "genai-prices")
        providers = document.get("providers") if isinstance(document, dict) else document
    else:
        providers = _read_python(raw)
    if (
        not isinstance(providers, list)
        or not providers
        or not all(isinstance(part, dict) and "models" in part for part in providers)
    ):
        raise MissingDataError("genai-prices: no list of providers with models")
    return providers


def _read_python(raw: bytes) -> Any:
    try:
        tree = ast.parse(raw)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise MissingDataError(f"genai-prices: neither JSON nor a data module ({error})") from None
    for node in tree.body:
        if not isinstance(node, ast.AnnAssign) or node.value is None:
            continue
        if isinstance(node.target, ast.Name) and node.target.id == "providers":
            return _value(node.value)
    raise MissingDataError("genai-prices: the module has no list `providers`")


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.List):
        return [_value(part) for part in node.elts]
    if isinstance(node, ast.Dict):
        return {_value(key): _value(part) for key, part in zip(node.keys, node.values, strict=True) if key is not None}
    if isinstance(node, ast.Call):
        return _call(node)
    raise MissingDataError(f"genai-prices: unexpected {type(node).__name__} in line {node.lineno} of the data module")


def _call(node: ast.Call) -> Any:
    name = (
        node.func.attr
        if isinstance(node.func, ast.Attribute)
        else node.func.id
        if isinstance(node.func, ast.Name)
        else ""
    )
    if name == "Decimal":
        return Decimal(str(_value(node.args[0])))
    if name == "date":
        year, month, day = (_value(part) for part in node.args)
        return f"{year:04d}-{month:02d}-{day:02d}"
    if name == "time":
        hour, minute, *_ = [*(_value(part) for part in node.args), 0, 0]
        return f"{hour:02d}:{minute:02d}:00+00:00"
    if name not in _CLASSES:
        raise MissingDataError(
            f"genai-prices: unexpected call of {name or 'something'} in line {node.lineno} of the data module"
        )
    return {str(part.arg).rstrip("_"): _value(part.value) for part in node.keywords if part.arg not in _SKIPPED}
