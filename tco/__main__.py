"""``python -m tco`` is ``tco``."""

from __future__ import annotations

from tco.cli.main import run

if __name__ == "__main__":
    run()
