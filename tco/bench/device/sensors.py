"""Where a window's energy comes from: the driver's counter and power, or a monitor on the board of a module."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tco.bench.device.energy import ReadNumber
from tco.bench.device.nvml import Gpu
from tco.bench.device.reading import Reading, missing
from tco.describe.profile import NotMeasured

HWMON = Path("/sys/class/hwmon")
MW_PER_W, UW_PER_W = 1e3, 1e6
# Rails that add up to a module. Source: Jetson Linux Developer Guide, Software-Based Power Consumption Modeling
# and INA3221 tables: VDD_IN is the input of Orin NX, Orin Nano and Xavier NX; AGX Orin has no such rail.
INPUT_RAILS = (("VDD_IN",), ("VIN",), ("VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"))


@dataclass(frozen=True, slots=True)
class Sensors:
    """What a window reads, and a sentence on what the numbers are of."""

    counter_j: ReadNumber
    power_w: ReadNumber
    note: str = ""


def none(reason: str) -> Sensors:
    """Nothing to read, and why."""
    return Sensors(lambda: missing(reason), lambda: missing(reason))


def of_card(card: Gpu | None, why: str) -> Sensors:
    """Counter and power of an NVIDIA GPU; a module whose driver tells neither has a monitor on its board."""
    if card is None:
        return none(why)
    if isinstance(card.power_w(), NotMeasured) and not isinstance(jetson_power_w(), NotMeasured):
        return Sensors(card.energy_j, jetson_power_w, "power of the whole module, by the monitor on its board")
    return Sensors(card.energy_j, card.power_w)


def jetson_power_w(root: Path | None = None) -> Reading[float]:
    """Input power of a Jetson module: an INA238 at its input, else the INA3221 rails that make up the module."""
    rails: dict[str, float] = {}
    try:
        for monitor in sorted((root or HWMON).glob("hwmon*")):
            kind = (monitor / "name").read_text().strip()
            if kind == "ina238":
                return _number(monitor / "power1_input") / UW_PER_W
            if kind == "ina3221":
                rails |= _rails(monitor)
    except (OSError, ValueError) as error:
        return missing(f"the board's power monitor: {error}")
    for names in INPUT_RAILS:
        if all(name in rails for name in names):
            return sum(rails[name] for name in names)
    return missing(f"no rail of the whole module (there are {', '.join(rails)})" if rails else "no power monitor")


def _rails(monitor: Path) -> dict[str, float]:
    """Watts by rail: volts times amperes of each labelled channel."""
    labels = {i: monitor / f"in{i}_label" for i in (1, 2, 3)}
    return {
        path.read_text().strip(): _number(monitor / f"in{i}_input") / MW_PER_W * _number(monitor / f"curr{i}_input")
        / MW_PER_W
        for i, path in labels.items()
        if path.exists()
    }  # fmt: skip


def _number(path: Path) -> float:
    return float(path.read_text())
