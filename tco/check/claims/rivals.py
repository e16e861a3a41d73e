"""What else the same publication says about the same thing."""

from __future__ import annotations

from tco.check.claims.evidence import plain
from tco.check.claims.outcome import Outcome
from tco.check.claims.quantity import Quantity, quantity
from tco.check.claims.record import Statement
from tco.check.claims.relation import CLOSE_FRAC, tolerance
from tco.check.claims.vocabulary import KINDS


def rivals(state: Statement, stated: Quantity | str, beside: list[tuple[str, Statement]]) -> list[Outcome]:
    """What the same publication says otherwise: another value of this, or another meaning of the same figures."""
    found = []
    for name, other in beside:
        same = bool(state.about) and other.quantity == state.quantity and _spelled(other) == _spelled(state)
        if same and not _equal(state, stated, other):
            note = f"the same publication says {other.value} ({name})"
            found.append(
                Outcome("contradicts", (f"{state.value} here; {note}",), (name,), _times(state, stated, other))
            )
        elif (
            not same
            and state.origin
            and plain(other.origin) == plain(state.origin)
            and plain(other.value) == plain(state.value)
        ):
            here, there = (" ".join((each.quantity, *each.about.values())) for each in (state, other))
            note = f"the same figures of {state.origin} mean {here!r} here and {there!r} there ({name})"
            found.append(Outcome("contradicts", (note,), (name,)))
    return found


def _spelled(state: Statement) -> dict[str, str]:
    return {key: plain(value) for key, value in state.about.items()}


def _equal(state: Statement, stated: Quantity | str, other: Statement) -> bool:
    ours, theirs = _ends(state, stated), _ends(other, _value(other))
    if isinstance(ours, str) or isinstance(theirs, str):
        return plain(str(other.value)) == plain(str(state.value))
    # The words "over", "up to" and their kind leave room for any figure on their side.
    if isinstance(stated, Quantity) and stated.bound not in ("is", "about"):
        return True
    tol = tolerance(stated) if isinstance(stated, Quantity) else CLOSE_FRAC
    return all(abs(left - right) <= tol * max(abs(left), abs(right)) for left, right in zip(ours, theirs, strict=True))


def _value(state: Statement) -> Quantity | str:
    return (
        state.value if state.quantity == "is" or state.value in KINDS[state.quantity].words else quantity(state.value)
    )


def _ends(state: Statement, held: Quantity | str) -> tuple[float, float] | str:
    """Both ends; of a saving always as a ratio, so that 50% and 2x are the same."""
    if isinstance(held, str):
        return held
    if state.quantity == "saving" and held.unit in ("%", "percent") and held.high < 1:
        return 1 / (1 - held.low), 1 / (1 - held.high)
    return held.low, held.high


def _times(state: Statement, stated: Quantity | str, other: Statement) -> float:
    ours, theirs = _ends(state, stated), _ends(other, _value(other))
    if isinstance(ours, str) or isinstance(theirs, str) or min(*ours, *theirs) <= 0:
        return 1.0
    return max(1.0, ours[0] / theirs[1], theirs[0] / ours[1])
