"""Formulas by name: what each needs, in which unit, between which limits, and the same arithmetic as everywhere else.

They are the closed forms of `tco.cost.unit_costs`, `tco.perform` and `tco.decide`, written so that dimensions and a
missing input can be followed; a test holds them against those functions.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Missing:
    """What an input that nobody states may plausibly be; ``assumed`` is used, otherwise the range is searched.

    ``usual`` is the narrower range in which a power of ten may explain a miss.
    """

    plausible: str
    assumed: str | None = None
    usual: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A formula with a name."""

    says: str
    text: str
    missing: dict[str, Missing]


NAMED: dict[str, Named] = {
    "machine_cost": Named(
        "cost of a token on an owned machine: capital over the tokens of its life, plus energy",
        "capex / (speed * utilisation * life) + power * tariff / speed",
        {
            "utilisation": Missing("0.001-1 frac", usual="0.05-1 frac"), "life": Missing("12-84 months", "36 months"),
            "tariff": Missing("0.02-0.60 USD/kWh", "0.15 USD/kWh"), "speed": Missing("1-20000 tok/s"),
            "power": Missing("5-2000 W"), "capex": Missing("100-500000 USD"),
        },
    ),
    "rented_cost": Named(
        "cost of a token on a rented GPU",
        "rental / (speed * utilisation)",
        {
            "utilisation": Missing("0.001-1 frac", usual="0.05-1 frac"),
            "speed": Missing("1-20000 tok/s"),
            "rental": Missing("0.1-20 USD/h"),
        },
    ),
    "energy_cost": Named(
        "energy of a token",
        "power * tariff / speed",
        {
            "tariff": Missing("0.02-0.60 USD/kWh", "0.15 USD/kWh"),
            "speed": Missing("1-20000 tok/s"),
            "power": Missing("5-2000 W"),
        },
    ),
    "compute_cost": Named(
        "cost of a token from its operations on a rented GPU at a share of its peak",
        "rental * flop / (peak * mfu)",
        {"mfu": Missing("0.001-0.7 frac")},
    ),
    "power_cost": Named(
        "electricity of a steady draw",
        "power * tariff",
        {"tariff": Missing("0.02-0.60 USD/kWh", "0.15 USD/kWh"), "power": Missing("5-20000 W")},
    ),
    "payback": Named("upfront over what is saved in a month", "upfront / saving", {}),
    "weights": Named("bytes of weights", "params * bits", {"bits": Missing("2-16 bit")}),
    "flop_per_token": Named("operations of a token: 2 for each active parameter", "2 * active * unit('FLOP/tok')", {}),
    "routing_bound": Named("the most that routing can save when a share stays on the dear tier", "1 / hard", {}),
    "routing_saving": Named(
        "saving when a share goes to a cheaper tier",
        "dear / (share * cheap + (1 - share) * dear)",
        {"share": Missing("0-1 frac")},
    ),
    "outcome_cost": Named("cost of a success", "per_try / success", {"success": Missing("0.01-1 frac")}),
}  # fmt: skip


def spelled(formula: str) -> str:
    """The arithmetic of a formula, by name or as written."""
    named = NAMED.get(formula.strip())
    return named.text if named else formula


def missing(formula: str, name: str) -> Missing | None:
    """What an input of a named formula may plausibly be, or None."""
    named = NAMED.get(formula.strip())
    return named.missing.get(name) if named else None
