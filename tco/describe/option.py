"""One option: what is bought from whom to serve the workload. Three ways, one identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tco.describe.autoscale import Autoscale
from tco.describe.candidates import StatedMachine, StatedSpeed
from tco.describe.hardware import Dtype, Hardware, Throughput
from tco.describe.model import Model
from tco.describe.offer import (
    OutcomeOffer,
    Provider,
    ProvisionedOffer,
    RentalOffer,
    SubscriptionOffer,
    Tier,
    TokenOffer,
)
from tco.describe.record import Figure
from tco.describe.serving import PLAIN, Serving


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenOption:
    """A model by the token."""

    id: str
    tier: Tier
    model_id: str
    model: Model | None
    provider: Provider | None
    offer: TokenOffer
    kind: str = "per_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOption:
    """A seat, a price per success, or provisioned units."""

    id: str
    tier: Tier
    model_id: str
    model: Model | None
    provider: Provider | None
    offer: SubscriptionOffer | OutcomeOffer | ProvisionedOffer

    @property
    def kind(self) -> str:
        """Name of the way of paying, as in the report."""
        return self.offer.kind_of_offer


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOption:
    """A model on machines, owned when ``rental`` is None.

    ``unpriced`` says why the rental has no price on the day. ``n_gpus`` and ``dtype`` are None when the tool
    is to choose the smallest layout that fits. A search may choose among the formats in ``dtypes``.
    """

    id: str
    tier: Tier
    model_id: str
    model: Model
    provider: Provider | None
    hardware: Hardware
    reference: Hardware | None
    n_gpus: int | None
    dtype: Dtype | None
    kv_dtype: Dtype | None
    engine: str
    rental: RentalOffer | None = None
    rental_price: Figure | None = None
    speed: StatedSpeed | None = None
    stated: StatedMachine | None = None
    unpriced: str = ""
    measured: tuple[Throughput, ...] = ()
    autoscale: Autoscale | None = None
    serving: Serving = PLAIN
    dtypes: tuple[Dtype, ...] = ()

    @property
    def kind(self) -> str:
        """Name of the way of paying, as in the report."""
        return "owned" if self.rental is None else "rental"


Option: TypeAlias = TokenOption | PlanOption | MachineOption
