"""The workload file ``tco init`` writes: every key a newcomer needs, each with a word on what it does."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tco.describe.workload import Workload
from tco.errors import InvalidInputError, Problem
from tco.files.catalogue import Catalogue
from tco.files.marks import parse, validate

TEXT = """\
# What is asked of the model. Only name, demand and tokens are required.
name: {name}
demand:
  requests: {requests}          # "900k /month", "2 /s", or a number a month
  growth: 0 %/month             # how fast that grows
  peak_to_mean: {peak}             # busiest hour over the mean; sizes the fleet
tokens:
  input: {input_tok}                   # prompt tokens of a request
  cached_input_frac: 0          # share of the prompt that repeats and may be cached
  output: {output_tok}                   # tokens of the answer
  reasoning: 0                  # hidden thinking tokens, billed as output
{slo}
# What to compare. A tier left out, or `all`, is the whole catalogue of that tier.
candidates:
  models: [{model}]        # open models that machines may serve
site:
  electricity: {{country: US, region: US total, sector: commercial}}   # or "0.12 USD/kWh"
  pue: 1.3
  staff_fte: 0.1                # people who run own or rented machines
  usd_per_fte_month: 12500
finance:
  method: annuity               # annuity, straight_line or npv
  life_months: 48
  wacc_frac: 0.10
  redundancy: n+1               # none, n+1, n+2
"""
INTERACTIVE = 'slo: {ttft_p95: "1 s", itl_p95: "50 ms"}   # a person waits'
BATCH = "batch_frac: 1                   # nobody waits: batch prices and even load"


def write(
    path: Path, *, name: str, requests: str, input_tok: int, output_tok: int, interactive: bool, model: str, force: bool
) -> None:
    """Write a workload file; refuses bad answers and, without ``force``, an existing file.

    Raises InvalidInputError or UnknownNameError; the file is complete or not there.
    """
    if path.exists() and not force:
        raise InvalidInputError([Problem(str(path), 0, 0, "", "exists; name another file, or add --force")])
    text = TEXT.format(
        name=_quoted(name), requests=_quoted(requests), input_tok=input_tok, output_tok=output_tok,
        peak=3 if interactive else 1, slo=INTERACTIVE if interactive else BATCH, model=Catalogue().model(model).id,
    )  # fmt: skip
    validate(parse(text, str(path)), Workload)
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise InvalidInputError([Problem(str(path), 0, 0, "", f"cannot be written: {error.strerror}")]) from None


def _quoted(text: str) -> str:
    """A double-quoted YAML scalar: JSON strings are a subset of them."""
    return json.dumps(text, ensure_ascii=False)
