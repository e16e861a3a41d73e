"""Where an item about a result stands, and when a number is past a bound."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tco.check.context import Context
from tco.check.finding import Finding
from tco.files.explain import Loc
from tco.files.marks import Document

FLOAT = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item about a result stands."""

    document: Document
    loc: Loc
    rule: str
    context: Context

    def finding(self, key: str, subject: str, message: str, **words: Any) -> Finding:
        """A finding at one key of the item."""
        return self.context.finding(self.rule, self.document, (*self.loc, key), subject, message, **words)


def past(number: Decimal, bound: Decimal) -> bool:
    """Whether a number is over a bound by more than the last digits of a float."""
    return number - bound > FLOAT * max(abs(bound), abs(number))
