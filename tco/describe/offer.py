"""Offers: dated prices of tokens, GPU-hours, capacity units, seats and outcomes.

A price has a start date and is never overwritten: a change is a new row.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from tco.describe.record import Figure, Kind, Name, Record, Sourced, Unit

Tier = Literal["api", "budget_cloud", "self_hosted"]
Meter = Literal[
    "input", "output", "reasoning", "citation",
    "cache_read", "cache_write", "cache_write_1h", "cache_write_12h",
    "audio_input", "audio_output", "audio_cache_read", "audio_cache_write",
    "image_input", "image_output", "image_cache_read", "video_input", "video_output",
]  # fmt: skip
# An event is counted, not tokenised. `image` and `video_second` are made, their `_input` kin are read;
# audio is heard by the second, minute or hour and spoken by `audio_output_second` or the character.
Event = Literal[
    "request", "message", "query", "session", "compute_second",
    "tool_call", "web_search", "web_search_low", "web_search_high", "file_search", "maps_query",
    "page", "annotated_page", "image", "image_input", "pixel", "character", "character_output",
    "audio_second", "audio_minute", "audio_hour", "audio_output_second", "video_second", "video_input_second",
    "cache_storage_mtok_h", "storage_gb_day",
]  # fmt: skip

MAX_PRICE = 1_000_000_000


def _exact(raw: object) -> object:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str | Decimal):
        raise ValueError(f"got {raw!r}; expected a price such as 0.15")
    try:
        price = Decimal(str(raw))
    except ArithmeticError:
        raise ValueError(f"got {raw!r}; expected a price such as 0.15") from None
    if not price.is_finite() or not 0 <= price <= MAX_PRICE:
        raise ValueError(f"got {raw}; expected a price of at least 0 and at most {MAX_PRICE:,}")
    return price


Price = Annotated[Decimal, BeforeValidator(_exact)]


class PromptTok(Record):
    """A context threshold, strict or inclusive: past it the whole request is billed at the row's rates."""

    gt: int | None = Field(default=None, ge=1)
    gte: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one_limit(self) -> PromptTok:
        if (self.gt is None) == (self.gte is None):
            raise ValueError("got both or neither of gt and gte; expected one threshold")
        return self

    @property
    def limit_tok(self) -> int:
        """The threshold, whichever way it is compared."""
        return self.gt or self.gte or 0


class Schedule(Record):
    """Hours of the week in which a row holds. ``weekdays`` are 0 (Monday) to 6."""

    tz: str
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    windows: tuple[tuple[str, str], ...]


class When(Record):
    """Conditions of a rate, all of which must hold; an empty one is the standard rate."""

    processing: Literal["batch"] | None = None
    service_tier: Literal["flex", "balanced", "priority"] | None = None
    speed: Literal["fast", "ultrafast"] | None = None
    data_residency: str | None = None
    region: str | None = None
    prompt_tok: PromptTok | None = None
    schedule: Schedule | None = None


class RateRow(Sourced):
    """What each meter costs from an instant on, under conditions.

    ``promo`` rows win over the list row of the same condition while they last. ``kind: rumoured``
    is never used unless asked for. ``observed`` are the days of the two snapshots between which the
    price was seen to change (twice the same day at first sight); None where the source itself dates it.
    """

    since: date | datetime
    until: date | datetime | None = None
    when: When = When()
    promo: bool = False
    usd_per_mtok: dict[Meter, Price] = {}
    usd_each: dict[Event, Price] = {}
    observed: tuple[date, date] | None = None


class Adjustment(Sourced):
    """A surcharge or discount on the whole bill: under a condition such as data residency, or always."""

    when: When = When()
    multiplier: float = Field(gt=0, le=100)
    since: date | datetime
    until: date | datetime | None = None

    @property
    def name(self) -> str:
        """What a ledger calls it."""
        if self.when != When():
            return "surcharge: data residency"
        return "negotiated discount" if self.multiplier < 1 else "negotiated surcharge"


class Discount(Adjustment):
    """What a provider granted under contract, on all its models or on one: a row of an overlay's discounts."""

    provider: Name
    model: Name | None = None


class FreeQuota(Sourced):
    """What a vendor gives before it bills."""

    requests_per_min: float | None = Field(default=None, gt=0)
    requests_per_day: float | None = Field(default=None, gt=0)


class TokenOffer(Record):
    """A model sold by the token by one provider.

    ``free`` says that a price of 0 is meant; ``floating`` that a router passes the request to whoever is
    cheapest, so that the price is no contract; ``min_billed`` is the least quantity a request is billed for.
    """

    kind: Literal["per_token"] = "per_token"
    provider: Name
    model: Name
    tier: Tier
    name: str = ""
    aliases: tuple[str, ...] = ()
    context_tok: int | None = Field(default=None, ge=1)
    max_output_tok: int | None = Field(default=None, ge=1)
    modality: Literal["text", "multimodal", "speech"] = "text"
    released: date | None = None
    retired: date | None = None
    free: bool = False
    floating: bool = False
    min_billed: dict[Event, Price] = {}
    rates: tuple[RateRow, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    free_quota: FreeQuota | None = None
    unpriced: str = ""
    residency: tuple[str, ...] | None = None
    output_tok_per_s: Annotated[Figure, Unit("tok/s", gt=0)] | None = None
    ttft_s: Annotated[Figure, Unit("s", gt=0)] | None = None


class SubscriptionOffer(Sourced):
    """A flat seat: a fee a month and a cap on messages."""

    kind_of_offer: Literal["subscription"] = "subscription"
    provider: Name
    model: Name
    plan: Name
    name: str
    since: date
    until: date | None = None
    usd_per_seat_month: Annotated[Figure, Unit("USD/month", ge=0)]
    messages_per_day: Annotated[Figure, Unit("count", gt=0)] | None = None


class OutcomeOffer(Sourced):
    """A price for each success."""

    kind_of_offer: Literal["outcome"] = "outcome"
    provider: Name
    model: Name | None = None
    plan: Name
    name: str
    since: date
    until: date | None = None
    usd_per_success: Annotated[Figure, Unit("USD", ge=0)]


class ProvisionedOffer(Sourced):
    """Reserved capacity of an API: units by the hour, each good for a number of tokens a second."""

    kind_of_offer: Literal["provisioned"] = "provisioned"
    provider: Name
    model: Name
    plan: Name
    name: str
    since: date
    until: date | None = None
    usd_per_unit_h: Annotated[Figure, Unit("USD/h", ge=0)] | None = None
    input_tok_per_s: Annotated[Figure, Unit("tok/s", gt=0)] | None = None
    output_tok_per_s: Annotated[Figure, Unit("tok/s", gt=0)] | None = None
    min_units: int = Field(default=1, ge=1)
    unit_step: int = Field(default=1, ge=1)
    unpriced: str = ""


Plan = Literal["on_demand", "spot", "reserved_1y", "reserved_3y", "serverless"]


class RentalOffer(Record):
    """A GPU by the hour: one row of ``gpu_rental.csv``. A serverless row bills only busy seconds."""

    provider: Name
    instance: str = ""
    hardware: Name
    n_gpus: int = Field(ge=1)
    region: str = ""
    plan: Plan
    usd_per_gpu_h: Price
    since: date
    source: str = Field(min_length=1)
    kind: Kind
    note: str = ""


class Provider(Sourced):
    """Who sells: where it is, where it can keep data, which attestations it publishes."""

    id: Name
    name: str
    aliases: tuple[str, ...] = ()
    country: str
    residency: tuple[str, ...] = ()
    compliance: tuple[str, ...] = ()
