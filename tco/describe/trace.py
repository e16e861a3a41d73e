"""A recorded stretch of requests: when each came and, where known, how long its prompt and answer were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from tco.units import S_PER_H

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
else:
    Array = object

DAY_S = 24.0 * S_PER_H
WEEK_S = 7.0 * DAY_S


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Requests in order of arrival, the first at 0 s; at least two, not all at once.

    ``window_s`` is a request's stay, the window over which ``burst_ratio`` compares the busiest with the mean.
    Lengths are None where the file has none.
    """

    name: str
    at_s: Array
    input_tok: Array | None
    output_tok: Array | None
    window_s: float = 60.0

    @property
    def span_s(self) -> float:
        """Time from the first to the last arrival."""
        return float(self.at_s[-1])

    @property
    def req_per_s(self) -> float:
        """Mean rate over the span."""
        return len(self.at_s) / self.span_s

    @property
    def burst_ratio(self) -> float:
        """Busiest window over the mean one, whole and sliding: max count / (rate x window), 1 or more."""
        window_s = min(self.window_s, self.span_s)
        first = np.searchsorted(self.at_s, self.at_s - window_s, side="right")
        most = float(np.max(np.arange(1, len(self.at_s) + 1) - first))
        return max(most / (self.req_per_s * window_s), 1.0)

    @property
    def arrival_scv(self) -> float | None:
        """c_a^2: variance over mean of the counts of whole windows; None with fewer than ten of them."""
        n_windows = int(self.span_s // self.window_s)
        if n_windows < 10:
            return None
        counts = np.bincount((self.at_s // self.window_s).astype(np.int64), minlength=n_windows)[:n_windows]
        return float(np.var(counts) / np.mean(counts))

    @property
    def output_scv(self) -> float | None:
        """Squared coefficient of variation of the answers: E[O^2]/E[O]^2 - 1."""
        return None if self.output_tok is None else float(np.var(self.output_tok) / np.mean(self.output_tok) ** 2)

    @property
    def input_bias_frac(self) -> float | None:
        """How much longer the prompts of long answers are: E[IO]/(E[I] E[O]) - 1."""
        if self.input_tok is None or self.output_tok is None:
            return None
        product = float(np.mean(self.input_tok * self.output_tok))
        return product / float(np.mean(self.input_tok) * np.mean(self.output_tok)) - 1.0
