# The commands live in .ci/run, so that a laptop, a hook and the CI server run the same ones.
BIN := .venv/bin
WORKLOAD ?= workloads/startup-chat.yaml

.PHONY: help setup demo test lint format ci update-golden bench clean

help:  ## show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## make .venv and install tco with its development tools
	.ci/run setup

$(BIN)/tco: pyproject.toml
	.ci/run setup
	@touch $@

demo: $(BIN)/tco  ## install, then compare every option for a shipped workload (WORKLOAD=… for another)
	$(BIN)/tco compare $(WORKLOAD)

test:  ## run the tests with the coverage gate
	.ci/run test

lint:  ## ruff, mypy, import-linter, deptry
	.ci/run lint

format: $(BIN)/tco  ## rewrite the code in the one format
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

ci:  ## everything the CI server runs
	.ci/run

update-golden: $(BIN)/tco  ## rewrite the expected texts in tests/golden; read the difference before committing
	.ci/run test tests/golden --update-golden

bench: $(BIN)/tco  ## time the hot paths
	$(BIN)/python -m benchmarks

clean:  ## remove what the targets above made
	rm -rf .venv build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
