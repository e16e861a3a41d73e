"""Options made of the catalogue's records: an offer, a plan or a machine with all that is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tco.describe.hardware import Hardware, Throughput
from tco.describe.model import Model
from tco.describe.offer import RentalOffer, Tier, TokenOffer
from tco.describe.option import MachineOption, PlanOption, TokenOption
from tco.describe.workload import MachineCandidate, TokenCandidate
from tco.errors import UnknownNameError
from tco.files.catalogue import Catalogue
from tco.files.stated import default_dtype

SMALL_ENGINES = ("apple", "soc", "cpu", "phone", "laptop")


@dataclass
class Maker:
    """Makes options of one catalogue."""

    catalogue: Catalogue

    def tokens(self, offer: TokenOffer, tier: Tier, candidate: TokenCandidate | None = None) -> TokenOption:
        """A token offer; speeds that a candidate states replace the sheet's."""
        if candidate is not None:
            own = {"output_tok_per_s": candidate.output_tok_per_s, "ttft_s": candidate.ttft}
            offer = offer.model_copy(update={name: figure for name, figure in own.items() if figure is not None})
        return TokenOption(
            id=f"{offer.provider}/{offer.model}",
            tier=tier,
            model_id=offer.model,
            model=self.catalogue.profiled(offer.model),
            provider=self.catalogue.providers.get(offer.provider),
            offer=offer,
        )

    def plan(self, name: str, tier: Tier) -> PlanOption:
        """A plan by its id; raises UnknownNameError."""
        offer = self.catalogue.plans.get(name)
        if offer is None:
            raise UnknownNameError("plan", name, self.catalogue.plans, "tco list plans")
        return PlanOption(
            id=f"{offer.provider}/{name}",
            tier=tier,
            model_id=offer.model or "",
            model=self.catalogue.known_model(offer.model) if offer.model else None,
            provider=self.catalogue.providers.get(offer.provider),
            offer=offer,
        )

    def machine(
        self, candidate: MachineCandidate, model: Model, hardware: Hardware, rental: RentalOffer | None
    ) -> MachineOption:
        """A model on a machine, rented at a row or owned."""
        engine = candidate.engine
        if hardware.category in SMALL_ENGINES and "engine" not in candidate.model_fields_set:
            engine = "llama.cpp"
        dtype = candidate.dtype or default_dtype(model, hardware, engine)
        layout = f"{candidate.n_gpus}x-" if candidate.n_gpus else ""
        where = f"{rental.provider}:{rental.plan}" if rental else "own"
        return MachineOption(
            id=f"{where}:{layout}{hardware.id}/{model.id}-{dtype}",
            tier="self_hosted" if rental is None else "budget_cloud",
            model_id=model.id,
            model=model,
            provider=self.catalogue.providers.get(rental.provider) if rental else None,
            hardware=hardware,
            reference=self.catalogue.hardware(hardware.relative.to) if hardware.relative else None,
            n_gpus=candidate.n_gpus,
            dtype=dtype,
            kv_dtype=candidate.kv_dtype,
            engine=engine,
            rental=rental,
            rental_price=candidate.usd_per_gpu_h,
            speed=candidate.throughput,
            stated=candidate.machine,
            measured=self._measured.get((model.id, hardware.id), ()),
        )

    @cached_property
    def _measured(self) -> dict[tuple[str, str], tuple[Throughput, ...]]:
        rows: dict[tuple[str, str], list[Throughput]] = {}
        for row in self.catalogue.throughput:
            rows.setdefault((row.model, row.hardware), []).append(row)
        return {pair: tuple(found) for pair, found in rows.items()}
