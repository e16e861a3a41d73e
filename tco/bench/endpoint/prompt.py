"""Prompts of a wanted length that no cache can know, and how many of the server's tokens a word of them is."""

from __future__ import annotations

import random
import re
import uuid
from dataclasses import dataclass

WORDS = re.findall(
    r"\w+",
    "time year people way day man thing woman life child world school state family student group country "
    "problem hand part place case week company system program question work number night point home water "
    "room mother area money story fact month lot right study book eye job word business issue side kind "
    "head house service friend father power hour game line end member law car city name team minute idea "
    "body back parent face level office door health art war history party result change morning reason "
    "research girl guy moment air teacher force education ",
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Prompt tokens as a line over words: ``fixed_tok`` is the server's own template with the nonce."""

    fixed_tok: float = 0.0
    tok_per_word: float = 1.0
    is_calibrated: bool = False

    def n_words(self, input_tok: int) -> int:
        """Words after the nonce for a prompt of about ``input_tok`` tokens; none where the template fills it."""
        return max(int((input_tok - self.fixed_tok) / self.tok_per_word + 0.5), 0)

    @property
    def template_tok(self) -> float:
        """Tokens that every request shares, at most."""
        return self.fixed_tok if self.is_calibrated else 0.0


UNCALIBRATED = Scale()


def through(*points: tuple[int, int]) -> Scale:
    """The line through the last two of some (words, prompt tokens); not calibrated where tokens do not grow."""
    (words_a, tok_a), (words_b, tok_b) = points[-2:]
    if words_a == words_b or (tok_b - tok_a) * (words_b - words_a) <= 0:
        return UNCALIBRATED
    slope = (tok_b - tok_a) / (words_b - words_a)
    return Scale(max(tok_a - slope * words_a, 0.0), slope, is_calibrated=True)


class Prompts:
    """Texts from a seed; each begins with a nonce that was never sent before, on any run."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def text(self, n_words: int) -> str:
        """A nonce and ``n_words`` common words."""
        return " ".join([uuid.uuid4().hex[:12], *self._random.choices(WORDS, k=n_words)])
