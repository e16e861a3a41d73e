"""``tco init``: a few answers become a workload that ``tco compare`` reads, or nothing at all."""

from __future__ import annotations

import pytest

ANSWERS = ["--name", "bot", "--requests", "2 /s", "--input-tok", "900", "--output-tok", "100", "--model", "qwen3-8b"]


def test_answers_as_options(tco, home):
    ran = tco("init", "bot.yaml", *ANSWERS, "--interactive")
    assert (ran.code, ran.err) == (0, "")
    assert "tco compare bot.yaml" in ran.out
    record = tco("compare", "bot.yaml", "--json", "--draws", "0", "--only", "self_hosted").record
    assert record["workload"]["name"] == "bot"
    assert record["workload"]["requests_per_month"] == 2 * 730 * 3600
    assert (record["workload"]["input_tok"], record["workload"]["output_tok"]) == (900.0, 100.0)
    assert {option["model"] for option in record["options"]} == {"qwen3-8b"}


def test_answers_typed(tco, home):
    ran = tco("init", "typed.yaml", typed="my bot\n900k /month\n1200\n250\nn\nqwen3-8b\n0.3\n\n\n\n")
    assert (ran.code, ran.err) == (0, "")
    workload = tco("compare", "typed.yaml", "--json", "--draws", "0", "--only", "self_hosted").record["workload"]
    assert (workload["name"], workload["requests_per_month"], workload["batch_frac"]) == ("my bot", 900e3, 1.0)


def test_enter_takes_every_default(tco, home):
    assert tco("init", typed="\n" * 12).code == 0
    assert tco("compare", "workload.yaml", "--only", "self_hosted", "--draws", "0").code == 0


def test_further_answers_typed(tco, home):
    first = "my bot\n900k /month\n1200\n250\ny\nqwen3-8b\n"
    ran = tco("init", "typed.yaml", typed=first + "0.3\n2 s\n80 ms\neu\n\nde\ngpqa-diamond:50\n")
    assert (ran.code, ran.err) == (0, "")
    record = tco("compare", "typed.yaml", "--json", "--draws", "0", "--only", "self_hosted").record
    assert record["workload"]["cached_input_frac"] == 0.3
    text = (home / "typed.yaml").read_text(encoding="utf-8")
    assert 'slo: {ttft_p95: "2 s", itl_p95: "80 ms"}' in text
    assert 'residency: ["eu"]' in text
    assert 'country: "DE"' in text
    assert record["options"]


def test_further_answers_as_options(tco, home):
    further = ["--cached-frac", "0.5", "--itl", "", "--residency", "eu", "--country", "fr", "--floor", "mmlu:40"]
    assert tco("init", "bot.yaml", *ANSWERS, "--interactive", *further).code == 0
    text = (home / "bot.yaml").read_text(encoding="utf-8")
    assert 'slo: {ttft_p95: "1 s"}' in text
    assert "floor: {mmlu: 40}" in text
    assert tco("compare", "bot.yaml", "--json", "--draws", "0", "--only", "self_hosted").code in (0, 1)


def test_text_that_looks_like_yaml_stays_text(tco, home):
    odd = 'a: "b" # {c}\\n - é'
    assert tco("init", "odd.yaml", *ANSWERS, "--name", odd, "--no-interactive").code == 0
    ran = tco("compare", "odd.yaml", "--json", "--draws", "0", "--only", "self_hosted")
    assert ran.record["workload"]["name"] == odd


