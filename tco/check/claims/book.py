"""A file of claims with the facts beside it, and what each statement and input in it refers to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from tco.check.claims.record import Article, Claim, ClaimsFile, FactsFile, Statement
from tco.check.context import Context
from tco.errors import InvalidInputError, Problem
from tco.files.catalogue import shipped_folder
from tco.files.marks import Document, read, validate

SHIPPED = ("docs", "claims", "facts.yaml")


@dataclass(frozen=True)
class Book:
    """Claims by id, their articles, and the facts they are held against."""

    claims: dict[str, Claim]
    articles: dict[str, Article]
    facts: tuple[FactsFile, ...]
    as_of: date

    def day(self, claim: Claim) -> date:
        """The day a claim was published; the day of the check where nothing says it."""
        article = self.articles.get(claim.article or "")
        return claim.date or (article.date if article else self.as_of)

    def beside(self, claim: Claim) -> list[tuple[str, Statement]]:
        """What else the same publication says: its other claims and its background."""
        article = self.articles.get(claim.article or "")
        found = [
            (other.id, statement)
            for other in self.claims.values()
            if claim.article and other.article == claim.article and other.id != claim.id
            for statement in other.states
        ]
        return found + ([(said.id, said) for said in article.also] if article else [])

    def statement(self, name: str, place: int) -> Statement | None:
        """A statement another claim, or the background of an article, makes."""
        if name in self.claims:
            states = self.claims[name].states
            return states[place - 1] if place <= len(states) else None
        return next((said for article in self.articles.values() for said in article.also if said.id == name), None)


def book(document: Document, context: Context) -> Book:
    """The claims of a document; raises InvalidInputError with every problem in it."""
    file = validate(document, ClaimsFile)
    problems = [] if file.claims else [document.problem(("claims",), "got no claim; expected at least 1")]
    claims: dict[str, Claim] = {}
    for place, claim in enumerate(file.claims):
        if claim.id in claims:
            problems.append(document.problem(("claims", place, "id"), f"got {claim.id!r} twice; expected ids once"))
        if claim.article is not None and claim.article not in file.articles:
            known = ", ".join(sorted(file.articles)) or "none"
            problems.append(document.problem(("claims", place, "article"), f"got {claim.article!r}; articles: {known}"))
        claims[claim.id] = claim
    folder = Path(document.path).parent
    facts = [*shipped_facts()]
    for place, name in enumerate(file.facts):
        try:
            facts += [] if _is_shipped(folder / name) else [read_facts(folder / name)]
        except InvalidInputError as error:
            problems += [document.problem(("facts", place), str(problem)) for problem in error.problems[:5]]
    if problems:
        raise InvalidInputError(problems)
    return Book(claims, file.articles, tuple(facts), context.as_of)


def read_facts(path: Path) -> FactsFile:
    """A file of facts; raises InvalidInputError."""
    return facts_of(read(path))


def facts_of(document: Document) -> FactsFile:
    """The facts of a document; raises InvalidInputError."""
    file = validate(document, FactsFile)
    seen: set[str] = set()
    problems: list[Problem] = []
    for place, fact in enumerate(file.facts):
        if fact.id in seen:
            problems.append(document.problem(("facts", place, "id"), f"got {fact.id!r} twice; expected ids once"))
        seen.add(fact.id)
    if problems:
        raise InvalidInputError(problems)
    return file


@lru_cache(maxsize=1)
def shipped_facts() -> tuple[FactsFile, ...]:
    """The facts that come with the tool; none where they are not installed."""
    path = shipped_folder().joinpath(*SHIPPED)
    return (read_facts(path),) if path.is_file() else ()


def _is_shipped(path: Path) -> bool:
    return path.resolve() == shipped_folder().joinpath(*SHIPPED).resolve()
