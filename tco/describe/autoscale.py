"""How replicas follow the load: the rule a workload states, for a candidate or for the whole site."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tco.describe.record import Figure, Record, Unit

COLD_START = Figure(
    value=180, low=60, high=600, unit="s", kind="assumed",
    source="default: a machine starts, an image and tens of GB of weights load",
)  # fmt: skip
HEADROOM = Figure(
    value=0.2, low=0.0, high=0.5, unit="frac", kind="assumed", source="default: a fifth above the load of the moment"
)
KEEP_ALIVE = Figure(value=300, unit="s", kind="assumed", source="default: stops after five idle minutes")


class Autoscale(Record):
    """Replicas started and stopped with the load. ``min_replicas`` of 0 lets the last one stop too."""

    min_replicas: int = Field(default=1, ge=0, le=100_000)
    cold_start: Annotated[Figure, Unit("s", ge=0, le=86_400)] = COLD_START
    headroom_frac: Annotated[Figure, Unit("frac", ge=0, le=100)] = HEADROOM
    keep_alive: Annotated[Figure, Unit("s", ge=0, le=86_400)] = KEEP_ALIVE
