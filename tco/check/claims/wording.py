"""Ways of saying the same thing, rewritten to the one the grammar knows; other currencies, converted."""

from __future__ import annotations

import re
from collections.abc import Callable

_NUMBERS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "twelve": "12", "a dozen": "12",
}  # fmt: skip
# A part of a price as the factor by which it is less.
_PARTS = {"half": "2", "third": "3", "quarter": "4", "fifth": "5", "tenth": "10", "hundredth": "100"}
# "An order of magnitude" is any factor whose decimal logarithm rounds to 1.
_ORDERS = {"an": "3.16-31.6x", "one": "3.16-31.6x", "1": "3.16-31.6x", "2": "31.6-316x", "3": "316-3160x"}
_PRICE = r"(?:price|cost|costs|expense)"
_N = r"\d[\d,]*(?:\.\d+)?"
_SYMBOLS = {"€": "EUR", "£": "GBP", "euro": "EUR", "euros": "EUR", "pounds": "GBP", "eur": "EUR", "gbp": "GBP"}
_FOREIGN = re.compile(
    rf"(?P<about>(?:about|around|roughly|~)\s*)?(?:(?P<before>[€£]|EUR\s|GBP\s)\s?(?P<low>{_N})(?:\s?[-–]\s?[€£]?(?P<high>{_N}))?"
    rf"|(?P<low2>{_N})(?:\s?[-–]\s?(?P<high2>{_N}))?\s?(?P<after>€|£|EUR|GBP|euros?|pounds)\b)",
    re.IGNORECASE,
)

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def _rule(pattern: str, to: str | Callable[[re.Match[str]], str]) -> Rule:
    return re.compile(pattern, re.IGNORECASE), to


_RULES: tuple[Rule, ...] = (
    _rule("[\u2018\u2019]", "'"),
    _rule(r"(?<=\d)\s?¢", " cents"),
    _rule(r"(?<!\d )\b(?:a|one) (million|billion|thousand)\b", r"1 \1"),
    _rule(r"\b24/7\b", "around the clock"),
    _rule(r"\b(?:won't|can't|cannot|can not|will not|wouldn't|does not|doesn't|do not|don't)\s+(?:fit|run)\b"
          r"(?: (?:in|into|on|onto))?", "does not fit in"),
    _rule(r"\b(a dozen|two|three|four|five|six|seven|eight|nine|ten|twelve)(?=\s+[a-z])",
          lambda found: _NUMBERS[found[1].lower()]),
    _rule(r"\b(an|one|1|2|3) orders? of magnitude", lambda found: _ORDERS[found[1].lower()]),
    _rule(r"\b(in|within|after|under|per) (?:a|an|one) (year|month|week|day)\b(?! of)", r"\1 1 \2"),
    _rule(r"\b(?:(?:an? |one |1 )(?=half|third|quarter|fifth|tenth|hundredth)|(?=half))"
          rf"(half|third|quarter|fifth|tenth|hundredth) (?:of )?(?:the |as )?"
          rf"(?:{_PRICE}(?: of| as)?|expensive as|much as)\b",
          lambda found: f"{_PARTS[found[1].lower()]}x cheaper than"),
    _rule(rf"({_N})\s?(?:%|percent) of the {_PRICE} of\b",
          lambda found: f"{100 - float(found[1].replace(',', '')):g}% cheaper than"),
    _rule(rf"({_N})\s?(?:x|times) (?:the {_PRICE} of|as expensive as|as much as|more than)\b",
          r"\1x more expensive than"),
    _rule(rf"({_N})\s?(?:%|percent) more than\b", r"\1% more expensive than"),
    _rule(rf"\b(?:twice|double) (?:the {_PRICE} of|as expensive as|as much as)\b", "2x more expensive than"),
    _rule(rf"\btriple the {_PRICE} of\b", "3x more expensive than"),
)  # fmt: skip


def reworded(sentence: str) -> str:
    """The sentence in the words of the grammar: `half the price of` becomes `2x cheaper than`."""
    for pattern, to in _RULES:
        sentence = pattern.sub(to, sentence)
    return sentence


def in_usd(sentence: str, usd_per: Callable[[str], float]) -> tuple[str, list[str]]:
    """The sentence with euros and pounds in dollars, "about" as much, and how they were converted."""
    notes: list[str] = []

    def converted(found: re.Match[str]) -> str:
        currency = _SYMBOLS[(found["before"] or found["after"]).strip().lower()]
        rate = usd_per(currency)
        ends = [found["low"] or found["low2"], found["high"] or found["high2"]]
        usd = "-".join(f"{float(end.replace(',', '')) * rate:.4g}" for end in ends if end)
        notes.append(f"{found[0].strip()} is about {usd} USD, at {rate:g} USD/{currency}")
        return f"~${_bare(usd)} " if found["after"] else f"~${_bare(usd)}"

    return _FOREIGN.sub(converted, sentence), notes


def _bare(text: str) -> str:
    return "-".join(f"{float(part):.12g}" for part in text.split("-")) if "e" in text else text
