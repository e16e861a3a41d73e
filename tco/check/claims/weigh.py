"""A stated value against what is known: the decision procedure of one quantity."""

from __future__ import annotations

from collections.abc import Sequence

from tco.check.claims.evidence import Reading
from tco.check.claims.outcome import Outcome
from tco.check.claims.quantity import Quantity
from tco.check.claims.relation import ABOUT_FRAC, CLOSE_FRAC, Relation, relate, slip

MAX_LINES = 6


def weigh(stated: Quantity | str, readings: Sequence[Reading]) -> Outcome | None:
    """Verdict of the evidence; None when nothing is known.

    What holds on the claim's date decides; without it a later or a rumoured reading does. Among readings that leave
    nothing open, the best source decides. Where every reading depends on a key the claim leaves out, it agrees only
    if all do.
    """
    now = [each for each in readings if each.when == "now"]
    if not now:
        return _without_present(stated, readings)
    lines = tuple(str(each) for each in now[:MAX_LINES])
    narrower = [each for each in now if each.among]
    if narrower and len(narrower) == len(now):
        note = f"the source says it of {narrower[0].among}; the claim drops the condition"
        return Outcome("contradicts", (*lines, note), _sources(narrower))
    closed = [each for each in now if not each.open and not each.among]
    if closed:
        best = min(each.rank for each in closed)
        found = _closed(stated, [each for each in closed if each.rank == best], lines)
    else:
        found = _open(stated, [each for each in now if each.open], lines)
    if found.verdict != "contradicts":
        return found
    return _explained(stated, now, readings, lines) or found


def slower(stated: Quantity, readings: Sequence[Reading]) -> Outcome | None:
    """As `weigh`, for a speed: any speed below the measured ones can be had, under a load nobody stated."""
    found = weigh(stated, readings)
    most = max((each.value.high for each in readings if isinstance(each.value, Quantity)), default=0.0)
    if found is None or found.verdict != "contradicts" or stated.high > most * (1 + CLOSE_FRAC):
        return found
    note = "slower than was measured: the engine, the number format or the load is not stated"
    return Outcome("needs_assumption", (*found.lines[:-1], note), found.against)


def doubled(stated: Quantity, readings: Sequence[Reading]) -> Outcome | None:
    """As `weigh`, for a peak: a miss that is the peak with sparsity lacks that word."""
    dense = [each for each in readings if "sparsity" not in dict(each.open)]
    found = weigh(stated, dense)
    other = [each for each in readings if each not in dense and held(stated, each) == "agrees"]
    if found is None or found.verdict != "contradicts" or not other:
        return found
    note = f"{stated} is {other[0]}; the claim does not say so"
    return Outcome("needs_assumption", (*found.lines[:-1], note), (other[0].source,), found.off)


def _closed(stated: Quantity | str, best: Sequence[Reading], lines: tuple[str, ...]) -> Outcome:
    relations = [held(stated, each) for each in best]
    if "misses" in relations:
        wrong = [each for each, relation in zip(best, relations, strict=True) if relation == "misses"]
        if len(wrong) < len(best):
            # A maximum or a minimum that is broken decides; two figures of equal standing leave the choice open.
            broken = [each for each in wrong if isinstance(each.value, Quantity) and each.value.bound != "is"]
            if not broken:
                return Outcome("needs_assumption", (*lines, "sources of equal standing disagree"), _sources(wrong))
        near = _nearest(stated, wrong)
        return Outcome("contradicts", (*lines, _against(stated, near)), _sources(wrong), _times(stated, near))
    if "part" in relations:
        return Outcome("needs_assumption", (*lines, f"{_said(stated)} holds for a part of it only"), _sources(best))
    return _conditioned(best, lines)


def _conditioned(agreeing: Sequence[Reading], lines: tuple[str, ...]) -> Outcome:
    dropped = [key for each in agreeing for key in each.dropped]
    if dropped and all(each.dropped for each in agreeing):
        conditions = "; ".join(dict.fromkeys(f"{key}: {value}" for key, value in dropped))
        note = f"it holds under conditions the claim leaves out ({conditions})"
        return Outcome("needs_assumption", (*lines, note), _sources(agreeing))
    return Outcome("consistent", lines, _sources(agreeing))


def _open(stated: Quantity | str, readings: Sequence[Reading], lines: tuple[str, ...]) -> Outcome:
    relations = [held(stated, each) for each in readings]
    keys = ", ".join(dict.fromkeys(key for each in readings for key, _ in each.open))
    agreeing = [each for each, relation in zip(readings, relations, strict=True) if relation == "agrees"]
    if len(agreeing) == len(readings):
        if any(key == "build" for each in agreeing for key, _ in each.open):
            return Outcome(
                "needs_assumption", (*lines, "which build, and how it was run, is not said"), _sources(agreeing)
            )
        return _conditioned(agreeing, lines)
    if agreeing or "part" in relations:
        which = ", ".join(str(dict(each.open)) for each in agreeing[:3]).replace("'", "")
        note = f"it holds for {which or 'a part of the readings'} only; the claim does not state {keys}"
        return Outcome("needs_assumption", (*lines, note), _sources(agreeing))
    nearest = _nearest(stated, readings)
    return Outcome(
        "contradicts",
        (*lines, f"no reading of {keys} gives {_said(stated)}"),
        _sources(readings),
        _times(stated, nearest),
    )


