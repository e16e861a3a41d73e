"""Days and instants as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tco.errors import InvalidInputError, Problem


def parse_day(text: str, option: str = "--as-of") -> date:
    """A day such as 2026-11-22; raises InvalidInputError."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise InvalidInputError(
            [Problem(option, 0, 0, "", f"got {text!r}; expected a date such as 2026-11-22")]
        ) from None


def parse_instant(text: str | None, option: str = "--at") -> datetime:
    """An ISO 8601 instant, UTC where it names no zone; the present one for None. Raises InvalidInputError."""
    if text is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        message = f"got {text!r}; expected an instant such as 2026-11-22T14:00:00Z, or a day"
        raise InvalidInputError([Problem(option, 0, 0, "", message)]) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
