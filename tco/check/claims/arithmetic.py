"""Safe arithmetic over named quantities: numbers and dimensions together, ranges by their ends."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product

from tco.check.claims.quantity import NONE, Dims, Quantity, combine, spell, unit

MAX_LENGTH = 400
MAX_NODES = 80
MAX_RANGES = 10
MAX_POWER = 4
ALLOWED = (ast.BinOp, ast.UnaryOp, ast.Name, ast.operator, ast.unaryop, ast.expr_context)
FUNCTIONS = ("min", "max", "unit", "trend")


@dataclass(frozen=True, slots=True)
class Value:
    """A number with dimensions."""

    number: float
    dims: Dims = NONE


@dataclass(frozen=True, slots=True)
class Computed:
    """What a formula gives over the ranges of its inputs."""

    low: float
    high: float
    dims: Dims


@lru_cache(maxsize=512)
def parse(text: str) -> ast.expr:
    """A formula of numbers, names, + - * / ** and min, max, unit('...'), trend(...); raises ValueError."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"got a formula of {len(text)} characters; expected at most {MAX_LENGTH}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"got {text[:60]!r}; expected arithmetic such as '(a - b) / c'") from None
    nodes = list(ast.walk(tree))
    if len(nodes) > MAX_NODES:
        raise ValueError(f"got a formula of {len(nodes)} parts; expected at most {MAX_NODES}")
    for node in nodes:
        _check(node, text)
    return tree


def _check(node: ast.AST, text: str) -> None:
    if isinstance(node, ast.Constant):
        is_fine = not isinstance(node.value, bool) and isinstance(node.value, int | float | str)
    elif isinstance(node, ast.Call):
        is_fine = isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords
    else:
        is_fine = isinstance(node, ALLOWED)
    if not is_fine:
        raise ValueError(f"got {text[:60]!r}; expected numbers, names, + - * / ** and {', '.join(FUNCTIONS)}")


def names(text: str) -> tuple[str, ...]:
    """The names a formula uses, in order."""
    found = (node.id for node in ast.walk(parse(text)) if isinstance(node, ast.Name) and node.id not in FUNCTIONS)
    return tuple(dict.fromkeys(found))


def is_trend(text: str) -> bool:
    """Whether a formula compares a series of values."""
    tree = parse(text)
    return isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "trend"


def trend(text: str, inputs: Mapping[str, Quantity]) -> tuple[str, tuple[float, ...]]:
    """Whether the arguments of ``trend(...)`` rise, fall, stay or do several of these; with the values."""
    tree = parse(text)
    assert isinstance(tree, ast.Call)
    held = {name: Value(given.middle, given.dims) for name, given in inputs.items()}
    values = tuple(_value(part, held).number for part in tree.args)
    steps = {(after > before) - (after < before) for before, after in pairwise(values)}
    word = {frozenset({1}): "rises", frozenset({-1}): "falls", frozenset({0}): "flat"}.get(frozenset(steps), "mixed")
    return word, values


def compute(text: str, inputs: Mapping[str, Quantity]) -> Computed:
    """A formula at every combination of the ends of its inputs; raises ValueError (dimensions, division by 0)."""
    tree = parse(text)
    used = names(text)
    missing = [name for name in used if name not in inputs]
    if missing:
        raise ValueError(f"the formula uses {', '.join(missing)}, which `from` does not give")
    ends = [{inputs[name].low, inputs[name].high} for name in used]
    if sum(len(pair) > 1 for pair in ends) > MAX_RANGES:
        raise ValueError(f"got more than {MAX_RANGES} ranges in one formula")
    found: list[Value] = []
    for corner in product(*(sorted(pair) for pair in ends)):
        held = {name: Value(number, inputs[name].dims) for name, number in zip(used, corner, strict=True)}
        found.append(_value(tree, held))
    numbers = [each.number for each in found]
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError("the formula leaves the range of numbers")
    return Computed(min(numbers), max(numbers), found[0].dims)


def _value(node: ast.AST, held: Mapping[str, Value]) -> Value:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Value(float(node.value))
    if isinstance(node, ast.Name) and node.id in held:
        return held[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = _value(node.operand, held)
        return Value(-inner.number if isinstance(node.op, ast.USub) else inner.number, inner.dims)
    if isinstance(node, ast.BinOp):
        return _binary(node, _value(node.left, held), _value(node.right, held))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
        return _call(node.func.id, node.args, held)
    raise ValueError("the formula is not arithmetic")


def _binary(node: ast.BinOp, left: Value, right: Value) -> Value:
    try:
        match node.op:
            case ast.Mult():
                return Value(left.number * right.number, combine(left.dims, right.dims))
            case ast.Div():
                return Value(left.number / right.number, combine(left.dims, right.dims, -1))
            case ast.Add() | ast.Sub():
                if left.dims != right.dims:
                    raise ValueError(f"the formula adds {spell(left.dims)} and {spell(right.dims)}")
                sign = 1.0 if isinstance(node.op, ast.Add) else -1.0
                return Value(left.number + sign * right.number, left.dims)
            case ast.Pow() if not right.dims and not left.dims and abs(right.number) <= MAX_POWER:
                return Value(float(left.number**right.number))
    except ZeroDivisionError:
        raise ValueError("the formula divides by 0") from None
    except (OverflowError, TypeError):
        raise ValueError("the formula leaves the range of numbers") from None
    raise ValueError("the formula uses an operator other than + - * / ** (plain numbers, powers up to 4)")


def _call(name: str, arguments: list[ast.expr], held: Mapping[str, Value]) -> Value:
    if name == "unit":
        first = arguments[0]
        if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
            raise ValueError("unit(...) takes a unit in quotes")
        return Value(*unit(first.value))
    parts = [_value(part, held) for part in arguments]
    if len({part.dims for part in parts}) > 1:
        raise ValueError(f"{name}(...) compares different dimensions")
    pick: Callable[[list[float]], float] = min if name == "min" else max
    return Value(pick([part.number for part in parts]), parts[0].dims)
