"""Small registries and sheets to test pulls with."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tco.describe.offer import RateRow, TokenOffer, When
from tco.sheets.origin import parse_origin
from tco.sheets.pull import Pulled, pull
from tco.sheets.sheet import Sheet
from tco.sheets.store import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def row(usd_in: str = "1", usd_out: str = "2", **stated: Any) -> RateRow:
    """A rate row."""
    named = {"since": date(2026, 1, 1), "source": "vendor", "as_of": date(2026, 1, 1), "kind": "vendor", **stated}
    named.setdefault("usd_per_mtok", {"input": Decimal(usd_in), "output": Decimal(usd_out)})
    return RateRow.model_validate(named)


def offer(model: str = "m-1", *rows: RateRow, provider: str = "acme", **stated: Any) -> TokenOffer:
    """An offer; one row unless some are given."""
    return TokenOffer.model_validate(
        {"provider": provider, "model": model, "tier": "api", "rates": rows or (row(),), **stated}
    )


BATCH = When(processing="batch")


def sheet(*offers: TokenOffer, **stated: Any) -> Sheet:
    """A sheet of offers."""
    return Sheet(**{"created_at": NOW, "offers": offers or (offer(),), **stated})


def litellm(n: int = 20, *, factor: float = 1.0, **extra: Any) -> bytes:
    """A registry in litellm's form with ``n`` models of deepinfra at made-up prices."""
    held: dict[str, Any] = {
        f"deepinfra/acme/model-{i}": {
            "litellm_provider": "deepinfra",
            "mode": "chat",
            "input_cost_per_token": factor * (i + 1) * 1e-7,
            "output_cost_per_token": factor * (i + 1) * 3e-7,
            "max_input_tokens": 8192,
        }
        for i in range(n)
    }
    return json.dumps({**held, **extra}).encode()


def litellm_wheel(path: Path, data: bytes, version: str = "1.2.3") -> Path:
    """A wheel that holds a registry."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("litellm/model_prices_and_context_window_backup.json", data)
    file = path / f"litellm-{version}-py3-none-any.whl"
    file.write_bytes(held.getvalue())
    return file


def pulled(store: Store, *texts: str | Path, now: datetime = NOW, **stated: Any) -> Pulled:
    """A pull of sources, silent and without curated offers."""
    origins = [parse_origin(str(text)) for text in texts]
    return pull(store, origins, now=now, curated=(), say=lambda _: None, **{"timeout_s": 5.0, **stated})
