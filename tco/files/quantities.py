"""Quantities as a person types them on the command line: bare numbers, or the text a workload file would hold."""

from __future__ import annotations

import re

from tco.describe.record import Figure, Unit, parse_number

_BARE = re.compile(r"[-+]?[\d_.,]+(?:[eE][-+]?\d+)?")


def is_bare(text: str) -> bool:
    """Whether a text is a number without a unit."""
    return _BARE.fullmatch(text.strip()) is not None


def quantity(text: str, unit: Unit) -> Figure:
    """The figure of ``0.65``, in the unit, or of ``65%``; raises ValueError with what was found and is expected."""
    try:
        held = parse_number(text.strip()) if is_bare(text) else text
    except ValueError:
        raise ValueError(f"got {text!r}; expected a number in {unit.name}") from None
    return unit.bounded(Figure.model_validate(unit.read(held)))
