"""Records of a claims file and of a facts file. Neither has a place for a verdict."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from tco.check.claims.arithmetic import parse
from tco.check.claims.quantity import quantity
from tco.check.claims.vocabulary import KEYS, KINDS
from tco.describe.offer import Meter
from tco.describe.record import Record
from tco.errors import unknown_name

Grade = Literal["official", "vendor", "measured", "quoted", "secondary", "estimate", "rumoured"]
MAX_STATES = 12
# Keys whose values are a closed list.
WORDS: dict[str, tuple[str, ...]] = {"meter": get_args(Meter), "processing": ("standard", "batch")}


def _text(raw: object) -> object:
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    return str(raw) if isinstance(raw, int | float) else raw


def _tuple(raw: object) -> object:
    return (raw,) if isinstance(raw, dict) else raw


def _value(raw: object) -> object:
    return {"value": _text(raw)} if isinstance(raw, str | int | float) else raw


Text = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=600)]
About = dict[str, Text]


def known_quantity(name: str) -> str:
    """The name of a quantity; raises ValueError with suggestions."""
    if name not in KINDS:
        raise ValueError(unknown_name("quantity", name, KINDS, "docs/claims.md"))
    return name


def known_keys(about: About) -> About:
    """Keys that describe a quantity; raises ValueError with suggestions."""
    for key in about:
        if key not in KEYS:
            raise ValueError(unknown_name("key of about", key, KEYS, "docs/claims.md"))
    for key, known in WORDS.items():
        if key in about and about[key] not in known:
            raise ValueError(unknown_name(key, about[key], known, "docs/claims.md"))
    return about


def fitting(kind: str, value: str) -> None:
    """Check that a value can be read as its quantity asks; raises ValueError."""
    words = KINDS[kind].words
    if kind == "is" or (words and value in words):
        return
    if words:
        raise ValueError(f"got {value[:40]!r}; expected one of: {', '.join(words)}")
    quantity(value)


class Source(Record):
    """Where an input of a formula comes from: exactly one of the ways below.

    ``value``: the publication's own number (with ``quantity`` and ``about`` it is checked as well); ``claim``: what
    another claim states (``state`` counts from 1); ``fact``: a fact by id; ``quantity`` and ``about`` alone: the
    evidence for that on the claim's date; ``assumed``: a number nobody published; ``unknown``: the plausible range of
    what is missing; ``one_of``: readings of which the publication does not say which it means.
    """

    value: Text | None = None
    claim: Text | None = None
    state: int = Field(default=1, ge=1, le=MAX_STATES)
    fact: Text | None = None
    quantity: Text | None = None
    about: About = {}
    assumed: Text | None = None
    unknown: Text | None = None
    one_of: dict[str, Text] = {}
    source: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Source:
        ways = [self.value or self.quantity, self.claim, self.fact, self.assumed, self.unknown, self.one_of]
        if sum(bool(way) for way in ways) != 1:
            raise ValueError("expected one of: value, claim, fact, quantity, assumed, unknown, one_of")
        if self.quantity:
            known_quantity(self.quantity)
            known_keys(self.about)
        for text in (self.value, self.assumed, self.unknown, *self.one_of.values()):
            if text:
                quantity(text)
        if len({quantity(text).dims for text in self.one_of.values()}) > 1:
            raise ValueError("got readings of different dimensions under one_of")
        return self


Inputs = dict[str, Annotated[Source, BeforeValidator(_value)]]


class Derivation(Record):
    """How a number follows from others: a formula of `docs/claims.md` by name, or arithmetic over the inputs."""

    formula: Text
    from_: Inputs = Field(default={}, alias="from")

    @model_validator(mode="after")
    def _readable(self) -> Derivation:
        parse(self.formula)
        return self


class Statement(Record):
    """One quantity a sentence states. ``compare`` are derivations that bear on it and that it leaves out."""

    quantity: Text
    value: Text
    about: About = {}
    formula: Text | None = None
    from_: Inputs = Field(default={}, alias="from")
    compare: Annotated[tuple[Derivation, ...], BeforeValidator(_tuple)] = ()
    origin: str = ""

    @model_validator(mode="after")
    def _known(self) -> Statement:
        known_quantity(self.quantity)
        known_keys(self.about)
        fitting(self.quantity, self.value)
        if self.formula:
            parse(self.formula)
        elif self.from_:
            raise ValueError("got `from` without a `formula`")
        return self


class Said(Statement):
    """What else a publication says, as background of its claims; not judged itself."""

    id: Text


class Article(Record):
    """A publication: its claims are held against each other."""

    title: str = ""
    source: Text
    date: dt.date
    also: tuple[Said, ...] = ()


class Claim(Record):
    """A published sentence as structure."""

    id: Text
    quote: Text
    article: Text | None = None
    source: str = ""
    date: dt.date | None = None
    states: Annotated[tuple[Statement, ...], BeforeValidator(_tuple), Field(min_length=1, max_length=MAX_STATES)]


class ClaimsFile(Record):
    """A file of claims; ``facts`` names further files of facts beside it."""

    articles: dict[str, Article] = {}
    facts: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = Field(max_length=5000)


class Fact(Record):
    """A quantity with its source and date.

    ``given`` are conditions it holds under; ``among`` the narrower population it was found in. ``since`` and
    ``until`` bound the time it held; ``as_of`` is the day it was read.
    """

    id: Text
    quantity: Text
    value: Text
    about: About = {}
    given: About = {}
    among: Text | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    as_of: dt.date
    source: Text
    evidence: Text | None = None
    grade: Grade = "secondary"
    note: str = ""

    @model_validator(mode="after")
    def _known(self) -> Fact:
        known_quantity(self.quantity)
        known_keys(self.about)
        known_keys(self.given)
        fitting(self.quantity, self.value)
        return self


class Member(Record):
    """A model that a looser name stood for from a day on."""

    model: Text
    since: dt.date
    until: dt.date | None = None


class Family(Record):
    """A looser name and what it may mean. ``successive``: one at a time, the newest; otherwise any of them."""

    successive: bool = False
    aliases: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()
    note: str = ""


class FactsFile(Record):
    """A file of facts."""

    facts: tuple[Fact, ...] = Field(max_length=5000)
    families: dict[str, Family] = {}
