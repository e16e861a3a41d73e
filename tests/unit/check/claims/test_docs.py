"""The lists of docs/claims.md are those of the code."""

from __future__ import annotations

from pathlib import Path

from tco.check.claims.formulas import NAMED
from tco.check.claims.shapes import SHAPES
from tco.check.claims.vocabulary import KEYS, KINDS

PAGE = Path(__file__).resolve().parents[4] / "docs" / "claims.md"


def lists() -> dict[str, str]:
    return {
        "formulas": "\n".join(f"| `{name}` | {named.says} | `{named.text}` |" for name, named in NAMED.items()),
        "quantities": "\n".join(
            f"| `{name}` | {kind.says} | {', '.join(f'`{key}`' for key in kind.needs)} |"
            for name, kind in KINDS.items()
        ),
        "keys": "\n".join(f"| `{key}` | {says} |" for key, says in KEYS.items()),
        "shapes": "\n".join(dict.fromkeys(shape.example for shape in SHAPES)),
    }


def test_the_page_lists_every_formula_quantity_key_and_shape() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, listed in lists().items():
        assert listed in text, f"{name}: docs/claims.md should hold\n{listed}"
