"""A full search for one workload: ``python -m benchmarks.search``.

Every open model over a quality floor x every machine of the catalogue, bought or rented x 1 to 8 GPUs a replica (more
where a machine holds more) x every format of equal quality x 24 batches, solved for the latency targets and costed:
what ``tco compare`` does where a workload names no candidates.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tco.decide.eligible import model_objections
from tco.decide.layouts import Built, formats, lay_out, layouts_of
from tco.decide.search import search
from tco.describe.option import MachineOption
from tco.describe.scenario import Scenario
from tco.errors import MissingDataError
from tco.files import scenario as files
from tco.perform.solve import N_GRID

DAY = date(2026, 11, 22)
FLOORS = (80, 40)  # MMLU in percent
N_RUNS = 5
WORKLOAD = """\
name: search
demand: {{requests: 900k /month}}
tokens: {{input: 1200, output: 250, cached_input_frac: 0.6}}
slo: {{ttft_p95: 1 s, itl_p95: 50 ms}}
quality: {{floor: {{mmlu: {floor}}}}}
"""


@dataclass(frozen=True)
class Searched:
    """How much one search looked at, and its CPU seconds within a process that has read the catalogue."""

    floor: int
    n_models: int
    n_machines: int
    n_layouts: int
    n_costed: int
    cpu_s: float

    @property
    def row(self) -> str:
        """A line of the table."""
        counts = (self.n_models, self.n_machines, self.n_layouts, self.n_layouts * N_GRID, self.n_costed)
        return f"| {self.floor} | " + " | ".join(f"{n:,}" for n in counts) + f" | {self.cpu_s * 1e3:,.0f} |"


def write_workload(folder: Path, floor: int) -> Path:
    """The workload as a file."""
    path = folder / f"floor-{floor}.yaml"
    path.write_text(WORKLOAD.format(floor=floor), encoding="utf-8")
    return path


def measured(scenario: Scenario, floor: int) -> Searched:
    """The search timed, the best of five runs, and what it looked at."""
    best = float("inf")
    for _ in range(N_RUNS):
        start = time.process_time()
        search(scenario.searched, scenario)
        best = min(best, time.process_time() - start)
    kept = [group for group in scenario.searched if group and not model_objections(group[0], scenario)]
    built: Built = {}
    for model_id in {group[0].model_id for group in kept}:
        lay_out([option for group in kept for option in group if option.model_id == model_id], scenario, built)
    n_layouts = sum(len(found) for found in built.values() if not isinstance(found, str))
    offers = [option for group in kept for option in group]
    return Searched(
        floor=floor,
        n_models=len({option.model_id for option in offers}),
        n_machines=len({option.hardware.id for option in offers}),
        n_layouts=n_layouts,
        n_costed=sum(_n_layouts(built, option) for option in offers),
        cpu_s=best,
    )


def _n_layouts(built: Built, option: MachineOption) -> int:
    """Layouts of one offer in every format; none where a specification is unknown."""
    try:
        return sum(len(layouts_of(option, dtype, built)) for dtype in formats(option))
    except MissingDataError:
        return 0


def searches() -> list[Searched]:
    """The searches of every floor."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {floor: write_workload(Path(folder), floor) for floor in FLOORS}
        return [measured(files.load(str(path), as_of=DAY, today=DAY), floor) for floor, path in paths.items()]


def report() -> str:
    """The searches as a Markdown table."""
    head = [
        "| MMLU floor | models | machines | layouts solved | batches | layouts of offers costed | CPU ms |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join([*head, *(each.row for each in searches())])


if __name__ == "__main__":
    print(report())
