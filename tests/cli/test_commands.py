"""The verbs, called as a user calls them."""

import io
import json
import re
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from cli.files_of_users import csv, make_files, make_rows

import gan_augment
from gan_augment.cli import main
from gan_augment.cli.app import VERBS

FILES = make_files()
# What must be, what was given, and what to do.
SAID = r"gan-augment: .+[.:] .+\. .+[.?]( \(GAN_AUGMENT_DEBUG=1 shows where\.\))?"
REFUSED = [name for name, (_, status, _) in FILES.items() if status]
QUICK = ["--folds", "2", "--classifier", "lr"]
TARGET = ["--target", "churned"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_bytes(csv(make_rows()))
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_check_takes_files_as_people_have_them(name, here, capsys):
    (here / name).write_bytes(FILES[name][0])
    status = main(["check", name, *TARGET])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert status == 0 or len(said.err.splitlines()) <= 2
    if not FILES[name][1]:
        assert status == 0
        assert FILES[name][2].split("churned:")[0] in said.err


@pytest.mark.parametrize("verb", ["compare", "report"])
@pytest.mark.parametrize("name", REFUSED)
def test_a_mistake_is_one_line_with_what_to_do(verb, name, here, capsys):
    content, status, expected = FILES[name]
    (here / name).write_bytes(content)
    assert main([verb, name, *TARGET, *QUICK]) == status
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(SAID, last)
    assert expected in last


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in FILES if name not in REFUSED])
def test_compare_takes_files_as_people_have_them(name, here, capsys):
    content, status, expected = FILES[name]
    (here / name).write_bytes(content)
    assert main(["compare", name, *TARGET, *QUICK]) == status
    said = capsys.readouterr()
    assert expected in said.err
    assert "against nothing" in said.out
    assert "GAN" in said.out
    assert main(["report", name, *TARGET, *QUICK, "--max-steps", "5"]) == status
    assert expected in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["check", "compare", "report"])
def test_a_million_rows(verb, here, capsys):
    (here / "million.csv").write_bytes(csv(make_rows(1_000_000)))
    options = [*QUICK, "--max-rows", "2000"] if verb != "check" else []
    assert main([verb, "million.csv", *TARGET, *options]) == 0
    said = capsys.readouterr()
    assert "1,000,000 rows" in said.out + said.err


def rows_of_the_page():
    """Of each file in the guide: its name and what is said of it."""
    page = Path(__file__).parents[2] / "docs" / "guide" / "command_line.md"
    cells = (line.split("|")[1:-1] for line in page.read_text().splitlines())
    rows = {row[0].strip(" `"): row[2] for row in cells if len(row) == 3}
    return {name: re.findall("`([^`]+)`", rows[name]) for name in FILES if name in rows}


PAGE = rows_of_the_page()


def test_the_page_shows_ten_files():
    assert len(PAGE) >= 10


@pytest.mark.parametrize("name", PAGE)
def test_the_page_shows_what_is_said(name, here, capsys):
    (here / name).write_bytes(FILES[name][0])
    main(["check", name, *TARGET])
    if name in REFUSED:
        main(["compare", name, *TARGET])
    captured = capsys.readouterr()
    said = " ".join((captured.out + captured.err).split())
    verbs = {"check", "compare", "report"}
    for each in set(PAGE[name]) - verbs:
        assert each in said


@pytest.mark.parametrize("verb", [v.__name__ for some in VERBS.values() for v in some])
def test_every_verb_has_an_example_in_its_help(verb, capsys):
    assert main([verb, "--help"]) == 0
    assert f"gan-augment {verb} " in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["compare", "rows.csv", "--target", "chrun"],
            "`--target` must be a column of the file. Got 'chrun'. "
            "Did you mean 'churned'?",
        ),
        (["compare", "rows.csv", *TARGET, "--drop", "twon"], "Did you mean 'town'?"),
        (
            ["compare", "rows.csv", *TARGET, "--positive", "ja"],
            "are 'yes' and 'no'",
        ),
        (["compare", "rows.csv", *TARGET, "--date", "town"], "dates or numbers"),
        (["compare", "rows.csv", *TARGET, "--classifier", "svm"], "Got 'svm'"),
        (["compare", "rows.csv", *TARGET, "-o", "x.doc"], ".html, .csv"),
        (["compare", "rows.csv", *TARGET, "--dates", "EU"], "day-first, month-first"),
        (["compare", "rows.csv", *TARGET, "--encoding", "x"], "`--encoding`"),
        (["report", "rows.csv", *TARGET, "-o", "no/x.html"], "must exist"),
        (["resample", "rows.csv", *TARGET, "-o", "rows.csv"], "another file"),
        (["resample", "rows.csv", *TARGET, "-o", "x.csv", "--ratio", "0.1"], "Raise"),
        (["train", "rows.csv", *TARGET], "Got neither"),
        (["train", "rows.csv", *TARGET, "-o", "."], "must not exist"),
        (["sample", "nowhere"], "`gan-augment train` wrote"),
        (["check", "rows.csv", "--clean"], "go together"),
        (["images", "nowhere", "-o", "x"], "must be a directory"),
        (["sync", "nowhere"], "must be a directory"),
    ],
)
def test_a_wrong_option_is_named(arguments, expected, here, capsys):
    assert main(arguments) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(SAID, last)
    assert expected in last