def test_nothing_is_overwritten_unasked(tco, home):
    before = (home / "chat.yaml").read_text(encoding="utf-8")
    ran = tco("init", "chat.yaml", *ANSWERS, "--interactive")
    assert (ran.code, ran.err) == (2, "chat.yaml: exists; name another file, or add --force\n")
    assert (home / "chat.yaml").read_text(encoding="utf-8") == before
    assert tco("init", "chat.yaml", *ANSWERS, "--interactive", "--force").code == 0
    assert (home / "chat.yaml").read_text(encoding="utf-8") != before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--requests", "5 USD"], "--requests: got '5 USD', which is USD; expected /month"),
        (["--requests", "many"], "--requests: got 'many'"),
        (["--requests", "-5 /s"], "--requests: got -1.314e+07; expected more than 0"),
        (["--name", ""], "name: got ''; expected text that is not empty"),
        (["--model", "qwen3-9b"], "no model 'qwen3-9b'; did you mean 'qwen3-8b'"),
        (["--output-tok", "0"], "--output-tok"),
        (["--input-tok", "x"], "--input-tok"),
        (["--cached-frac", "2"], "--cached-frac"),
        (["--floor", "gpqa-diamond"], "--floor: got 'gpqa-diamond'; expected benchmark:score"),
        (["--floor", "gpqa-diamont:60"], "no benchmark 'gpqa_diamont'; did you mean 'gpqa_diamond'"),
        (["--requests", "900000"], "--requests: got '900000', a number without a unit; add one of: /s, /min"),
        (["--ttft", "1"], "--ttft: got '1', a number without a unit; expected such as '1 s'"),
        (["--country", "germany"], "--country: got 'GERMANY'"),
        (["--residency", "eu"], "--residency needs --country, where own machines stand\n"),
        (["--no-interactive", "--ttft", "1 s"], "--ttft and --itl are limits where a person waits"),
    ],
)
def test_a_bad_answer_leaves_no_file(tco, home, arguments, message):
    ran = tco("init", "new.yaml", *ANSWERS, "--interactive", *arguments)
    assert ran.code == 2
    assert message in ran.err
    assert sorted(path.name for path in home.iterdir()) == ["chat.yaml"]


def test_every_bad_answer_is_named_at_once(tco, home):
    ran = tco("init", "new.yaml", *ANSWERS, "--interactive", "--requests", "x", "--floor", "y", "--cached-frac", "z")
    assert [line.partition(":")[0] for line in ran.err.splitlines()] == ["--requests", "--cached-frac", "--floor"]


def test_a_bad_answer_is_asked_again_at_once(tco, home):
    typed = (
        "\nmany\n900000\n1.2M per month\nx\n1,200\n250\ny\nqwen3-9b\nqwen3-8b\n2\n30%\n1\n2 s\n80 ms\neu\n\nde\n"
        "gpqa:50\ngpqa-diamond:50\n"
    )
    ran = tco("init", "new.yaml", typed=typed)
    assert (ran.code, ran.err) == (0, "")
    assert "Error: got '900000', a number without a unit" in ran.out
    assert "Error: no model 'qwen3-9b'; did you mean 'qwen3-8b'" in ran.out
    workload = tco("compare", "new.yaml", "--json", "--draws", "0", "--only", "self_hosted").record["workload"]
    assert (workload["requests_per_month"], workload["input_tok"]) == (1.2e6, 1200.0)
    assert "cached_input_frac: 0.3 " in (home / "new.yaml").read_text(encoding="utf-8")


def test_an_answer_is_not_asked_for_without_end(tco, home):
    ran = tco("init", "new.yaml", typed="bot\n" + "x\n" * 100)
    assert ran.code == 2
    assert ran.out.count("Error: got 'x'") == 2
    assert ran.err.startswith("Requests (such as '900k per month' or '2 /s'): got 'x'; expected a number in /month")
    assert not (home / "new.yaml").exists()


def test_a_file_that_exists_is_said_before_the_first_question(tco, home):
    ran = tco("init", "chat.yaml", typed="bot\n")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "chat.yaml: exists; name another file, or add --force\n"


def test_a_folder_that_is_not_there(tco, home):
    ran = tco("init", "nowhere/new.yaml", *ANSWERS, "--interactive")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "nowhere/new.yaml: cannot be written: No such file or directory\n"


def test_questions_without_answers(tco, home):
    ran = tco("init", "new.yaml", typed="bot\n")
    assert ran.code == 2
    assert "a question was left unanswered" in ran.err
    assert not (home / "new.yaml").exists()


def test_json_of_what_was_written(tco, home):
    ran = tco("init", "bot.yaml", *ANSWERS, "--interactive", "--json")
    assert (ran.code, ran.record) == (0, {"schema": "tco.init/1", "path": "bot.yaml"})
