"""Quality scores: which model reached what on which benchmark, under which harness and metric."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from tco.describe.record import Name, Record


class Score(Record):
    """One published score, a row of ``scores.csv``. pass@1 and cons@64 are never compared."""

    model: Name
    benchmark: Name
    score: float = Field(ge=0, le=100)
    metric: str = Field(min_length=1)
    harness: str = ""
    as_of: date
    source: str = Field(min_length=1)
    kind: Literal["measured", "published", "vendor", "assumed"]
    note: str = ""
