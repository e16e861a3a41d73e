#!/usr/bin/env bash
# Installs tco into an environment of its own under RUNNER_TEMP, so that the job's packages stay as they are.
# `-I` keeps Python from importing modules of the checkout, which may be a stranger's.
set -euo pipefail

"$TCO_PYTHON" -I -m venv "$RUNNER_TEMP/tco-venv"
"$RUNNER_TEMP/tco-venv/bin/python" -I -m pip install --quiet --disable-pip-version-check "$GITHUB_ACTION_PATH"
