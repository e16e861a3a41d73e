"""A sentence as a row of typed chunks: names, amounts and key words. What is none of these is not understood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tco.check.claims.amounts import SIDES, amount
from tco.check.claims.evidence import Evidence, plain
from tco.check.claims.lexicon import MAX_PHRASE_WORDS, NOISE, PHRASES, TITLES

MAX_SENTENCE = 400
MAX_NAME_WORDS = 6
MAX_MACHINES = 100_000
_WORD = re.compile(r"[^\s,;:!?()\[\]\"“”]+")
_GAP = re.compile(r"(?:[\s,;:!?()\[\]\"“”]|/(?=\s*\$))*")
_UTILISED = re.compile(r"\s*(?:utili[sz]ation|utili[sz]ed|busy|load|used)\b", re.IGNORECASE)
_BATCH = re.compile(r"(?:batch(?: size)?(?: of)?|concurrency)\s*(\d+)\b(?!\s*%)", re.IGNORECASE)
_BOUND = re.compile(r"(?:less|more) than\s+(?:US)?\$?\d", re.IGNORECASE)
_SETTING = re.compile(r"\b((?:pass|cons|maj|rerank)@\d+)", re.IGNORECASE)
_FAMILY = "claude-"  # a house name people leave out: "Haiku 4.5"
_NO_SELLER = frozenset({"meta", "replicate", "together"})  # words of the language, or makers that do not sell


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a sentence: its type, what it stands for, and the words it was.

    ``side``: the side of a price or of tokens; ``count``: how many of a machine, 0 for a plural without a number.
    """

    type: str
    value: str
    words: str
    side: str = ""
    count: int = 1


def names(evidence: Evidence, *, with_offers: bool = False) -> Mapping[str, tuple[str, str]]:
    """Names of models, machines, benchmarks and plans, plainly written, with type and id.

    Models that are sold but have no profile only where asked for: all price files are read for them.
    """
    found: dict[str, tuple[str, str]] = {}
    catalogue = evidence.context.catalogue
    for row in catalogue.scores:
        found.setdefault(plain(row.benchmark), ("BENCHMARK", row.benchmark))
    for title, benchmark in TITLES.items():
        found.setdefault(plain(title), ("BENCHMARK", benchmark))
    for fact in evidence.facts.values():
        if "plan" in fact.about:
            found.setdefault(plain(fact.about["plan"]), ("PLAN", fact.about["plan"]))
    for machine, spellings in evidence.machine_titles.items():
        for name in spellings:
            found.setdefault(plain(name), ("HARDWARE", machine))
    for offer in catalogue.offers if with_offers else ():
        found.setdefault(plain(offer.model), ("MODEL", offer.model))
    for model, spellings in evidence.model_titles.items():
        for name in spellings:
            found[plain(name)] = ("MODEL", model)
        found.setdefault(plain(model.removeprefix(_FAMILY)), ("MODEL", model))
    for spelling in evidence.families:
        found.setdefault(spelling, ("MODEL", spelling))
    for provider in catalogue.names("pricing/tokens"):
        if provider not in _NO_SELLER:
            found.setdefault(provider, ("PROVIDER", provider))
    return {
        name: held for name, held in found.items() if any(letter.isalpha() for letter in name) or held[0] == "HARDWARE"
    }


def chunks(text: str, known: Mapping[str, tuple[str, str]]) -> tuple[list[Chunk], list[str]]:
    """The chunks of a sentence in order, and the words nothing is known about."""
    found: list[Chunk] = []
    strange: list[str] = []
    at = _gap(text, 0)
    while at < len(text):
        is_from = bool(found) and found[-1].type == "FROM"
        is_bound = not found or found[-1].type not in ("RATIO", "PERCENT")  # but "10x less than $20" compares
        chunk, end = _next(text, at, known, single=is_from, is_bound=is_bound)
        if chunk is not None:
            found.append(chunk)
        else:
            word = _WORD.match(text, at)
            end = word.end() if word else at + 1
            shown = text[at:end].strip(".").lower()
            if shown and shown not in NOISE:
                strange.append(shown)
        at = _gap(text, end)
    return joined([each for each in found if each.type != "SKIP"]), strange


