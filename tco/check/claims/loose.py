"""Sentences in free words whose form alone is clear: shares, trends, growth, how many times faster.

The words are kept as they are; a verdict needs a fact that says the same thing. Prices, machines and models are not
judged this way: a sentence with money in it is refused instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tco.check.claims.told import Raw

_WORDS = "about|over|under|up to|at least|at most|more than|less than|nearly|almost|~"
_N = rf"(?P<value>(?:(?:{_WORDS})\s*)?\d[\d,.]*(?:\s?-\s?\d[\d.]*)?)"
_TEXT = r"[A-Za-z][\w .+'/&-]{1,79}?"
_PERCENT = rf"{_N}\s?(?:%|percent)"
_TIMES = rf"{_N}\s?(?:x|times|-fold)"
_MONEY = re.compile(r"[$€£¢]|\b(?:usd|dollars?|cents?|free|cheaper|expensive|costs?)\b", re.IGNORECASE)
_DIRECTIONS = {
    "rises": "rises", "increases": "rises", "grows": "rises", "improves": "rises", "scales": "rises",
    "falls": "falls", "decreases": "falls", "drops": "falls", "declines": "falls", "degrades": "falls",
}  # fmt: skip
_WAYS = "|".join(_DIRECTIONS)
_HAS = "holds?|has|have|accounts? for|makes? up|represents?|controls?|captures?|owns?|is|are"
_USES = "use|uses|run|runs|run on|are|is|goes to|go to"
_MOVES = "falls?|fell|drops?|dropped|declines?|declined|grows?|grew|rises?|rose|increases?"
_EACH = r"(?:every|per|a|each) (?P<period>year|month|quarter)"
_PATTERNS = tuple(
    (name, re.compile(rf"^{pattern}\s*[.!]?$", re.IGNORECASE))
    for name, pattern in (
        ("share", rf"(?P<part>{_TEXT}) (?:now )?(?:{_HAS}) {_PERCENT} of (?P<whole>{_TEXT})"),
        ("share", rf"{_PERCENT} of (?P<whole>{_TEXT}) (?:now )?(?:{_USES}) (?P<part>{_TEXT})"),
        ("growth", rf"(?P<of>{_TEXT}) (?:{_MOVES}) (?:by )?{_N}\s?(?:x|times|-fold|(?P<percent>%|percent)) {_EACH}"),
        ("speedup", rf"(?P<technique>{_TEXT}) (?:is|are|runs?|was) {_TIMES} faster than (?P<baseline>{_TEXT})"),
        ("trend", rf"(?P<of>{_TEXT}) (?P<direction>{_WAYS}) (?:monotonically )?(?:with|as) (?P<with>{_TEXT})"),
    )
)  # fmt: skip
_BOUND = {"nearly": "about", "almost": "about"}


@dataclass(frozen=True, slots=True)
class Loose:
    """The form of a sentence, and the statement it makes."""

    name: str
    state: Raw


def loose(sentence: str) -> Loose | None:
    """A share, a trend, a growth or a speed-up in free words, or None."""
    text = " ".join(sentence.split())
    if _MONEY.search(text):
        return None
    for name, pattern in _PATTERNS:
        found = pattern.match(text)
        if found:
            return Loose(name, _state(name, found))
    return None


def _state(name: str, found: re.Match[str]) -> Raw:
    held = {key: text for key, text in found.groupdict().items() if text}
    direction, value = held.pop("direction", ""), held.pop("value", "")
    for word, bound in _BOUND.items():
        value = value.replace(word, bound)
    percent = bool(held.pop("percent", "")) or name == "share"
    text = _DIRECTIONS[direction.lower()] if direction else f"{value.rstrip('.')} {'%' if percent else 'x'}"
    return {"quantity": name, "value": text, "about": held}
