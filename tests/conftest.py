"""What all tests share: Hypothesis profiles, golden files, and the reference data beside the checkout."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
# Sheets that whoever runs the tests has pulled are none of the tests' business.
os.environ["XDG_DATA_HOME"] = str(ROOT / "no-such-folder")
os.environ.pop("TCO_HOME", None)

# The same examples on every run and machine; a busy machine is no failure.
# `pytest --hypothesis-profile=explore` looks for new ones.
settings.register_profile(
    "deterministic",
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile("deterministic")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected files of tests/golden")


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten instead of compared."""
    wanted = bool(request.config.getoption("--update-golden"))
    if wanted and os.environ.get("CI"):
        pytest.fail("golden files are not rewritten in CI", pytrace=False)
    return wanted


@pytest.fixture
def golden(update_golden: bool) -> Callable[[Path, str], None]:
    """Compare a text with the file that holds what is expected, or rewrite that file."""

    def check(path: Path, actual: str) -> None:
        if update_golden:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(actual, encoding="utf-8")
            return
        assert path.is_file(), f"no {path.relative_to(ROOT)}; `make update-golden` writes it"
        assert actual == path.read_text(encoding="utf-8"), f"{path.name} differs; `make update-golden` accepts"

    return check


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the reference data, which is not part of the project: ../shared/data."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the reference data (../shared/data) is not beside this checkout")
    return folder
