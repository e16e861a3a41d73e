"""Amounts as people write them: ``$2.50 per million input tokens``, ``0.12 USD/kWh``, ``4-bit``, ``70B``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_N = r"(?:\d[\d,_]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
_MONEY = r"(?:US\$|USD|\$)"
_NUMBER = re.compile(
    rf"(?P<bound>(?:about|around|roughly|over|under|up to|more than|less than|at least|at most|only|just|~|>|<)\s*)?"
    rf"(?P<money>{_MONEY})?\s*(?P<first>{_N})\s?(?P<scale>[kKMBT](?![A-Za-z])|million|billion|trillion|thousand)?"
    rf"(?:\s*(?:-|–|\bto\b)\s*{_MONEY}?\s*(?P<last>{_N})\s?(?P<scale2>[kKMBT](?![A-Za-z])|million|billion|trillion|thousand)?)?",
    re.IGNORECASE,
)
_WORD = re.compile(r"\s*(?:(?P<slash>/)|(?P<word>[A-Za-z$%@][A-Za-z$%.@]*(?:-[A-Za-z]+)*|[\d][\d,]*[KMkm]?(?![\w.])))")
_HYPHEN = re.compile(r"-(?:bit|fold|token)s?\b", re.IGNORECASE)
SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "b": 1e9, "billion": 1e9, "t": 1e12, "trillion": 1e12}
BOUNDS = {
    "about": "about", "around": "about", "roughly": "about", "~": "about", "over": ">", "more than": ">", ">": ">",
    "under": "<", "less than": "<", "<": "<", "up to": "up to", "at least": ">=", "at most": "<=",
}  # fmt: skip
CENTS_PER_USD = 100.0
PER = ("/", "per", "a", "an", "each", "every")
SIDES = {
    "input": "input", "prompt": "input", "in": "input", "output": "output", "completion": "output", "out": "output",
    "generated": "output", "cached": "cache_read", "inputs": "input", "outputs": "output",
}  # fmt: skip
COUNTS = {
    "1m": "1M",
    "million": "1M",
    "m": "1M",
    "1k": "1K",
    "thousand": "1K",
    "k": "1K",
    "1": "1",
    "1,000": "1K",
    "1000": "1K",
    "1,000,000": "1M",
    "1000000": "1M",
}
TOKENS = {"token", "tokens", "tok"}
JOINED = {"mtok": "1M", "mtokens": "1M", "ktok": "1K", "ktokens": "1K"}
# Denominators of money, with the type of the amount they make.
OVER = {
    "hour": ("h", "RATE"),
    "hours": ("h", "RATE"),
    "h": ("h", "RATE"),
    "hr": ("h", "RATE"),
    "gpu-hour": ("h", "RATE"),
    "gpu-h": ("h", "RATE"),
    "month": ("month", "BILL"),
    "months": ("month", "BILL"),
    "mo": ("month", "BILL"),
    "year": ("year", "BILL"),
    "day": ("day", "BILL"),
    "kwh": ("kWh", "TARIFF"),
    "mwh": ("MWh", "TARIFF"),
    "query": ("query", "EACH"),
    "request": ("request", "EACH"),
    "message": ("message", "EACH"),
    "document": ("document", "EACH"),
    "resolution": ("outcome", "OUTCOME"),
    "outcome": ("outcome", "OUTCOME"),
    "success": ("outcome", "OUTCOME"),
    "annually": ("year", "BILL"),
    "monthly": ("month", "BILL"),
    "week": ("week", "BILL"),
}
# What is counted in a time: requests of any name, tokens, kilowatt-hours.
COUNTED = {
    **dict.fromkeys(
        (
            "request",
            "requests",
            "query",
            "queries",
            "call",
            "calls",
            "message",
            "messages",
            "conversations",
            "chats",
            "prompts",
        ),
        ("request", "VOLUME"),
    ),
    **dict.fromkeys(("token", "tokens", "tok"), ("tok", "TOKENS")),
    "kwh": ("kWh", "ENERGY"),
    "mwh": ("MWh", "ENERGY"),
    "wh": ("Wh", "ENERGY"),
}
TIMES = {
    "day": "day",
    "days": "day",
    "month": "month",
    "mo": "month",
    "hour": "h",
    "h": "h",
    "week": "week",
    "year": "year",
    "minute": "min",
}
ADVERBS = {"daily": "day", "monthly": "month", "hourly": "h", "annually": "year", "yearly": "year", "weekly": "week"}
IN_A_TIME = {"VOLUME": "VOLUME", "TOKENS": "FLOW", "ENERGY": "DRAW"}  # fmt: skip
# Units that stand right after a number, as one or more words.
AFTER: dict[tuple[str, ...], tuple[str, str]] = {
    ("x",): ("x", "RATIO"), ("times",): ("x", "RATIO"), ("-fold",): ("x", "RATIO"), ("fold",): ("x", "RATIO"),
    ("%",): ("%", "PERCENT"), ("percent",): ("%", "PERCENT"), ("points",): ("points", "POINTS"),
    ("tok", "/", "s"): ("tok/s", "SPEED"), ("tokens", "/", "s"): ("tok/s", "SPEED"), ("tps",): ("tok/s", "SPEED"),
    ("tokens", "per", "second"): ("tok/s", "SPEED"), ("tok", "per", "second"): ("tok/s", "SPEED"),
    ("tokens", "/", "second"): ("tok/s", "SPEED"), ("tokens", "a", "second"): ("tok/s", "SPEED"),
    ("w",): ("W", "POWER"), ("watts",): ("W", "POWER"), ("watt",): ("W", "POWER"), ("kw",): ("kW", "POWER"),
    ("kb",): ("KB", "MEMORY"), ("kib",): ("KiB", "MEMORY"), ("mb",): ("MB", "MEMORY"), ("mib",): ("MiB", "MEMORY"),
    ("context",): ("tok", "CONTEXT"), ("tokens", "of", "context"): ("tok", "CONTEXT"),
    ("-token", "context"): ("tok", "CONTEXT"), ("token", "context"): ("tok", "CONTEXT"),
    ("context", "length"): ("tok", "CONTEXT"), ("context", "window"): ("tok", "CONTEXT"),
    ("samples",): ("count", "SAMPLES"), ("traces",): ("count", "SAMPLES"), ("votes",): ("count", "SAMPLES"),
    ("gb",): ("GB", "MEMORY"), ("gib",): ("GiB", "MEMORY"), ("tb",): ("TB", "MEMORY"),
    ("gb", "/", "s"): ("GB/s", "BANDWIDTH"), ("tb", "/", "s"): ("TB/s", "BANDWIDTH"),
    ("bit",): ("bit", "BITS"), ("bits",): ("bit", "BITS"), ("-bit",): ("bit", "BITS"),
    ("months",): ("months", "DURATION"), ("month",): ("months", "DURATION"), ("years",): ("years", "DURATION"),
    ("year",): ("years", "DURATION"), ("days",): ("days", "DURATION"), ("weeks",): ("weeks", "DURATION"),
    ("watt-hours",): ("Wh", "ENERGY"), ("kilowatts",): ("kW", "POWER"),
    ("tflops",): ("TFLOPS", "FLOPS"), ("teraflops",): ("TFLOPS", "FLOPS"), ("petaflops",): ("PFLOPS", "FLOPS"),
    ("tflop/s",): ("TFLOPS", "FLOPS"), ("gigaflop", "per", "token"): ("GFLOP/tok", "FLOP"),
    ("pflops",): ("PFLOPS", "FLOPS"), ("gflops",): ("GFLOPS", "FLOPS"),
    ("gflop", "per", "token"): ("GFLOP/tok", "FLOP"), ("gflop", "/", "token"): ("GFLOP/tok", "FLOP"),
    ("tflop", "per", "token"): ("TFLOP/tok", "FLOP"), ("gflop", "/", "tok"): ("GFLOP/tok", "FLOP"),
    ("gflops", "per", "token"): ("GFLOP/tok", "FLOP"), ("tflops", "per", "token"): ("TFLOP/tok", "FLOP"),
    ("parameters",): ("params", "PARAMS"), ("params",): ("params", "PARAMS"), ("parameter",): ("params", "PARAMS"),
    ("tokens",): ("tok", "TOKENS"), ("fte",): ("FTE", "STAFF"),
}  # fmt: skip
LONGEST = max(map(len, AFTER))


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount: its type, its text with a unit the vocabulary knows, the side it names, and where it ends."""

    type: str
    text: str
    side: str
    end: int


