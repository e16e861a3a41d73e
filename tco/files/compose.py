"""From YAML text to nodes and from nodes to plain data, by strict rules and within limits.

The C parser makes the nodes, about 2 us each; their marks are read only when something is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tco.errors import InvalidInputError, Problem
from tco.files.scalars import scalar

MAX_DEPTH = 50
MAX_NODES = 200_000

Path = tuple[str | int, ...]

_ALREADY_OPEN = (-1, -1)
_HINTS = {
    "found character that cannot start any token": "indent with spaces, not tabs; quote text that starts with @ or `",
    "mapping values are not allowed in this context": "check the indentation, and quote text that holds ': '",
    "could not find expected ':'": "write each entry as 'key: value'",
    "did not find expected key": "check the indentation and the brackets",
    "did not find expected '-' indicator": "check the indentation of the list",
    "did not find expected ',' or ']'": "close the list with ]",
    "did not find expected ',' or '}'": "close the mapping with }",
    "found unexpected end of stream": "close the quotes",
    "found undefined alias": "define the anchor with & before using it",
}


class _Parser(CParser):
    """The C parser with limits on depth and size, and without PyYAML's YAML 1.1 guesses at types."""

    depth = 0
    n_nodes = 0
    max_nodes = MAX_NODES

    def descend_resolver(self, parent: Node | None, _index: object) -> None:
        self.depth += 1
        self.n_nodes += 1
        if self.depth > MAX_DEPTH + 1:
            raise _limit(f"nested deeper than {MAX_DEPTH} levels; flatten it", parent)
        if self.n_nodes > self.max_nodes:
            raise _limit(f"more than {self.max_nodes:,} values; split the file", parent)

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def resolve(self, _kind: type[Node], _value: object, _implicit: object) -> str:
        return ""


def compose(text: str, path: str, max_nodes: int = MAX_NODES) -> tuple[MappingNode, list[Problem]]:
    """Root node of the first document, and the problem that there is a second one.

    Raises InvalidInputError where no mapping can be composed or aliases expand past the limits.
    """
    problems: list[Problem] = []
    try:
        parser = _Parser(text)
        parser.max_nodes = max_nodes
        try:
            root = parser.get_node() if parser.check_node() else None
            if root is not None and parser.check_node():
                second = parser.get_node()
                line = second.start_mark.line + 1 if second else 0
                problems.append(
                    Problem(path, line, 1, "", "got a second document; expected one; put it in its own file")
                )
        finally:
            parser.dispose()
    except yaml.YAMLError as error:
        raise InvalidInputError([_syntax_problem(error, path)]) from None
    if root is None:
        raise InvalidInputError([Problem(path, 0, 0, "", "file holds no values; expected keys and values")])
    if not isinstance(root, MappingNode):
        line, column = mark(root)
        message = f"got {_kind(root)} at the top level; expected keys and values, such as 'name: chat'"
        raise InvalidInputError([Problem(path, line, column, "", message)])
    if "*" in text and "&" in text:
        _check_aliases(root, path)
    return root, problems


def mark(node: Node) -> tuple[int, int]:
    """Line and column, both from 1, where a node starts."""
    return node.start_mark.line + 1, node.start_mark.column + 1


class Builder:
    """Turns nodes into dicts, tuples and scalars; what is wrong is kept with its node, not raised."""

    def __init__(self) -> None:
        self.wrong: list[tuple[Node, str]] = []

    def value(self, node: Node) -> Any:
        """Plain data of a node; None in place of a scalar that cannot be read."""
        if node.tag:
            shown = str(node.tag).replace("tag:yaml.org,2002:", "!!")
            self.wrong.append((node, f"got tag {shown}; expected a plain value; remove the tag"))
        if isinstance(node, ScalarNode):
            if node.style:
                return node.value
            try:
                return scalar(node.value)
            except ValueError as error:
                self.wrong.append((node, str(error)))
                return None
        if isinstance(node, MappingNode):
            return self._mapping(node)
        return tuple([self.value(child) for child in node.value])

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        built: dict[str, Any] = {}
        merges: list[tuple[Node, Node]] = []
        firsts: dict[str, int] = {}
        for key_node, value_node in node.value:
            name = self._key(key_node)
            if name == "<<" and not key_node.style:
                merges.append((key_node, value_node))
            elif name is None:
                self.value(value_node)
            elif name in built:
                firsts = firsts or {
                    key.value: mark(key)[0] for key, _ in reversed(node.value) if isinstance(key, ScalarNode)
                }
                message = f"duplicate key; the first is on line {firsts[name]}; keep one of them"
                self.wrong.append((key_node, message))
            else:
                built[name] = self.value(value_node)
        return self._merged(built, merges) if merges else built

    def _key(self, node: Node) -> str | None:
        if not isinstance(node, ScalarNode):
            self.wrong.append((node, f"got {_kind(node)} as a key; expected text"))
            return None
        if node.tag:
            self.value(node)
        text: str = node.value
        if node.style or (text and text[0].isalpha() and text not in ("true", "false", "null")):
            return text
        try:
            plain = isinstance(scalar(text), str)
        except ValueError:
            plain = False
        if not plain:
            self.wrong.append((node, f"got key {text or 'null'}; expected text; write it in quotes"))
        return text

    def _merged(self, built: dict[str, Any], merges: list[tuple[Node, Node]]) -> dict[str, Any]:
        for extra, _ in merges[1:]:
            self.wrong.append((extra, "duplicate key; write one '<<' with a list of aliases"))
        for _, value_node in merges:
            for source in merge_sources(value_node):
                held = self.value(source)
                if isinstance(held, dict):
                    built = {**held, **built}
                else:
                    self.wrong.append((source, f"got {_kind(source)} to merge; expected an alias to a mapping"))
        return built