def test_an_unknown_verb_is_no_mistake_in_a_file(capsys):
    assert main(["chek"]) == 2
    assert "check" in capsys.readouterr().err


def test_resampled_rows_are_written_as_the_file_was(here, capsys):
    (here / "german.csv").write_bytes(FILES["german.csv"][0])
    arguments = ["resample", "german.csv", *TARGET, "--id", "town", "--max-steps", "5"]
    assert main([*arguments, "-o", "more.csv", "--mark", "synthetic"]) == 0
    before = (here / "german.csv").read_bytes().decode("cp1252").splitlines()
    after = (here / "more.csv").read_bytes().decode("cp1252").splitlines()
    assert after[0] == f"{before[0]};synthetic"
    rows = make_rows()
    assert [line.rpartition(";")[0] for line in after[: len(before)]] == before
    form = {"decimal": ",", "thousands": ".", "dtype": {"since": str}}
    written = pd.read_csv(here / "more.csv", sep=";", encoding="cp1252", **form)
    real, made = written[~written["synthetic"]], written[written["synthetic"]]
    assert real["price"].tolist() == rows["price"].tolist()
    assert real["since"].tolist() == rows["since"].dt.strftime("%d.%m.%Y").tolist()
    assert made["churned"].tolist() == ["yes"] * 80
    assert made["town"].isna().all()
    assert "80 of 'yes'" in capsys.readouterr().err


def test_cells_of_real_rows_are_written_as_they_were(here, capsys):
    head = "phone;country;amount;flag;zip;kind\n"
    rows = [
        f"+41{i:09d};{('NA', 'None', 'CH')[i % 3]};1.{i:03d},50;"
        f"{('TRUE', 'FALSE')[i % 2]};0{1000 + i};{'abc'[i % 7 // 3]}\n"
        for i in range(140)
    ]
    (here / "odd.csv").write_text(head + "".join(rows))
    arguments = ["resample", "odd.csv", "-t", "kind", "--positive", "c"]
    assert main([*arguments, "-o", "more.csv", "--max-steps", "5"]) == 0
    written = (here / "more.csv").read_text().splitlines(keepends=True)
    assert written[:141] == [head, *rows]
    made = pd.read_csv(here / "more.csv", sep=";", decimal=",", thousands=".")[140:]
    assert made["kind"].tolist() == ["c"] * (120 - 20)
    assert "--drop" not in capsys.readouterr().err


@pytest.mark.parametrize("written", ["./rows.csv", "../{}/rows.csv"])
def test_the_input_is_not_overwritten(written, here):
    before = (here / "rows.csv").read_bytes()
    output = written.format(here.name)
    assert main(["resample", "rows.csv", *TARGET, "-o", output]) == 1
    assert (here / "rows.csv").read_bytes() == before


def test_few_rows_of_a_class_are_said_to_be_few(here, capsys):
    rows = pd.DataFrame({"x": np.arange(90.0), "y": ["a"] * 87 + ["b"] * 3})
    rows.to_csv(here / "few.csv", index=False)
    arguments = ["resample", "few.csv", "-t", "y", "-o", "more.csv"]
    assert main([*arguments, "--ratio", "0.1", "--max-steps", "5"]) == 0
    assert "Class 'b' has 3 rows: synthetic rows cannot show" in capsys.readouterr().err


def test_a_blank_is_no_class(here, capsys):
    rows = pd.DataFrame({"x": np.arange(90.0), "y": ["a", "b", " "] * 30})
    rows.to_csv(here / "blank.csv", index=False)
    assert main(["resample", "blank.csv", "-t", "y", "-o", "more.csv"]) == 1
    assert "Got 30 of 90 rows without one" in capsys.readouterr().err


def test_a_generator_that_is_not_in_the_registry_is_one_line(here, capsys, store):
    for source in ("models:/nope@candidate", "models:/nope/1"):
        assert main(["sample", source]) == 1
        (last,) = capsys.readouterr().err.splitlines()[-1:]
        assert re.fullmatch(SAID, last)
        assert f"{source} must be a generator in the registry" in last


