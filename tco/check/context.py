"""What the rules are given: the day, the sheet and the catalogue, the settings, and what held before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from tco.check.changes import CostChange
from tco.check.finding import Failure, Finding, Severity
from tco.check.prices import Prices
from tco.check.settings import Settings
from tco.check.value import Value, read
from tco.errors import TcoError
from tco.files.catalogue import Catalogue
from tco.files.explain import Loc
from tco.files.marks import Document

if TYPE_CHECKING:
    from tco.check.baseline import Baseline

T = TypeVar("T")
Compare = Callable[[str, date], dict[str, Any]]


@dataclass(frozen=True)
class Context:
    """Everything a rule may look at.

    ``catalogue`` has profiles, tariffs and rents (an overlay's first); ``prices`` the token prices of the sheet
    in use, or of ``--sheet``. ``baseline`` is what held before, None without one; with ``allow_new`` it may lack
    what is checked. ``compare`` gives the record of ``tco compare`` of a workload on a day. ``failures`` collects what
    could not be checked, ``doubts`` what is doubtful about what was used or asked.
    """

    as_of: date
    catalogue: Catalogue
    prices: Prices
    compare: Compare
    settings: Settings = field(default_factory=Settings)
    baseline: Baseline | None = None
    allow_rumoured: bool = False
    allow_new: bool = False
    failures: list[Failure] = field(default_factory=list)
    changes: list[CostChange] = field(default_factory=list)
    records: list[str] = field(default_factory=list)  # files of tco compare --json that were judged
    doubts: dict[str, None] = field(default_factory=dict)
    _references: dict[Any, Any] = field(default_factory=dict, repr=False)

    def finding(
        self, rule: str, document: Document, loc: Loc, subject: str, message: str, *,
        expected: str = "", found: str = "", evidence: str = "", arithmetic: tuple[str, ...] = (), key: bool = False,
    ) -> Finding:  # fmt: skip
        """A finding at a value (or key) of a document, with the severity that the settings give its rule.

        A rule that is off still yields a note here; the runner drops it.
        """
        line, column = document.mark(loc, key=key)
        return Finding(
            rule, self.severity(rule), document.path, line, column, subject, message, expected, found, evidence,
            arithmetic,
        )  # fmt: skip

    def fail(self, document: Document, loc: Loc, subject: str, error: TcoError) -> None:
        """Note that an item could not be checked; the others still are."""
        line, column = document.mark(loc)
        self.failures.append(Failure(document.path, line, column, subject, str(error), error.exit_code))

    def severity(self, rule: str) -> Severity:
        """How bad a finding of the rule is."""
        level = self.settings.level(rule)
        return "note" if level == "off" else level

    def usd_per(self, currency: str) -> float:
        """Dollars for one unit of a currency on the day; raises MissingDataError without a rate."""
        from tco.files.site import exchange_rate

        rate = exchange_rate(currency, self.catalogue, self.as_of)
        if rate.doubt:
            self.doubts[rate.doubt] = None
        return rate.usd_per_unit

    def amount(self, text: str, of: Value) -> Decimal:
        """An amount in the canonical unit of a value: a bare number is in the unit the value was written in."""
        try:
            return Decimal(text) * of.factor
        except ArithmeticError:
            return read(text, "", "", self.usd_per).base

    def reference(self, subject: Any, refer: Callable[[Any, Context], T]) -> T:
        """What is known about a subject, looked up once; raises TcoError where nothing is."""
        key = refer, self.as_of, subject
        if key not in self._references:
            try:
                self._references[key] = refer(subject, self)
            except TcoError as error:
                self._references[key] = error
        held = self._references[key]
        if isinstance(held, TcoError):
            raise held
        return held  # type: ignore[no-any-return]