def amount(text: str, start: int, *, single: bool = False) -> Amount | None:
    """The amount that begins at a place of a sentence, or None; ``single``: `to` ends it instead of making a range."""
    match = _NUMBER.match(text, start)
    if match and single and match["last"] and re.search(r"\bto\b", match[0]):
        match = _NUMBER.match(text[: max(match.end("scale"), match.end("first"))], start)
    if not match:
        return None
    number = _number(match)
    words = _words(text, match.end())
    letter = (match["scale2"] or match["scale"] or "").lower()
    counted = _counted(number, words)
    if counted is not None and not match["money"]:
        return counted
    if words and words[0][0] in ("cents", "cent") and not match["last"]:
        return _money(f"{float(number.split(' ')[-1]) / CENTS_PER_USD:g}", words[1:], words[0][1])
    if words and words[0][0] in ("usd", "dollars", "dollar", "$"):
        return _money(number, words[1:], words[0][1])
    if match["money"]:
        return _money(number, words, match.end())
    for length in range(min(LONGEST, len(words)), 0, -1):
        known = AFTER.get(tuple(word for word, _ in words[:length]))
        if (
            known
            and known[1] == "PARAMS"
            and letter in ("m", "million", "b", "billion", "t", "trillion")
            and not match["last"]
        ):
            return Amount("PARAMS", f"{match['first']}{letter[0].upper()} params", "", words[length - 1][1])
        if known:
            return Amount(known[1], f"{number} {known[0]}", "", words[length - 1][1])
    if letter in ("b", "billion"):
        return Amount("PARAMS", f"{match['first']}B params", "", match.end())
    return Amount("NUMBER", f"{number} count", "", match.end())


