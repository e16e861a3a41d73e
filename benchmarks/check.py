"""The gate on many assumptions: ``python -m benchmarks.check [--items N] [--runs N]``."""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from functools import partial
from pathlib import Path

DAY = "2026-11-22"
N_ITEMS = 10_000
# Prices in force on the day, so that the file is clean; the broken one states them per thousand tokens.
MODELS = (
    ("anthropic/claude-opus-4.6", "5", "25"), ("openai/gpt-4o", "2.5", "10"), ("deepseek/deepseek-r1", "0.55", "2.19"),
    ("anthropic/claude-haiku-4.5", "1", "5"),
)  # fmt: skip
ITEM = """\
  - id: item-{n}-{meter}
    subject: {model} {meter}
    value: "{usd} USD/{per}"
    currency: USD
    source: {{url: "https://example.com/pricing/{n}", quote: "{usd} per million tokens"}}
    retrieved_at: 2026-11-01
    verified_at: 2026-11-10
    valid_until: 2027-06-30
    owner: finops
    grade: official
    tolerance: {{rel: 0.02}}
"""


def text(n_items: int, per: str = "Mtok") -> str:
    """A file of assumptions with every key filled in."""
    parts = ["assumptions:\n"]
    for n in range(n_items // 2):
        model, *prices = MODELS[n % len(MODELS)]
        for meter, usd in zip(("input", "output"), prices, strict=True):
            parts.append(ITEM.format(n=n, meter=meter, model=model, usd=usd, per=per))
    return "".join(parts)


def report(n_items: int = N_ITEMS, n_runs: int = 5) -> str:
    """CPU seconds of the whole command, start-up included, as a Markdown table."""
    from benchmarks.__main__ import child_cpu_s, processor

    lines = ["| file | MB | CPU s | µs an item |", "| --- | ---: | ---: | ---: |"]
    with tempfile.TemporaryDirectory() as folder:
        for name, per in (("clean", "Mtok"), ("every item slipped by 1000", "ktok")):
            path = Path(folder) / f"{per}.yaml"
            path.write_text(text(n_items, per), encoding="utf-8")
            command = [sys.executable, "-m", "tco", "check", str(path), "--as-of", DAY, "--warn-only"]
            cpu_s = min(partial(child_cpu_s, command, folder)() for _ in range(n_runs))
            mb = path.stat().st_size / 1e6
            lines.append(f"| {n_items:,} assumptions, {name} | {mb:.1f} | {cpu_s:.2f} | {cpu_s / n_items * 1e6:,.0f} |")
    where = f"`tco check` from start to end, {processor()}, Python {platform.python_version()}, least of {n_runs} runs."
    return "\n".join([where, "", *lines])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check", description=__doc__)
    parser.add_argument("--items", type=int, default=N_ITEMS)
    parser.add_argument("--runs", type=int, default=5, help="runs of each file, of which the least counts")
    asked = parser.parse_args()
    print(report(asked.items, asked.runs))


if __name__ == "__main__":
    main()