def joined(row: list[Chunk]) -> list[Chunk]:
    """Chunks that belong together as one: `cached input`, `8 H100s`, `2,000 input`, `cuts costs`, `is priced at`."""
    found: list[Chunk] = []
    for chunk in row:
        last = found[-1] if found else None
        merged = _merged(last, chunk) if last else None
        if merged is None:
            found.append(chunk)
        else:
            found[-1] = merged
    return found


def _merged(last: Chunk, chunk: Chunk) -> Chunk | None:
    words = f"{last.words} {chunk.words}"
    pair = last.type, chunk.type
    if pair in (("COST", "COST"), ("SAVE", "COST"), ("RUN", "RUN"), ("FREE", "FREE"), ("RUN", "REACH")):
        return replace(last, words=words)
    if pair == ("SIDE", "SIDE") and last.value == "cache_read" and chunk.value == "input":
        return replace(last, words=words)
    if pair in (("NUMBER", "SIDE"), ("TOKENS", "SIDE")) and not last.side:
        return Chunk("TOKENS", last.value.replace(" count", " tok"), words, chunk.value)
    if pair in (("NUMBER", "HARDWARE"), ("RATIO", "HARDWARE")) and chunk.count < 2:
        number = last.value.split(" ")[0]
        if number.isdigit() and 0 < int(number) <= MAX_MACHINES:
            return Chunk("HARDWARE" if number == "1" else "CLUSTER", chunk.value, words, "", int(number))
    return None


def _gap(text: str, at: int) -> int:
    match = _GAP.match(text, at)
    return match.end() if match else at


def _next(
    text: str, at: int, known: Mapping[str, tuple[str, str]], *, single: bool = False, is_bound: bool = False
) -> tuple[Chunk | None, int]:
    if is_bound and _BOUND.match(text, at):
        return _amount(text, at, single=single)
    for pattern, kind in ((_BATCH, "BATCH"), (_SETTING, "SETTING")):
        match = pattern.match(text, at)
        if match:
            return Chunk(kind, match[1].lower(), match[0]), match.end()
    named = _named(text, at, known)
    if named is not None:
        return named
    for length in range(MAX_PHRASE_WORDS, 0, -1):
        ends = list(_ends(text, at, length))
        if len(ends) == length:
            words = " ".join(text[at : ends[-1]].lower().split()).rstrip(".")
            if words in PHRASES:
                return Chunk(PHRASES[words], words, words), ends[-1]
    return _amount(text, at, single=single)


def _amount(text: str, at: int, *, single: bool) -> tuple[Chunk | None, int]:
    """An amount, or the word for a side."""
    held = amount(text, at, single=single)
    if held is None:
        word = _WORD.match(text, at)
        side = SIDES.get(word[0].lower().rstrip(".")) if word and word[0].lower() not in ("in", "out") else None
        return (Chunk("SIDE", side, word[0]), word.end()) if side and word else (None, at)
    used = _UTILISED.match(text, held.end) if held.type == "PERCENT" else None
    if used:
        return Chunk("USE", held.text, text[at : used.end()]), used.end()
    return Chunk(held.type, held.text, text[at : held.end].strip(), held.side), held.end


def _ends(text: str, at: int, n_words: int) -> Iterator[int]:
    for _ in range(n_words):
        match = _WORD.match(text, at)
        if not match:
            return
        yield match.end()
        at = match.end()
        while at < len(text) and text[at] == " ":
            at += 1


def _named(text: str, at: int, known: Mapping[str, tuple[str, str]]) -> tuple[Chunk, int] | None:
    ends = list(_ends(text, at, MAX_NAME_WORDS))
    for end in reversed(ends):
        words = text[at:end]
        bare = words.rstrip(".")
        for spelling in (words, bare, bare.removesuffix("'s"), bare.removesuffix("s")):
            held = known.get(plain(spelling))
            if held and (any(map(str.isalpha, spelling)) or _stands_alone(text, end)):
                is_many = held[0] == "HARDWARE" and spelling != bare and not bare.endswith("'s")
                return Chunk(held[0], held[1], words, "", 0 if is_many else 1), end
    return None


def _stands_alone(text: str, end: int) -> bool:
    """Whether digits such as ``4090`` are a name: no unit follows."""
    following = amount("1" + text[end:], 0)
    return following is None or following.type == "NUMBER"