def test_rows_pass_through_a_pipe(here, monkeypatch, capfdbinary):
    class Pipe(io.StringIO):
        buffer = io.BytesIO(csv(make_rows()))

    monkeypatch.setattr("sys.stdin", Pipe())
    arguments = [*TARGET, "--max-steps", "5", "--ratio", "0.5", "--only-synthetic"]
    assert main(["resample", "-", "-o", "-", "-q", *arguments]) == 0
    captured = capfdbinary.readouterr()
    made = pd.read_csv(io.BytesIO(captured.out))
    assert made["churned"].tolist() == ["yes"] * 30
    assert captured.err == b""


def test_a_generator_is_trained_and_drawn_from(here, capfd):
    steps = ["--max-steps", "5"]
    assert main(["train", "rows.csv", *TARGET, "-o", "generator", *steps]) == 0
    assert "gan-augment sample generator -n 100 -t churned" in capfd.readouterr().err
    draw = ["sample", "generator", "-n", "7", "-t", "churned", "--label", "yes"]
    assert main([*draw, "-o", "rows.jsonl"]) == 0
    drawn = pd.read_json(here / "rows.jsonl", lines=True)
    assert drawn["churned"].tolist() == ["yes"] * 7
    assert main(["sample", "generator", "--label", "ja"]) == 1
    assert "'no' and 'yes'" in capfd.readouterr().err


