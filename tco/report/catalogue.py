"""The reports of ``tco list`` and ``tco show``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from rich.text import Text

from tco.describe.hardware import Hardware
from tco.describe.offer import Meter, TokenOffer
from tco.errors import MissingDataError, UnknownNameError
from tco.files.catalogue import Catalogue
from tco.files.instants import parse_day
from tco.files.marks import read
from tco.price.rates import Request, effective, select
from tco.report import filters, record
from tco.report.grid import Column, Row, grid
from tco.report.table import console, say
from tco.report.text import DASH, plain, prose

Rows = list[dict[str, Any]]

KEYS = {  # what names a row, where one column does not
    "rentals": ["provider", "instance", "region"],
    "quality": ["model", "benchmark"],
    "electricity": ["country", "region", "sector", "band"],
}
METERS: tuple[Meter, ...] = ("input", "output", "cache_read")
PROSE = ("note", "source", "scope")  # too long for a column
NUMERIC = ("usd_per_mtok", "usd_per_gpu_h", "price_per_kwh")  # exact decimals, held as text
HEADERS = {
    "memory_gb": "memory|GB", "bandwidth_gb_per_s": "bandwidth|GB/s", "bf16_tflops": "dense bf16|TFLOPS",
    "busy_w": "busy|W", "usd": "price|USD", "as_of": "as of",
    "total_b": "parameters|billion", "active_b": "active|billion",
    "context_tok": "context|tokens", "input_usd_per_mtok": "input|USD/Mtok", "output_usd_per_mtok": "output|USD/Mtok",
    "cache_read_usd_per_mtok": "cache read|USD/Mtok",
    "n_gpus": "GPUs", "usd_per_gpu_h": "USD|/GPU-h",
    "price_per_kwh": "price|/kWh",
}  # fmt: skip


def show_list(what: str, *, as_of: str | None, data: Path | None, as_json: bool, **asked: str | None) -> None:
    """Print one row an entry, of the hardware, provider and model asked for."""
    day = parse_day(as_of) if as_of else datetime.now(UTC).date()
    lister, catalogue = _lister(what), Catalogue(data)
    filters.check(what, asked)
    rows = filters.chosen(what, lister(catalogue, day), asked, catalogue)
    if as_json:
        print(record.dumps({"schema": "tco.list/1", "what": what, "as_of": day, "items": rows}))
        return
    out = console()
    if not rows:
        of = "".join(f" of {name}" for name in asked.values() if name)
        say(out, [Text(f"No {what}{of} in the catalogue on {day}.")])
        return
    say(out, _table(what, rows, out.width))


def show_item(what: str, name: str, *, as_of: str | None, data: Path | None, as_json: bool) -> None:
    """Print one entry whole."""
    day = parse_day(as_of) if as_of else datetime.now(UTC).date()
    held = _find(what, name, Catalogue(data), day)
    if as_json:
        print(record.dumps({"schema": "tco.show/1", "what": what, "name": name, "as_of": day, "item": held}))
        return
    out = console()
    depths = [(line.strip(), len(line) - len(line.lstrip())) for line in _lines(held)]
    say(out, [prose(text, out.width, indent=depth) for text, depth in depths])


def _table(what: str, rows: Rows, width: int) -> list[Text]:
    """Rows under short headers; numbers to the right; a long text stands under its row instead of in a column."""
    names = list(rows[0])
    keys = KEYS.get(what, names[:1])
    shown = [name for name in names if name not in keys and name not in PROSE]
    columns = [
        Column(
            tuple(HEADERS.get(name, name.replace("_", " ")).split("|")),
            0 if _is_number(rows, name) else i + 1,
            not _is_number(rows, name),
        )
        for i, name in enumerate(shown)
    ]
    held = [
        Row(
            _named(row, keys),
            tuple(_cell(row[name]) for name in shown),
            below=tuple(str(row[name] or "") for name in PROSE if name in names),
        )
        for row in rows
    ]
    return grid(columns, held, width=width, key="/".join(keys), may_drop=3)


def _cell(value: Any) -> str:
    if value is None:
        return DASH
    if isinstance(value, float | int):
        return plain(float(value))
    return str(value)


def _is_number(rows: Rows, name: str) -> bool:
    return all(
        row[name] is None or isinstance(row[name], float | int | Decimal) or name.endswith(NUMERIC) for row in rows
    )


def _lister(what: str) -> Callable[[Catalogue, date], Rows]:
    listers: dict[str, Callable[[Catalogue, date], Rows]] = {
        "hardware": _hardware, "models": _models, "workloads": _workloads, "prices": _prices, "rentals": _rentals,
        "plans": _plans, "providers": _providers, "quality": _quality, "electricity": _tariffs, "facility": _facility,
    }  # fmt: skip
    if what not in listers:
        raise UnknownNameError("list", what, listers, "tco list --help")
    return listers[what]


def _value(figure: Any) -> float | None:
    return None if figure is None else float(figure.value)


def _hardware(catalogue: Catalogue, on: date) -> Rows:
    return [
        {
            "id": each.id, "memory_gb": _value(each.memory_gb), "bandwidth_gb_per_s": _value(each.bandwidth_gb_per_s),
            "bf16_tflops": _value(each.dense_tflops.get("bf16") or each.dense_tflops.get("fp16")),
            "busy_w": _value(each.busy_w), "usd": _last_usd(each, on),
            "status": each.status, "kind": each.kind, "as_of": each.as_of,
        }
        for each in catalogue.all_hardware.values()
    ]  # fmt: skip


def _last_usd(hardware: Hardware, on: date) -> float | None:
    begun = [(price.since, price.usd.value) for price in hardware.prices if price.since <= on]
    return max(begun)[1] if begun else None


def _models(catalogue: Catalogue, _: date) -> Rows:
    return [
        {
            "id": each.id, "total_b": _value(each.params_total_b), "active_b": _value(each.params_active_b),
            "context_tok": each.context_tok, "weights": each.weights, "modality": each.modality, "status": each.status,
        }
        for each in catalogue.all_models.values()
    ]  # fmt: skip


def _workloads(catalogue: Catalogue, _: date) -> Rows:
    documents = [(name, read(catalogue.workload_path(name)).data) for name in catalogue.names("workloads")]
    return [{"id": name, "name": data.get("name"), "note": data.get("note", "")} for name, data in documents]


def _prices(catalogue: Catalogue, on: date) -> Rows:
    return [price_row(offer, on) for offer in catalogue.offers]


def price_row(offer: TokenOffer, on: date) -> dict[str, Any]:
    """An offer's standard prices of a day, with the row's date and kind, or why there is none."""
    rows = effective(offer, on, allow_rumoured=True)
    try:
        found = {meter: select(rows, meter, Request()) for meter in METERS}
    except MissingDataError as error:
        return {**_unpriced(offer), "kind": f"no single price: {error}"}
    lead = found["input"] or found["output"]
    return {
        "id": f"{offer.provider}/{offer.model}",
        "tier": offer.tier,
        **{f"{meter}_usd_per_mtok": str(rate.usd_per_mtok) if rate else None for meter, rate in found.items()},
        "since": str(lead.row.since)[:10] if lead else None,
        "as_of": lead.row.as_of if lead else None,
        "kind": lead.row.kind if lead else f"no price: {offer.unpriced or f'none in force on {on}'}",
    }


def _unpriced(offer: TokenOffer) -> dict[str, Any]:
    meters = {f"{meter}_usd_per_mtok": None for meter in METERS}
    return {"id": f"{offer.provider}/{offer.model}", "tier": offer.tier, **meters, "since": None, "as_of": None}


def _rentals(catalogue: Catalogue, on: date) -> Rows:
    return [
        {
            "provider": row.provider, "instance": row.instance, "hardware": row.hardware, "n_gpus": row.n_gpus,
            "region": row.region, "plan": row.plan, "usd_per_gpu_h": str(row.usd_per_gpu_h),
            "since": row.since, "kind": row.kind,
        }
        for row in catalogue.rentals
        if row.since <= on
    ]  # fmt: skip


def _plans(catalogue: Catalogue, _: date) -> Rows:
    return [
        {
            "id": name,
            "kind": offer.kind_of_offer,
            "provider": offer.provider,
            "model": offer.model,
            "name": offer.name,
            "since": offer.since,
        }
        for name, offer in catalogue.plans.items()
    ]


def _providers(catalogue: Catalogue, _: date) -> Rows:
    return [
        {
            "id": each.id, "name": each.name, "country": each.country, "residency": " ".join(each.residency),
            "compliance": " ".join(each.compliance), "kind": each.kind,
        }
        for each in catalogue.providers.values()
    ]  # fmt: skip


def _quality(catalogue: Catalogue, on: date) -> Rows:
    names = ("model", "benchmark", "score", "metric", "as_of", "kind", "source")
    return [{name: getattr(row, name) for name in names} for row in catalogue.scores if row.as_of <= on]


def _tariffs(catalogue: Catalogue, on: date) -> Rows:
    names = ("country", "region", "sector", "band", "price_per_kwh", "currency", "as_of", "kind")
    return [{name: getattr(row, name) for name in names} for row in catalogue.tariffs if row.as_of <= on]


def _facility(catalogue: Catalogue, _: date) -> Rows:
    names = ("id", "name", "scope", "value", "unit", "as_of", "kind")
    return [{name: getattr(row, name) for name in names} for row in catalogue.facility.values()]


def _find(what: str, name: str, catalogue: Catalogue, on: date) -> Any:
    if what == "hardware":
        return _dump(catalogue.hardware(name))
    if what == "models":
        return _dump(catalogue.model(name))
    if what == "workloads":
        return read(catalogue.workload_path(name)).data
    if what == "prices":
        return _offers(catalogue, name, on)
    records = getattr(catalogue, what) if what in ("plans", "providers", "facility") else {}
    if name.lower() in records:
        return _dump(records[name.lower()])
    rows = _lister(what)(catalogue, on)
    keys = KEYS.get(what, list(rows[0])[:1] if rows else ["id"])
    found = [row for row in rows if name.lower() in (str(row[keys[0]]).lower(), _named(row, keys).lower())]
    if not found:
        raise UnknownNameError(what, name, [_named(row, keys) for row in rows], f"tco list {what}")
    return found


def _named(row: dict[str, Any], keys: list[str]) -> str:
    """A row as ``tco list`` names it."""
    return "/".join(str(row[key]) for key in keys if row[key])


def _offers(catalogue: Catalogue, name: str, on: date) -> list[dict[str, Any]]:
    wanted = name.lower()
    found = [
        offer for offer in catalogue.offers
        if wanted in (offer.model, f"{offer.provider}/{offer.model}", *(alias.lower() for alias in offer.aliases))
    ]  # fmt: skip
    if not found:
        raise UnknownNameError(
            "price of", name, [f"{offer.provider}/{offer.model}" for offer in catalogue.offers], "tco list prices"
        )
    return [{**price_row(offer, on), "rates": [_dump(row) for row in offer.rates]} for offer in found]


def _dump(held: BaseModel) -> dict[str, Any]:
    return held.model_dump(exclude_none=True, exclude_defaults=True)


def _lines(held: Any, indent: str = "") -> list[str]:
    """Nested data as indented lines; a figure on one line with its provenance."""
    if isinstance(held, dict) and {"value", "source"} <= held.keys():
        between = f" ({plain(held['low'])} – {plain(held['high'])})" if "low" in held else ""
        day = f", {held['as_of']}" if held.get("as_of") else ""
        origin = f"[{held.get('kind', 'assumed')}{day}] {held['source']}"
        return [f"{indent}{plain(held['value'])} {held.get('unit', '')}{between}  {origin}"]
    if isinstance(held, dict):
        lines: list[str] = []
        for key, part in held.items():
            inner = _lines(part, indent + "  ")
            lines += [f"{indent}{key}: {inner[0].strip()}"] if len(inner) == 1 else [f"{indent}{key}:", *inner]
        return lines
    if isinstance(held, list | tuple):
        return [
            line
            for part in held
            for line in ([*_lines(part, indent + "  "), ""] if isinstance(part, dict) else [f"{indent}- {part}"])
        ]
    return [f"{indent}{held}"]
