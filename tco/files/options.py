"""Options made of the catalogue's records: an offer, a plan or a machine with all that is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tco.describe.candidates import MachineCandidate, TokenCandidate
from tco.describe.hardware import Hardware, Throughput
from tco.describe.model import Model
from tco.describe.offer import RentalOffer, Tier, TokenOffer
from tco.describe.option import MachineOption, PlanOption, TokenOption
from tco.describe.serving import MTP, Draft, Serving
from tco.errors import UnknownNameError
from tco.files.catalogue import Catalogue
from tco.files.stated import default_dtype, equal_dtypes

SMALL_ENGINES = ("apple", "soc", "cpu", "phone", "laptop")


def engine_for(hardware: Hardware) -> str:
    """The engine where none is stated: llama.cpp on small machines, else vLLM."""
    return "llama.cpp" if hardware.category in SMALL_ENGINES else "vllm"


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
        """A plan by its id, with or without its provider before it; raises UnknownNameError."""
        seller, _, rest = name.rpartition("/")
        offer = self.catalogue.plans.get(rest)
        if offer is not None and seller not in ("", offer.provider):
            offer = None
        if offer is None:
            known = [f"{each.provider}/{key}" if seller else key for key, each in self.catalogue.plans.items()]
            raise UnknownNameError("plan", name, known, "tco list plans")
        return PlanOption(
            id=f"{offer.provider}/{rest}",
            tier=tier,
            model_id=offer.model or "",
            model=self.catalogue.known_model(offer.model) if offer.model else None,
            provider=self.catalogue.providers.get(offer.provider),
            offer=offer,
        )

    def machine(
        self, candidate: MachineCandidate, model: Model, hardware: Hardware, rental: RentalOffer | None,
        *, any_dtype: bool = False,
    ) -> MachineOption:  # fmt: skip
        """A model on a machine, rented at a row or owned; ``any_dtype`` lets a search choose the format."""
        engine = candidate.engine if "engine" in candidate.model_fields_set else engine_for(hardware)
        dtype = candidate.dtype or default_dtype(model, hardware, engine)
        whole = candidate.split or candidate.pools
        n_gpus = whole.n_gpus if whole else candidate.n_gpus
        serving = Serving(
            split=candidate.split, draft=candidate.draft, draft_model=self.draft_model(candidate.draft),
            offload=candidate.offload, pools=candidate.pools,
        )  # fmt: skip
        layout = f"{n_gpus}x-" if n_gpus else ""
        way = serving.label + ("+autoscale" if candidate.autoscale else "")
        where = f"{rental.provider}:{rental.plan}" if rental else "own"
        return MachineOption(
            id=f"{where}:{layout}{hardware.id}/{model.id}-{dtype}{way}",
            tier="self_hosted" if rental is None else "budget_cloud",
            model_id=model.id,
            model=model,
            provider=self.catalogue.providers.get(rental.provider) if rental else None,
            hardware=hardware,
            reference=self.catalogue.hardware(hardware.relative.to) if hardware.relative else None,
            n_gpus=n_gpus,
            dtype=dtype,
            kv_dtype=candidate.kv_dtype,
            engine=engine,
            rental=rental,
            rental_price=candidate.usd_per_gpu_h,
            speed=candidate.throughput,
            stated=candidate.machine,
            measured=self._measured.get((model.id, hardware.id), ()),
            serving=serving,
            dtypes=equal_dtypes(model, hardware, engine) if any_dtype else (),
            autoscale=candidate.autoscale,
        )

    def draft_model(self, draft: Draft | None) -> Model | None:
        """The profile of a draft; None without one, or where it is the model's own head."""
        return None if draft is None or draft.model == MTP else self.catalogue.model(draft.model)

    @cached_property
    def _measured(self) -> dict[tuple[str, str], tuple[Throughput, ...]]:
        rows: dict[tuple[str, str], list[Throughput]] = {}
        for row in self.catalogue.throughput:
            rows.setdefault((row.model, row.hardware), []).append(row)
        return {pair: tuple(found) for pair, found in rows.items()}
