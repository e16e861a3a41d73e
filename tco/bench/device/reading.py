"""A value, or the reason why there is none. Unsupported is not zero."""

from __future__ import annotations

from typing import TypeAlias, TypeVar

from tco.describe.profile import NotMeasured

T = TypeVar("T")
Reading: TypeAlias = T | NotMeasured


def missing(reason: str) -> NotMeasured:
    """No value, and why."""
    return NotMeasured(not_measured=reason)


def known(reading: T | NotMeasured) -> T | None:
    """The value, or None for places that have their own way to say that it is missing."""
    return None if isinstance(reading, NotMeasured) else reading
