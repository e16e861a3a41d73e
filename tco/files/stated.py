"""What a workload states itself, as the records the sheets would hold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tco.describe.candidates import MachineCandidate, StatedPrice, TokenCandidate
from tco.describe.hardware import Dtype, Hardware
from tco.describe.model import Model
from tco.describe.offer import RateRow, RentalOffer, Tier, TokenOffer, When
from tco.describe.record import Figure


def default_dtype(model: Model, hardware: Hardware, engine: str) -> Dtype:
    """The weights format a model is usually served in: its own, 4-bit on llama.cpp, else FP8 where the GPU has it."""
    if engine in ("llama.cpp", "ollama"):
        return "q4_k_m"
    if model.native_dtype is not None:
        return model.native_dtype
    return "fp8" if "fp8" in hardware.dense_tflops else "bf16" if "bf16" in hardware.dense_tflops else "fp16"


def equal_dtypes(model: Model, hardware: Hardware, engine: str) -> tuple[Dtype, ...]:
    """Formats a search may choose among without a change of quality, the usual one first.

    The format the weights are published in, and FP8 where the GPU computes it: over half a million evaluations
    found it lossless (arXiv:2411.02355). INT8 and 4 bits lost 1% or more there: they are used where a model is
    published in them, where llama.cpp serves it, or where a workload states them.
    """
    usual = default_dtype(model, hardware, engine)
    if usual != "fp8" or model.native_dtype is not None:
        return (usual,)
    return usual, "bf16" if "bf16" in hardware.dense_tflops else "fp16"


def stated_offer(candidate: TokenCandidate, price: StatedPrice, tier: Tier) -> TokenOffer:
    """An offer at the prices a candidate states instead of the sheet's."""

    def row(usd_per_mtok: dict[Any, Any], when: When) -> RateRow:
        return RateRow(
            since=price.since,
            when=when,
            usd_per_mtok=usd_per_mtok,
            source=price.source,
            as_of=price.since,
            kind="assumed",
        )

    rates = [row(price.usd_per_mtok, When())]
    if price.batch_usd_per_mtok:
        rates.append(row(price.batch_usd_per_mtok, When(processing="batch")))
    return TokenOffer(provider=candidate.provider or "stated", model=candidate.model, tier=tier, rates=tuple(rates))


def stated_rental(candidate: MachineCandidate, hardware: Hardware, price: Figure, as_of: date) -> RentalOffer:
    """A rental at the price a candidate states instead of the table's."""
    return RentalOffer(
        provider=candidate.provider or "stated", instance="stated", hardware=hardware.id, n_gpus=candidate.n_gpus or 1,
        plan=candidate.plan or "on_demand", usd_per_gpu_h=Decimal(str(price.value)), since=price.as_of or as_of,
        source=price.source or "stated in the workload", kind=price.kind,
    )  # fmt: skip
