"""Wrong input of every kind: all problems at once, each with its place, exit 2, nothing on stdout."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time

import pytest

HEAD = 'name: t\ndemand: {requests: "900k /month"}\ntokens: {input: 1200, output: 250}\n'  # three lines
FEW = "candidates: {api: [openai/gpt-4o-mini], budget_cloud: [], self_hosted: []}\n"
ON_4090 = "candidates: {api: [], budget_cloud: [], self_hosted: [{model: qwen3-8b, hardware: rtx-4090}]}\n"


def demand(text: str) -> str:
    return f"name: t\ndemand: {{requests: {text}}}\ntokens: {{input: 1, output: 2}}\n"


# What is wrong -> (the file, where and how each of its problems starts, in file order)
ONE_FILE: dict[str, tuple[str, list[str]]] = {
    "unknown key": (HEAD + "candidats: {}\n", ["4:1: candidats: unknown key; did you mean 'candidates'?"]),
    "unknown key inside": (HEAD + "site: {puee: 1.2}\n", ["4:8: site.puee: unknown key; did you mean 'pue'?"]),
    "duplicate key": (HEAD + "name: again\n", ["4:1: name: duplicate key; the first is on line 1; keep one of them"]),
    "duplicate key inside": (
        HEAD.replace("input: 1200", "input: 1, input: 2"),
        ["3:20: tokens.input: duplicate key; the first is on line 3"],
    ),
    "wrong unit": (demand('"5 USD"'), ["2:20: demand.requests: got '5 USD', which is USD; expected /month"]),
    "no such unit": (demand('"5 parsecs"'), ["2:20: demand.requests: got unit 'parsecs'; expected one of: /day"]),
    "number as text": (demand('"1e6"'), ["2:20: demand.requests: got '1e6', a text without a unit; write the number"]),
    "word": (demand("many"), ["2:20: demand.requests: got 'many'; expected a number in /month"]),
    "truth": (demand("true"), ["2:20: demand.requests: got true; expected a number in /month"]),
    "nan": (demand(".nan"), ["2:20: demand.requests: got NaN; expected a finite number"]),
    "NaN": (demand("NaN"), ["2:20: demand.requests: got 'NaN'; expected a number in /month"]),
    "infinity": (demand(".inf"), ["2:20: demand.requests: got infinity; expected a finite number"]),
    "out of range": (demand("1e999"), ["2:20: demand.requests: got 1e999, past the range of numbers"]),
    "beyond meaning": (demand("1e300"), ["2:20: demand.requests: got 1e+300 /month; expected 0 or a number between"]),
    "negative": (demand("-5"), ["2:20: demand.requests: got -5; expected more than 0 /month"]),
    "zero": (demand("0"), ["2:20: demand.requests: got 0; expected more than 0 /month"]),
    "leading zero": (demand("010"), ["2:20: demand.requests: got 010, a number with a leading zero; write 10"]),
    "a range upside down": (
        demand("{low: 9, base: 5, high: 7}"),
        ["2:20: demand.requests: got low 9, base 5, high 7; expected low <= base <= high"],
    ),
    "impossible date": (HEAD + "as_of: 2025-13-01\n", ["4:8: as_of: got 2025-13-01, which is no date; expected"]),
    "date as text": (HEAD + 'as_of: "2025-13-01"\n', ["4:8: as_of: got '2025-13-01' (text); expected a date"]),
    "empty": ("", [" file is empty; expected keys and values"]),
    "blank": ("  \n\n", [" file is empty; expected keys and values"]),
    "only a comment": ("# nothing\n", [" file holds no values; expected keys and values"]),
    "a list": ("- a\n", ["1:1: got a list at the top level; expected keys and values"]),
    "a sentence": ("hello\n", ["1:1: got 'hello' at the top level; expected keys and values"]),
    "not YAML": (HEAD + "site: {pue: 1.2\n", ["5:1: not valid YAML:"]),
    "two documents": (HEAD + "---\nname: b\n", ["5:1: got a second document; expected one; put it in its own file"]),
    "tab": ("name: t\ndemand:\n\trequests: 5\n", ["3:1: not valid YAML: found character that cannot start any token"]),
    "python tag": (HEAD + "note: !!python/object:os.system x\n", ["4:7: note: got tag !!python/object:os.system"]),
    "nothing but a name": ("name: t\n", ["1:1: demand: missing; expected", "1:1: tokens: missing; expected"]),
    "nulls": (
        "name:\ndemand:\ntokens:\n",
        ["1:6: name: got null; expected text", "2:8: demand: got null", "3:8: tokens: got null"],
    ),
    "cached share over 1": (
        HEAD.replace("250", "250, cached_input_frac: 1.2"),
        ["3:55: tokens.cached_input_frac: got 1.2; expected at most 1 frac"],
    ),
    "cached and written over 1": (
        HEAD.replace("250", "250, cached_input_frac: 0.8, cache_write_frac: 0.5"),
        ["3:9: tokens: got cached_input_frac + cache_write_frac = 1.3; expected at most 1"],
    ),
    "local with a cloud": (
        HEAD + "constraints: {local_only: true}\ncandidates: {api: [openai/gpt-4o-mini]}\n",
        ["1:1: got local_only: true and api or budget_cloud candidates; drop one of the two"],
    ),
    "one sample, three samples": (
        HEAD + "compute: {strategy: single, n: 3}\n",
        ["4:10: compute: got strategy single with n = 3; expected n: 1"],
    ),
    "batch share over 1": (HEAD + "batch_frac: 1.5\n", ["4:13: batch_frac: got 1.5; expected at most 1 frac"]),
    "a machine under api": (
        HEAD + "candidates: {api: [{model: qwen3-8b, hardware: h100-sxm}], budget_cloud: [], self_hosted: []}\n",
        ["4:20: candidates.api[0]: got a machine under api; put it under budget_cloud (rented) or self_hosted (owned)"],
    ),
    "no candidates at all": (HEAD + "candidates: {api: some}\n", ["4:19: candidates.api: got 'some'; expected a list"]),
    "unknown model": (
        HEAD + ON_4090.replace("qwen3-8b", "qwen3-9b"),
        ["4:63: candidates.self_hosted[0].model: no model 'qwen3-9b'; did you mean 'qwen3-8b'"],
    ),
    "unknown GPU": (
        HEAD + ON_4090.replace("rtx-4090", "rtx-4091"),
        ["4:83: candidates.self_hosted[0].hardware: no hardware 'rtx-4091'; did you mean 'rtx-4090'"],
    ),
    "unknown offer": (
        HEAD + FEW.replace("mini", "mimi"),
        ["4:20: candidates.api[0]: no api offer of 'openai/gpt-4o-mimi'; did you mean 'openai/gpt-4o-mini'"],
    ),
    "unknown provider": (
        HEAD + FEW.replace("openai/", "openia/"),
        ["4:20: candidates.api[0]: no api offer of 'openia/gpt-4o-mini'; did you mean 'openai/gpt-4o-mini'"],
    ),
    "an offer of another tier": (
        HEAD + FEW.replace("openai/gpt-4o-mini", "deepseek-v3.2"),
        ["4:20: candidates.api[0]: 'deepseek-v3.2' has offers of budget_cloud and none of api; list it there"],
    ),
    "unknown plan": (
        HEAD + FEW.replace("openai/gpt-4o-mini", "{plan: claude-max-21x}"),
        ["4:20: candidates.api[0]: no plan 'claude-max-21x'; did you mean 'claude-max-20x'"],
    ),
    "unknown searched models": (
        HEAD + "candidates: {api: [], budget_cloud: [], self_hosted: all, models: [qwen3-9b, h100]}\n",
        ["4:68: candidates.models[0]: no model 'qwen3-9b'", "4:78: candidates.models[1]: no model 'h100'"],
    ),
    "a rental nobody offers": (
        HEAD + "candidates: {api: [], budget_cloud: [{model: qwen3-8b, hardware: smartphone}], self_hosted: []}\n",
        ["4:38: candidates.budget_cloud[0]: no on_demand rental of smartphone by anyone on 2026-11-22; nobody"],
    ),
    "a rental its provider does not offer": (
        HEAD + "candidates: {api: [], budget_cloud: [{model: qwen3-8b, hardware: h100-sxm, provider: xai}]}\n",
        ["4:38: candidates.budget_cloud[0]: no on_demand rental of h100-sxm by xai on 2026-11-22; it is offered by"],
    ),
    "a rental of a provider nobody knows": (
        HEAD + "candidates: {api: [], budget_cloud: [{model: qwen3-8b, hardware: h100-sxm, provider: runpd}]}\n",
        ["4:38: candidates.budget_cloud[0]: no provider 'runpd'; did you mean 'runpod'?"],
    ),
    "electricity of nowhere": (
        HEAD + FEW + "site: {electricity: {country: ZZ}}\n",
        ["5:21: site.electricity: no electricity price for ZZ; countries: AL, AT,"],
    ),
    "electricity of no such region": (
        HEAD + FEW + "site: {electricity: {country: US, region: Atlantis}}\n",
        ["5:21: site.electricity: no electricity price for US, Atlantis; there are (region"],
    ),
    "excluding nobody": (
        HEAD + FEW + "constraints: {exclude_providers: [opnai]}\n",
        ["5:35: constraints.exclude_providers[0]: no provider 'opnai'; did you mean 'openai'"],
    ),
    "a floor on nothing": (
        HEAD + FEW + "quality: {floor: {gpqa_dimond: 70}}\n",
        ["5:32: quality.floor.gpqa_dimond: no benchmark 'gpqa_dimond'; did you mean 'gpqa_diamond'"],
    ),
    "escalation to nobody": (
        HEAD + FEW + "quality: {escalation: {self_hosted: {frac: 0.1, to: openai/gpt-4p}}}\n",
        ["5:53: quality.escalation.self_hosted.to: no offer 'openai/gpt-4p'; did you mean 'openai/gpt-4'"],
    ),
    "own counts of nobody": (
        HEAD.replace("250", "250, per_model: {gpt-4o-minii: {output: 3}}") + FEW,
        ["3:62: tokens.per_model.gpt-4o-minii: no model 'gpt-4o-minii'; did you mean 'gpt-4o-mini'"],
    ),
    "a name that is a path": (
        HEAD + ON_4090.replace("qwen3-8b", "../hardware_profiles/h100-sxm"),
        ["4:63: candidates.self_hosted[0].model: no model '../hardware_profiles/h100-sxm';"],
    ),
    "a name too long for a file": (
        HEAD + ON_4090.replace("rtx-4090", "x" * 3000),
        ["4:83: candidates.self_hosted[0].hardware: no hardware 'xxxxx"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ONE_FILE)
def test_a_workload_that_is_wrong(tco, home, what):
    text, expected = ONE_FILE[what]
    (home / "w.yaml").write_text(text, encoding="utf-8")
    ran = tco("compare", "w.yaml", "--as-of", "2026-11-22")
    lines = ran.err.splitlines()
    assert (ran.code, ran.out, len(lines)) == (2, "", len(expected)), ran.err
    for line, start in zip(lines, expected, strict=True):
        assert line.startswith(f"w.yaml:{start}"), line
        assert len(line) < 500, "a message that nobody reads"


ALL_AT_ONCE = """\
name: t
nmae: t
demand: {requests: "5 USD", peak_to_mean: 0.5}
tokens: {input: "1e6", output: .nan, reasoning: -1, cached_input_frac: 1.2}
as_of: 2025-13-01
slo: {ttft_p95: "1 W"}
batch_frac: 2
batch_frac: 0.1
compute: {strategy: single, n: 3}
candidates:
  api: [openai/gpt-4o-mimi, 5, {plan: nobody}]
  budget_cloud:
    - {model: qwen3-9b, hardware: h100-sxn, n_gpus: 0}
    - {model: qwen3-9b, hardware: h100-sxn}
  self_hosted: [{hardware: rtx-4090}, {model: qwen3-8b, hardware: rtx-4091}]
  models: [nobody]