def merge_sources(node: Node) -> list[Node]:
    """Nodes that a merge key names, the one that wins first."""
    return list(node.value) if isinstance(node, SequenceNode) else [node]


def entries(node: Node) -> Iterator[tuple[str | int, Node | None, Node]]:
    """Children of a node as (key or index, key node, value node); own keys come before merged ones."""
    if isinstance(node, SequenceNode):
        yield from ((index, None, child) for index, child in enumerate(node.value))
    elif isinstance(node, MappingNode):
        merged: list[Node] = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                continue
            if key_node.value == "<<" and not key_node.style:
                merged += merge_sources(value_node)
            else:
                yield key_node.value, key_node, value_node
        for source in merged:
            if isinstance(source, MappingNode):
                yield from entries(source)


def _check_aliases(root: Node, path: str) -> None:
    sizes: dict[int, tuple[int, int]] = {}

    def measure(node: Node) -> tuple[int, int]:
        if isinstance(node, ScalarNode):
            return 1, 0
        known = sizes.get(id(node))
        if known is not None:
            return known
        sizes[id(node)] = _ALREADY_OPEN
        children = node.value if isinstance(node, SequenceNode) else [part for pair in node.value for part in pair]
        n_nodes, depth = 1, 0
        for child in children:
            n_child, child_depth = measure(child)
            if n_child < 0:
                fail(node, "got an alias to a value that holds it; expected an alias to something finished")
            n_nodes += n_child
            depth = max(depth, child_depth)
        if n_nodes > MAX_NODES:
            fail(node, f"aliases expand to more than {MAX_NODES:,} values; write less or split the file")
        if depth >= MAX_DEPTH:
            fail(node, f"aliases nest deeper than {MAX_DEPTH} levels; flatten it")
        sizes[id(node)] = n_nodes, depth + 1
        return sizes[id(node)]

    def fail(node: Node, message: str) -> None:
        raise InvalidInputError([Problem(path, *mark(node), "", message)])

    measure(root)


def _syntax_problem(error: yaml.YAMLError, path: str) -> Problem:
    if not isinstance(error, yaml.MarkedYAMLError):
        reason = str(getattr(error, "reason", error)).partition("\n")[0] or "cannot be read"
        return Problem(path, 0, 0, "", f"not valid YAML: {reason}")
    at = error.problem_mark or error.context_mark
    line, column = (at.line + 1, at.column + 1) if at else (0, 0)
    words = str(error.problem or error.context or "cannot be read")
    if isinstance(error, _LimitError):
        return Problem(path, line, column, "", words)
    if words == "second occurrence" and error.context_mark:
        first = f"the first is on line {error.context_mark.line + 1}"
        return Problem(path, line, column, "", f"duplicate anchor; {first}; rename one of them")
    hint = next((hint for start, hint in _HINTS.items() if words.startswith(start)), "")
    opened = error.context_mark if error.problem_mark else None
    since = f" ({error.context}, from line {opened.line + 1})" if opened and opened.line + 1 != line else ""
    return Problem(path, line, column, "", f"not valid YAML: {words}{since}" + (f"; {hint}" if hint else ""))


class _LimitError(yaml.MarkedYAMLError):
    """A document past a limit of this reader, not of YAML."""


def _limit(message: str, node: Node | None) -> _LimitError:
    return _LimitError(problem=message, problem_mark=node.start_mark if node else None)


def _kind(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, SequenceNode) else f"{node.value[:40]!r}"
