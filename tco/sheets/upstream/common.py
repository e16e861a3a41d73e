"""What the readers share: exact decimals, rows, and the collection of offers with a reason for each row left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError
from tco.sheets.upstream.names import is_latest, slug, tier_of

NO_START = "in force before the next row; its start is not stated"
IDLE_ZERO = "0 stands for not billed this way, not for free"
MAX_EXPONENT = 30
# A registry that multiplies binary floats states 1.3200000000000002e-07 for 1.32e-07: the 17th digit is no price.
NOISE_DIGITS, KEPT_DIGITS, NOISE = 15, 12, Decimal("1e-14")


class RejectedError(ValueError):
    """A row, or part of one, that cannot be represented; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Converted:
    """The offers of a registry, and (name, reason) for each row or part of a row left out.

    A part is named ``row#field``.
    """

    offers: tuple[TokenOffer, ...]
    rejected: tuple[tuple[str, str], ...]
    rejected_rows: tuple[tuple[str, str], ...] = ()  # those of `rejected` that are left out as a whole


def read_json(raw: bytes, what: str) -> Any:
    """JSON with exact decimals; raises MissingDataError that says what came instead."""
    start = raw[:200].lstrip().lower()
    if not start:
        raise MissingDataError(f"{what}: the answer is empty")
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise MissingDataError(f"{what}: got an HTML page instead of JSON")
    try:
        return json.loads(raw, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise MissingDataError(f"{what}: no JSON, or a truncated one: {error}") from None


def price(stated: object, factor: int = 1, divisor: int = 1) -> Decimal:
    """A stated number times factor over divisor, exactly; raises RejectedError unless it is at least 0."""
    if isinstance(stated, bool) or not isinstance(stated, int | str | Decimal):
        raise RejectedError(f"got {stated!r}; expected a price")
    try:
        value = Decimal(stated)
    except (InvalidOperation, ValueError):
        raise RejectedError(f"got {stated!r}; expected a price") from None
    if not value.is_finite() or value < 0 or abs(value.adjusted()) > MAX_EXPONENT:
        raise RejectedError(f"got {stated}; expected a price of at least 0")
    return plain(_without_noise(value) * factor / divisor)


def _without_noise(value: Decimal) -> Decimal:
    if len(value.as_tuple().digits) < NOISE_DIGITS:
        return value
    short = Context(prec=KEPT_DIGITS).plus(value)
    return short if abs(short - value) <= NOISE * value else value


def plain(value: Decimal) -> Decimal:
    """The same number without exponent or trailing zeros."""
    text = f"{value:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def day_before(day: date) -> date:
    """The last day on which the row before a dated one is sure to have held."""
    return day - timedelta(days=1)


@dataclass(slots=True)
class Collector:
    """Offers by provider and id; two rows of one id are one offer when their prices agree."""

    source: str
    retrieved: date
    found: dict[tuple[str, str], TokenOffer] = field(default_factory=dict)
    rejected: list[tuple[str, str, str]] = field(default_factory=list)

    def reject(self, name: str, why: str, part: str = "") -> None:
        """Leave a row, or a part of it, out."""
        self.rejected.append((name, part, why))

    def row(self, **stated: Any) -> dict[str, Any]:
        """A rate row as a mapping: observed on the day of the snapshot unless it says since when it holds."""
        row = {"source": self.source, "as_of": self.retrieved, "kind": "published", **stated}
        if "since" not in row:
            row |= {"since": self.retrieved, "observed": (self.retrieved, self.retrieved)}
        return row

    def add(
        self, name: str, provider: str, model: str, stated: Mapping[str, Any], aliases: tuple[str, ...] = ()
    ) -> None:
        """Take a row as an offer under its short name, or under its full one when another offer has that id.

        An alias that moves on to the next model is kept only where the offer is dated.
        """
        dated = any("observed" not in row for row in stated["rates"])
        self._without_idle(name, stated["rates"])
        for short in (model, name):
            ident = slug(short)
            names = tuple(
                dict.fromkeys(
                    alias for alias in (name, short, *aliases) if alias != ident and (dated or not is_latest(alias))
                )
            )
            key = (provider, ident)
            held = self.found.get(key)
            if held is None:
                self._validated(name, key, {**stated, "aliases": names})
                return
            if held.rates == self._offer(key, stated).rates:
                joined = tuple(dict.fromkeys((*held.aliases, *names)))
                self.found[key] = held.model_copy(update={"aliases": joined})
                return
            aliases = ()
        self.reject(name, f"another row of {provider} has the id {slug(name)} and other prices")

    def _without_idle(self, name: str, rows: tuple[dict[str, Any], ...]) -> None:
        """Drop zeros beside paid tokens, which say "not billed this way", and reasoning at the price of output."""
        for row in rows:
            tokens = row.get("usd_per_mtok", {})
            if tokens.get("input") or tokens.get("output"):
                for meter in [meter for meter, usd in tokens.items() if usd == 0 and meter not in ("input", "output")]:
                    del tokens[meter]
                    self.reject(name, part=str(meter), why=IDLE_ZERO)
        priced = [row["usd_per_mtok"] for row in rows if "output" in row.get("usd_per_mtok", {})]
        if all(tokens.get("reasoning", tokens["output"]) == tokens["output"] for tokens in priced):
            for tokens in priced:
                tokens.pop("reasoning", None)

    def _offer(self, key: tuple[str, str], stated: Mapping[str, Any]) -> TokenOffer:
        provider, model = key
        return TokenOffer.model_validate({"tier": tier_of(provider), **stated, "provider": provider, "model": model})

    def _validated(self, name: str, key: tuple[str, str], stated: Mapping[str, Any]) -> None:
        try:
            self.found[key] = self._offer(key, stated)
        except ValidationError as error:
            first = error.errors()[0]
            self.reject(name, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")

    def done(self) -> Converted:
        """The offers and the reasons, in the order in which they came."""
        every = tuple((f"{name}#{part}" if part else name, why) for name, part, why in self.rejected)
        whole = tuple((name, why) for name, part, why in self.rejected if not part)
        return Converted(tuple(self.found.values()), every, whole)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