def test_a_dry_run_says_what_it_would_take(here, capsys):
    for arguments in (["train"], ["resample", "--ratio", "0.9"]):
        verb, *others = arguments
        assert main([verb, "rows.csv", *TARGET, *others, "--dry-run"]) == 0
        assert " of memory; " in capsys.readouterr().out
        assert main([verb, "rows.csv", *TARGET, *others, "--dry-run", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["fits"] is True
    assert not (here / "more.csv").exists()


def test_a_report_says_what_it_writes(here, capsys):
    arguments = ["report", "rows.csv", *TARGET, *QUICK, "--max-steps", "5", "--json"]
    assert main([*arguments, "-o", "page.md"]) == 0
    result = json.loads(capsys.readouterr().out)
    page = (here / "page.md").read_text()
    assert page.startswith("# Synthetic rows for rows")
    assert all(each["question"] in page for each in result["findings"])
    assert "Do the rows keep the table's rules?" in page
    assert result["verdict"].split(":")[0] in page


@pytest.mark.slow
def test_a_comparison_is_json_and_a_file(here, capsys):
    # Groups of both classes, and more classes than two with the others made one.
    rows = make_rows()
    rows["person"] = np.arange(len(rows)) // 4
    rows["churned"] = np.resize(["yes", "no", "no", "later", "no"], len(rows))
    rows.to_csv("groups.csv", index=False)
    arguments = ["compare", "groups.csv", *TARGET, *QUICK, "--json", "-q"]
    arguments += ["--positive", "yes", "--groups", "person", "-o", "folds.csv"]
    assert main(arguments) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["counts"] == {"not yes": 96, "yes": 24}
    assert result["outcome"] in ("gain", "loss", "no evidence")
    assert {"nothing", "GAN"} <= result["arms"].keys()
    assert set(pd.read_csv("folds.csv")["arm"]) == result["arms"].keys()


def test_later_rows_are_held_out(here, capsys):
    from gan_augment.cli.console import Console
    from gan_augment.cli.folds import drawn, fold_arguments, hold_out
    from gan_augment.cli.options import ColumnOptions, FoldOptions, ReadingOptions
    from gan_augment.cli.table import load_table

    options = FoldOptions(date="since", folds=3, max_rows=60)
    console = Console()
    columns = ColumnOptions(target="churned")
    table = load_table("rows.csv", ReadingOptions(), columns, console, options)
    table = drawn(table, options, console)
    assert "60 of 120 rows" in capsys.readouterr().err
    assert "since" not in table.X
    train, test = hold_out(table, options, seed=0)
    assert train.aside["since"].max() <= test.aside["since"].min()
    for before, after in fold_arguments(table, options, console)["cv"].split(table.X):
        assert before.max() < after.min()


def test_all_rows_but_one_are_used(here, capsys):
    from gan_augment.cli.console import Console
    from gan_augment.cli.folds import drawn
    from gan_augment.cli.options import ColumnOptions, FoldOptions, ReadingOptions
    from gan_augment.cli.table import load_table

    columns = ColumnOptions(target="churned")
    table = load_table("rows.csv", ReadingOptions(), columns, Console())
    options = FoldOptions(max_rows=len(table.X) - 1)
    assert len(drawn(table, options, Console()).X) == len(table.X) - 1


def test_the_first_period_must_have_every_class(here, capsys):
    rows = make_rows().sort_values("since")
    rows["churned"] = np.where(np.arange(len(rows)) < 100, "no", "yes")
    rows.to_csv("late.csv", index=False)
    assert main(["compare", "late.csv", *TARGET, *QUICK, "--date", "since"]) == 1
    assert "Got none of 'yes' in 40 rows. Lower --folds." in capsys.readouterr().err


def test_check_lists_the_rules(here, capsys):
    rows = make_rows()
    for i in range(40):
        rng = np.random.default_rng(i)
        rows[f"low {i}"] = rng.integers(0, 40, len(rows))
        rows[f"high {i}"] = rows[f"low {i}"] + rng.integers(0, 3, len(rows))
    rows.to_csv("ordered.csv", index=False)
    assert main(["check", "ordered.csv", *TARGET, "--json"]) == 0
    rules = json.loads(capsys.readouterr().out)["rules"]
    assert len(rules) > 30
    assert all(each["support"] > 0 for each in rules)
    assert main(["check", "ordered.csv", *TARGET]) == 0
    printed = capsys.readouterr().out
    assert f"Rules: {len(rules)} that every row keeps" in printed
    assert [each["rule"] in printed for each in rules].count(True) == 30
    assert f"and {len(rules) - 30} more, which --json lists" in printed


def test_check_cleans_what_is_safe(here, capsys):
    (here / "spelled.csv").write_bytes(FILES["spelled.csv"][0])
    arguments = ["check", "spelled.csv", *TARGET]
    assert main([*arguments, "--strict"]) == 3
    assert main([*arguments, "--clean", "-o", "clean.csv"]) == 0
    assert "Cleaned: " in capsys.readouterr().err
    assert pd.read_csv("clean.csv")["churned"].nunique() == 2
    assert main(["check", "clean.csv", *TARGET, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == 120
    assert not any(each["column"] == "churned" for each in found["findings"])


def test_a_fit_is_tracked_and_registered_where_that_is_wanted(store, capfd):
    (store / "rows.csv").write_bytes(csv(make_rows()))
    uri = f"sqlite:///{store}/mlflow.db"
    tracking = ["--tracking-uri", uri, "--registered-model", "churn-generator"]
    arguments = ["train", "rows.csv", *TARGET, "--max-steps", "5", *tracking]
    assert main(arguments) == 0
    source = "models:/churn-generator@candidate"
    capfd.readouterr()
    assert main(["sample", source, "-n", "3", "--tracking-uri", uri, "-q"]) == 0
    assert len(capfd.readouterr().out.splitlines()) == 4


def test_serving_is_mlflows(here, monkeypatch):
    (here / "generator").mkdir()
    (here / "generator" / "MLmodel").touch()
    commands = []

    class Server:
        def __init__(self, command, **_):
            commands.append(command)

        def wait(self):
            return 0

        def terminate(self):
            commands.append("terminated")

    stand_in = SimpleNamespace(Popen=Server, DEVNULL=None)
    monkeypatch.setattr("gan_augment.mlflow.scoring.subprocess", stand_in)
    assert main(["serve", "generator", "--port", "5999"]) == 0
    assert commands[0][1:5] == ["-m", "mlflow", "models", "serve"]
    assert commands[0][-3:] == ["5999", "--workers", "1"]
    assert commands[1] == "terminated"


def test_the_package_is_the_command():
    found = subprocess.run(
        [sys.executable, "-m", "gan_augment", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == gan_augment.__version__


def test_nothing_waits(here, capsys):
    assert main(["sync"]) == 0
    assert "Nothing waits" in capsys.readouterr().err


def test_an_error_that_is_not_ours_says_where_to_look(here, capsys, monkeypatch):
    def fails(*_):
        raise ValueError("Unknown\nlabel")

    monkeypatch.setattr("gan_augment.cli.verbs.check.read_table", fails)
    assert main(["check", "rows.csv"]) == 1
    said = capsys.readouterr().err
    assert said == "gan-augment: Unknown label (GAN_AUGMENT_DEBUG=1 shows where.)\n"
    monkeypatch.setenv("GAN_AUGMENT_DEBUG", "1")
    with pytest.raises(ValueError, match="Unknown"):
        main(["check", "rows.csv"])


def test_a_warning_is_said_once(capsys, monkeypatch):
    def warns(*_):
        for text in ("a column", "a column", "another"):
            warnings.warn(text, stacklevel=1)
        raise ValueError("the end")

    monkeypatch.setattr("gan_augment.cli.verbs.check.read_table", warns)
    assert main(["check", "rows.csv"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.partition("warning: ")[2] for line in said[:-1]] == [
        "a column",
        "another",
    ]


def test_folds_run_side_by_side_and_a_report_has_few(monkeypatch):
    from gan_augment.cli.options import FewFoldsOptions, FoldOptions

    monkeypatch.setattr("joblib.cpu_count", lambda: 64)
    assert FoldOptions().n_jobs == 4
    assert FoldOptions(jobs=1).n_jobs == 1
    assert FewFoldsOptions().folds < FoldOptions().folds
