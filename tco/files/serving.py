"""How a replica is served, as the options of ``tco perform`` say it."""

from __future__ import annotations

from dataclasses import dataclass

from tco.describe.record import Figure, Unit
from tco.describe.serving import MTP, Draft, Offload, Pools, Serving, Split
from tco.errors import UsageError
from tco.files.catalogue import Catalogue
from tco.files.quantities import quantity

FRAC, SIZE, SPEED = Unit("frac", ge=0, le=1), Unit("GB", gt=0), Unit("GB/s", gt=0)  # as a workload's


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingAsked:
    """The options, None where one is not given; quantities as text, read as a workload's would be."""

    tp: int | None = None
    pp: int | None = None
    ep: int | None = None
    draft: str | None = None
    draft_tokens: int = 4
    acceptance: str | None = None
    host_memory: str | None = None
    host_bandwidth: str | None = None
    pools: str | None = None
    pool_link: str | None = None

    def resolved(self, catalogue: Catalogue) -> Serving:
        """The records they stand for; raises UsageError for what is missing or contradicts itself."""
        draft = self._draft()
        return Serving(
            split=self._split(),
            draft=draft,
            draft_model=None if draft is None or draft.model == MTP else catalogue.model(draft.model),
            offload=self._offload(),
            pools=self._pools(),
        )

    def _split(self) -> Split | None:
        if self.tp is None and self.pp is None and self.ep is None:
            return None
        tensor, experts = self.tp or 1, self.ep or 1
        if max(tensor, experts) % min(tensor, experts):
            raise UsageError(f"--ep: got {experts} beside --tp {tensor}; expected one to divide the other")
        return Split(tensor=tensor, pipeline=self.pp or 1, experts=experts)

    def _draft(self) -> Draft | None:
        if self.draft is None and self.acceptance is not None:
            raise UsageError("--acceptance needs --draft: the model that proposes the tokens, or mtp")
        if self.draft is None:
            return None
        if self.acceptance is None:
            raise UsageError(
                "--draft needs --acceptance: the share of proposed tokens that are accepted, measured on your prompts;"
                " there is no default"
            )
        return Draft(
            model=self.draft, tokens=self.draft_tokens, acceptance=_stated("--acceptance", self.acceptance, FRAC)
        )

    def _offload(self) -> Offload | None:
        if self.host_memory is None and self.host_bandwidth is None:
            return None
        if self.host_memory is None or self.host_bandwidth is None:
            raise UsageError("--host-memory and --host-bandwidth go together; state both, in GB and GB/s")
        return Offload(
            memory=_stated("--host-memory", self.host_memory, SIZE),
            bandwidth=_stated("--host-bandwidth", self.host_bandwidth, SPEED),
            sequences=1,
        )

    def _pools(self) -> Pools | None:
        if self.pools is None and self.pool_link is not None:
            raise UsageError("--pool-link needs --pools: prefill and decode instances, such as 1:3")
        if self.pools is None:
            return None
        prefill, _, decode = self.pools.partition(":")
        if not (prefill.isdecimal() and decode.isdecimal() and 0 < int(prefill) <= 576 and 0 < int(decode) <= 576):
            raise UsageError(f"--pools: got {self.pools!r}; expected prefill and decode instances, such as 1:3")
        if self.pool_link is None:
            raise UsageError("--pools needs --pool-link: GB/s at which an instance hands a cache over")
        return Pools(prefill=int(prefill), decode=int(decode), link=_stated("--pool-link", self.pool_link, SPEED))


def _stated(option: str, text: str, unit: Unit) -> Figure:
    """A quantity of an option: a bare number in the option's unit, or text with a unit; raises UsageError."""
    try:
        return quantity(text, unit).model_copy(update={"source": "command line"})
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


NOTHING_ASKED = ServingAsked()