def _counted(number: str, words: list[tuple[str, int]]) -> Amount | None:
    """Requests, tokens or kilowatt-hours, in a time where one follows: `10K requests a day`, `511 kWh per month`."""
    texts = [word for word, _ in words]
    if len(texts) > 1 and texts[0] in ADVERBS and texts[1] in COUNTED:  # "10K daily requests"
        unit, kind = COUNTED[texts[1]]
        return Amount(IN_A_TIME[kind], f"{number} {unit}/{ADVERBS[texts[0]]}", "", words[1][1])
    side = SIDES.get(texts[0], "") if texts else ""
    rest, ends = (texts[1:], words[1:]) if side and len(texts) > 1 and texts[1] in TOKENS else (texts, words)
    side = side if rest is not texts else ""
    if not rest or rest[0] not in COUNTED:
        return None
    unit, kind = COUNTED[rest[0]]
    if len(rest) > 2 and rest[1] in PER and rest[2] in TIMES:
        return Amount(IN_A_TIME[kind], f"{number} {unit}/{TIMES[rest[2]]}", side, ends[2][1])
    if len(rest) > 1 and rest[1] in ADVERBS:
        return Amount(IN_A_TIME[kind], f"{number} {unit}/{ADVERBS[rest[1]]}", side, ends[1][1])
    is_speed = len(rest) > 2 and rest[1] in PER and rest[2] in ("s", "second", "sec")
    is_context = rest[1:2] == ["context"] or rest[1:3] == ["of", "context"]
    if is_speed or is_context:
        return None
    return Amount(kind, f"{number} {unit}", side, ends[0][1])


def _number(match: re.Match[str]) -> str:
    scale = SCALES.get((match["scale"] or match["scale2"] or "").lower(), 1.0)
    scale2 = SCALES.get((match["scale2"] or "").lower(), 1.0)
    bound = BOUNDS.get((match["bound"] or "").strip().lower(), "")
    first = _plain(match["first"], scale if match["scale"] or match["last"] else 1.0)
    text = f"{first}-{_plain(match['last'], scale2)}" if match["last"] else first
    return f"{bound} {text}".strip()


def _plain(digits: str, scale: float) -> str:
    """The digits with their scale worked out, decimals kept as written where there is none."""
    bare = digits.replace(",", "").replace("_", "")
    return bare if scale == 1.0 else f"{float(bare) * scale:.12g}"


def _words(text: str, start: int) -> list[tuple[str, int]]:
    """The next few words, in lower case, with where each ends; a hyphen glued to the number stays on its word."""
    found: list[tuple[str, int]] = []
    hyphen = _HYPHEN.match(text, start)
    if hyphen:
        found.append((hyphen[0].lower().removesuffix("s"), hyphen.end()))
    at = hyphen.end() if hyphen else start
    while len(found) < 7:
        match = _WORD.match(text, at)
        if not match:
            break
        at = match.end()
        found.append(((match["word"] or match["slash"]).lower().rstrip("."), at))
    return found


def _money(number: str, words: list[tuple[str, int]], end: int) -> Amount:
    if not words or words[0][0] not in PER:
        return Amount("MONEY", f"{number} USD", "", end)
    rest = words[1:]
    count, side, place = "1", "", 0
    while place < len(rest):
        word, at = rest[place]
        if word in TOKENS and (count != "1" or word != "tokens"):  # "per tokens" lost its number
            return Amount("PRICE", f"{number} USD/{count} tokens", side, at)
        if word in JOINED:
            return Amount("PRICE", f"{number} USD/{JOINED[word]} tokens", side, at)
        if word in OVER and count == "1" and not side:
            return Amount(OVER[word][1], f"{number} USD/{OVER[word][0]}", "", at)
        if word in COUNTS:
            count = COUNTS[word] if count == "1" else "1M" if {count, COUNTS[word]} == {"1", "1M"} else COUNTS[word]
        elif word in SIDES and count != "1":
            side = side if side == "cache_read" else SIDES[word]
        else:
            break
        place += 1
    if count != "1":  # "$15/1M": tokens go without saying
        return Amount("PRICE", f"{number} USD/{count} tokens", side, rest[place - 1][1])
    return Amount("MONEY", f"{number} USD", "", end)
