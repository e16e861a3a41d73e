"""A power monitor as the kernel shows it."""

from __future__ import annotations

from pathlib import Path


def board(root: Path, name: str = "hwmon1", **rails: tuple[int, int]) -> Path:
    """An INA3221 with rails of so many mV and mA."""
    monitor = root / name
    monitor.mkdir()
    (monitor / "name").write_text("ina3221\n")
    for i, (label, (mv, ma)) in enumerate(rails.items(), start=1):
        (monitor / f"in{i}_label").write_text(f"{label}\n")
        (monitor / f"in{i}_input").write_text(f"{mv}\n")
        (monitor / f"curr{i}_input").write_text(f"{ma}\n")
    return monitor