def _explained(
    stated: Quantity | str, now: Sequence[Reading], readings: Sequence[Reading], lines: tuple[str, ...]
) -> Outcome | None:
    """A miss that a power of ten or an earlier value explains."""
    if isinstance(stated, Quantity):
        for each in now:
            if isinstance(each.value, Quantity) and each.value.bound == "is" and (each.value.low or not each.is_spread):
                found = slip(stated, each.value.low, each.value.high, partly=each.is_spread)
                if found:
                    return Outcome(
                        "unit_error", (*lines, f"{stated} is {found.advice}"), (each.source,), 10.0 ** abs(found.power)
                    )
    past = [each for each in readings if each.when in ("past", "rumour") and held(stated, each) == "agrees"]
    if past:
        return Outcome(
            "stale", (*lines, f"it was so: {past[0]}"), (past[0].source,), _times(stated, _nearest(stated, now))
        )
    return None


def _without_present(stated: Quantity | str, readings: Sequence[Reading]) -> Outcome | None:
    rumours = [each for each in readings if each.when == "rumour"]
    later = [each for each in readings if each.when == "later"]
    past = [each for each in readings if each.when == "past"]
    if rumours and any(held(stated, each) == "agrees" for each in rumours):
        lines = tuple(str(each) for each in (*rumours, *later)[:MAX_LINES])
        if later and all(held(stated, each) == "misses" for each in later):
            return Outcome(
                "stale",
                (*lines, "a rumour, since replaced by what was published"),
                _sources(later),
                _times(stated, _nearest(stated, later)),
            )
        return Outcome("needs_assumption", (*lines, "it rests on a rumour"), _sources(rumours))
    if past and any(held(stated, each) == "agrees" for each in past):
        return Outcome("stale", tuple(str(each) for each in past[:MAX_LINES]), _sources(past))
    known = later or past or rumours
    if not known:
        return None
    present = [_present(each) for each in known]
    return weigh(stated, present)


def _present(reading: Reading) -> Reading:
    return Reading(
        reading.value, reading.label, reading.source, "now", reading.since, reading.rank, reading.open, reading.dropped,
        reading.among, reading.is_spread,
    )  # fmt: skip


def held(stated: Quantity | str, reading: Reading) -> Relation:
    """How a stated value relates to one reading."""
    known = reading.value
    if isinstance(stated, str) or isinstance(known, str):
        return "agrees" if str(stated).strip().lower() == str(known).strip().lower() else "misses"
    if known.dims != stated.dims and not _same_points(stated, known):
        return "misses"
    if reading.is_spread:
        return _in_spread(stated, known)
    if known.bound in ("at_least", "more_than"):
        return _over_minimum(stated, known)
    if known.bound in ("at_most", "less_than", "up_to"):
        return "agrees" if stated.low <= known.high * (1 + CLOSE_FRAC) else "misses"
    if known.is_range and stated.bound in ("is", "about") and known.low <= stated.low and stated.high <= known.high:
        return "agrees"  # a range that was observed holds each value in it
    return relate(stated, known.low, known.high)


def _over_minimum(stated: Quantity, known: Quantity) -> Relation:
    """A known minimum refutes less and confirms about as much; far more than it is neither."""
    if stated.high < known.low * (1 - CLOSE_FRAC):
        return "misses"
    return "agrees" if stated.low <= known.low * (1 + ABOUT_FRAC) else "part"


def _same_points(stated: Quantity, known: Quantity) -> bool:
    return {stated.dims, known.dims} == {(), (("point", 1),)}


def _in_spread(stated: Quantity, known: Quantity) -> Relation:
    if stated.bound in ("at_least", "more_than", "at_most", "less_than"):
        return relate(stated, known.low, known.high)  # a bound on a market is one on all of its offers
    if stated.low >= known.low * (1 - CLOSE_FRAC) and stated.high <= known.high * (1 + CLOSE_FRAC):
        return "agrees"
    return (
        "misses" if stated.low > known.high * (1 + CLOSE_FRAC) or stated.high < known.low * (1 - CLOSE_FRAC) else "part"
    )


def _against(stated: Quantity | str, reading: Reading) -> str:
    return f"the claim says {_said(stated)}, against {reading}"


def _said(stated: Quantity | str) -> str:
    if isinstance(stated, str) or stated.bound == "is":
        return str(stated)
    return f"{stated.bound.replace('_', ' ')} {stated}"


def _nearest(stated: Quantity | str, readings: Sequence[Reading]) -> Reading:
    """The reading that is the fewest times off."""
    return min(readings, key=lambda each: _times(stated, each))


def _times(stated: Quantity | str, reading: Reading) -> float:
    if isinstance(stated, str) or isinstance(reading.value, str):
        return 1.0
    ours, theirs = (
        (stated.low, reading.value.high) if stated.low > reading.value.high else (stated.high, reading.value.low)
    )
    if ours <= 0 or theirs <= 0:
        return 1.0
    return max(ours / theirs, theirs / ours)


def _sources(readings: Sequence[Reading]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.source for each in readings))