site: {electricity: {country: ZZ}, pue: 0.9}
constraints: {exclude_providers: [opnai]}
quality: {floor: {gpqa_dimond: 70}, escalation: {api: {frac: 0.1, to: nobody}}}
"""
PLACES = [
    "2:1: nmae", "3:20: demand.requests", "3:43: demand.peak_to_mean", "4:17: tokens.input", "4:32: tokens.output",
    "4:49: tokens.reasoning", "4:72: tokens.cached_input_frac", "5:8: as_of", "6:17: slo.ttft_p95", "7:13: batch_frac",
    "8:1: batch_frac", "9:10: compute", "11:9: candidates.api[0]", "11:29: candidates.api[1]",
    "11:32: candidates.api[2]",
    "13:53: candidates.budget_cloud[0].n_gpus", "14:15: candidates.budget_cloud[1].model",
    "14:35: candidates.budget_cloud[1].hardware", "15:17: candidates.self_hosted[0].model",
    "15:67: candidates.self_hosted[1].hardware", "16:12: candidates.models[0]", "17:41: site.pue",
    "18:35: constraints.exclude_providers[0]", "19:32: quality.floor.gpqa_dimond", "19:71: quality.escalation.api.to",
]  # fmt: skip


def test_every_problem_of_a_file_in_one_run_in_file_order(tco, home):
    (home / "w.yaml").write_text(ALL_AT_ONCE, encoding="utf-8")
    ran = tco("compare", "w.yaml", "--as-of", "2026-11-22")
    assert (ran.code, ran.out) == (2, "")
    found = [": ".join(line.removeprefix("w.yaml:").split(": ")[:2]) for line in ran.err.splitlines()]
    assert found == PLACES


@pytest.mark.parametrize("command", [["compare"], ["explain", "chat"], ["breakeven", "--own", "a", "--versus", "b"]])
def test_every_command_reports_a_bad_workload_alike(tco, home, command):
    (home / "w.yaml").write_text(HEAD + "sit: {}\n", encoding="utf-8")
    ran = tco(command[0], "w.yaml", *command[1:], "--json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("w.yaml:4:1: sit: unknown key; did you mean 'site'?")


def test_a_workload_that_is_not_there(tco):
    ran = tco("compare", "chta.yaml")
    assert (ran.code, ran.out, ran.err) == (
        2,
        "",
        "chta.yaml: no such file; did you mean 'chat.yaml'?; check the path\n",
    )
    ran = tco("compare", "startup-chta")
    assert (ran.code, ran.out) == (2, "")
    assert "no workload 'startup-chta'; did you mean 'startup-chat'" in ran.err
    assert "tco list workloads" in ran.err


@pytest.mark.parametrize("name", [".", "", "/", "x" * 3000, "x" * 3000 + ".yaml", "a\0b", "/dev/null"])
def test_a_path_that_is_no_workload(tco, name):
    ran = tco("compare", name)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_bytes_that_are_no_text(tco, home):
    (home / "w.yaml").write_bytes(b"name: t\nnote: \x00\x01\x02\n")
    assert tco("compare", "w.yaml").err.startswith("w.yaml:2:7: got a NUL byte, so this is a binary file")
    (home / "w.yaml").write_bytes(b"name: \xe9t\xe9\n")
    assert tco("compare", "w.yaml").err.startswith("w.yaml:1:7: got byte 0xe9, which is not UTF-8")
    (home / "w.yaml").write_text(HEAD, encoding="utf-16")
    assert tco("compare", "w.yaml").err == "w.yaml: file is UTF-16; save it as UTF-8\n"


BOMBS = {
    "of aliases": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefghi", "bcdefghij", strict=True)),
    "of merges": "a: &a {k: 1}\n"
    + "".join(
        f"{b}: &{b} {{x: *{a}, y: *{a}, z: *{a}}}\n"
        for a, b in zip("abcdefghijklmnop", "bcdefghijklmnopq", strict=True)
    ),
    "a value in itself": "a: &a\n  b: *a\n",
    "a deep list": "a: " + "[" * 100_000,
    "deep mappings": "".join(" " * n + f"k{n}:\n" for n in range(300)),
    "many keys": "name: t\n" + "".join(f"k{n}: 1\n" for n in range(150_000)),
    "many problems": "name: t\n" + "".join(f"k{n}: .nan\n" for n in range(20_000)),
    "a long number": "name: t\ndemand: {requests: " + "9" * 1_000_000 + "}\n",
    "a long name": "name: " + "x" * 4_000_000 + "\n",
    "long unknown names": HEAD + "candidates: {api: [" + ", ".join(["x" * 500] * 500) + "]}\n",
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_a_problem_like_any_other(tco, home, what):
    (home / "w.yaml").write_text(BOMBS[what], encoding="utf-8")
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    ran = tco("compare", "w.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("w.yaml:")
    assert time.process_time() - start < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000, "kB more than before"


def test_a_hundred_megabytes_are_refused_unread(tco, home):
    with (home / "w.yaml").open("wb") as stream:
        stream.truncate(100_000_000)
    ran = tco("compare", "w.yaml")
    assert (ran.code, ran.out, ran.err) == (2, "", "w.yaml: file is 100.0 MB; expected at most 5 MB\n")


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no endless file here")  # noqa: PTH110
def test_an_endless_file_is_left(home):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))

    command = [sys.executable, "-m", "tco", "compare", "/dev/zero"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, preexec_fn=limit, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (
        2,
        "",
        "/dev/zero: file is more than 5 MB; expected at most 5 MB\n",
    )


ARGUMENTS = {
    "a day": (["compare", "chat.yaml", "--as-of", "2025-13-01"], "--as-of: got '2025-13-01'; expected a date such as"),
    "a tier": (["compare", "chat.yaml", "--only", "apii"], "--only: got 'apii'; expected one of: api, budget_cloud"),
    "an overlay": (["compare", "chat.yaml", "--data", "nowhere"], "nowhere: --data: no such folder"),
    "no option": (["explain", "chat.yaml", "zzz"], "no option 'zzz';"),
    "a mistyped option": (["explain", "chat.yaml", "openai/gpt-4o-mimi"], "did you mean 'openai/gpt-4o-mini'"),
    "several options": (["explain", "chat.yaml", "qwen3"], "'qwen3' fits 2 options: "),
    "no rival": (["breakeven", "chat.yaml", "--own", "rtx-4090", "--versus", "zzz"], "no option 'zzz';"),
    "no field": (
        ["breakeven", "chat.yaml", "--own", "rtx-4090", "--versus", "mini", "--solve-for", "site.stafffte"],
        "no field 'site.stafffte'; did you mean 'site.staff_fte'",
    ),
    "a payback of nothing": (
        ["breakeven", "chat.yaml", "--own", "rtx-4090", "--versus", "mini", "--payback", "12"], "--solve-for FIELD",
    ),
    "a list": (["list", "hardwares"], "no list 'hardwares'; did you mean 'hardware'"),
    "a kind to show": (["show", "gpus", "h100"], "no list 'gpus'"),
    "hardware": (["show", "hardware", "h100-sxn"], "no hardware 'h100-sxn'; did you mean 'h100-sxm'"),
    "a model": (["show", "models", "qwen3-9b"], "no model 'qwen3-9b'; did you mean 'qwen3-8b'"),
    "a price": (["show", "prices", "openai/gpt-4o-mimi"], "did you mean 'openai/gpt-4o-mini'"),
    "a day of a list": (["list", "prices", "--as-of", "soon"], "--as-of: got 'soon'; expected a date"),
    "an unknown flag": (["compare", "chat.yaml", "--jsn"], "No such option: --jsn"),
    "an unknown command": (["compair"], "No such command 'compair'"),
    "too few arguments": (["explain", "chat.yaml"], "Missing argument"),
    "too many draws": (["compare", "chat.yaml", "--draws", "99999999"], "--draws"),
    "no number": (["compare", "chat.yaml", "--seed", "x"], "--seed"),
}  # fmt: skip


@pytest.mark.parametrize("what", ARGUMENTS)
def test_arguments_that_do_not_fit(tco, what):
    arguments, message = ARGUMENTS[what]
    ran = tco(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_a_wrong_day_in_the_environment(tco, monkeypatch):
    monkeypatch.setenv("TCO_AS_OF", "yesterday")
    ran = tco("compare", "chat.yaml")
    assert (ran.code, ran.out, ran.err) == (2, "", "--as-of: got 'yesterday'; expected a date such as 2026-11-22\n")


SETTINGS = {
    "x = ": ["tco.toml: is not TOML: Invalid value (at "],
    "as_of = 2025-13-01": ["tco.toml: is not TOML:"],
    "compare = 3": ["tco.toml: compare: got 3; expected a table: write [compare]"],
    "foo = 1\n[compare]\nbar = 2\ndraws = 0\n[sweep]": [
        "tco.toml: foo: unknown setting; expected one of: as_of, data,",
        "tco.toml: compare.bar: unknown setting; expected one of: workload, as_json,",
        "tco.toml: sweep: unknown setting",
    ],
    "data = 'nowhere'": ["nowhere: --data: no such folder"],
    "as_of = 'soon'": ["--as-of: got 'soon'; expected a date"],
    "[compare]\nonly = 'apii'": ["--only: got 'apii'; expected one of"],
}


@pytest.mark.parametrize("text", SETTINGS)
def test_settings_that_do_not_fit(tco, home, text):
    (home / "tco.toml").write_text(text, encoding="utf-8")
    ran = tco("compare", "chat.yaml")
    assert (ran.code, ran.out) == (2, "")
    lines = ran.err.splitlines()
    assert len(lines) == len(SETTINGS[text])
    for line, start in zip(lines, SETTINGS[text], strict=True):
        assert line.startswith(start)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("hardware_profiles/rtx-4090.yaml", "id: rtx-4090\nmemory: 24\n", "rtx-4090.yaml:2:1: memory: unknown key"),
        ("pricing/tokens/openai.yaml", "provider: openai\noffers: 5\n", "openai.yaml:2:9: offers: "),
        ("pricing/tokens/openai.yaml", "provider: openai\noffers: [5]\n", "openai.yaml:2:10: offers[0]: got 5"),
        ("pricing/gpu_rental.csv", "provider,hardware\nx,y\n", "gpu_rental.csv:1:1: "),
        ("pricing/providers.yaml", "providers: 3\n", "providers.yaml:1:12: providers: "),
    ],
)
def test_an_overlay_that_does_not_fit(tco, home, name, text, message):
    path = home / "mine" / name
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    (home / "w.yaml").write_text(
        HEAD + "candidates: {api: [openai/gpt-4o-mini], self_hosted: [{model: qwen3-8b, hardware: rtx-4090}]}\n"
    )
    ran = tco("compare", "w.yaml", "--data", "mine")
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
