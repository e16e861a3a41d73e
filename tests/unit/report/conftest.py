"""One comparison that all report tests share."""

from __future__ import annotations

from datetime import date

import pytest

from tco import evaluate
from tco.evaluate import Comparison
from tco.files import scenario

WORKLOAD = """
name: support chat
demand: {requests: "900k /month", peak_to_mean: 4}
tokens: {input: 1200, cached_input_frac: 0.6, output: 250}
slo: {ttft_p95: "1 s", itl_p95: "50 ms"}
candidates:
  api: [openai/gpt-4o-mini]
  budget_cloud: [{model: qwen3-8b, hardware: h100-sxm}]
  self_hosted: [{model: qwen3-8b, hardware: rtx-4090}, {model: qwen3-8b, hardware: h100-sxm, n_gpus: 1}]
"""


def _run(tmp_path_factory: pytest.TempPathFactory, text: str) -> Comparison:
    path = tmp_path_factory.mktemp("workload") / "chat.yaml"
    path.write_text(text, encoding="utf-8")
    held = scenario.load(str(path), as_of=date(2026, 11, 22), today=date(2026, 11, 22))
    return evaluate.run(held, n_draws=50)


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """An API, a rental and two owned machines."""
    return _run(tmp_path_factory, WORKLOAD)


@pytest.fixture(scope="session")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """A workload that none of its options can serve."""
    text = WORKLOAD.replace('"1 s"', '"1 ms"').replace("  api: [openai/gpt-4o-mini]\n", "  api: []\n")
    return _run(tmp_path_factory, text)
