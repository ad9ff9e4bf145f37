"""The command line: what it teaches, and how it refuses."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from train.cli import app

COMMANDS = (
    "pretrain",
    "transfer",
    "findings",
    "lungs",
    "loso",
    "audit",
    "ensemble",
    "evaluate",
    "bundle",
    "all",
    "samples",
    "official",
)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200", "THORAXLENS_DATA": None})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


def test_help_explains_every_command() -> None:
    code, text = run("--help")
    assert code == 0
    for command in COMMANDS:
        assert command in text
        assert run(command, "--help")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--preset", "huge"), "There is no preset 'huge'; choose one of default, gpu, study, tiny"),
        (("--init", "magic"), "--init cannot be 'magic'"),
        (("--backbone", "alexnet"), "There is no backbone alexnet; choose from vgg16"),
        (("--data", "nowhere"), "nowhere has no manifest.csv"),
    ],
)
def test_a_wrong_choice_is_answered_in_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, text = run("pretrain", "--run", str(tmp_path / "run"), *arguments)
    assert code == 1 and said in text and "Traceback" not in text


def test_a_run_folder_keeps_to_one_configuration(tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    assert run("pretrain", "--run", folder, "--preset", "tiny", "--init", "imagenet")[0] == 0
    code, text = run("pretrain", "--run", folder, "--preset", "study", "--init", "imagenet")
    assert code == 1 and "holds a run with other settings (preprocessing, pooling, phantoms" in text


def test_steps_say_what_is_missing(tmp_path: Path) -> None:
    code, text = run("bundle", "--run", str(tmp_path / "run"), "--preset", "tiny")
    assert code == 1 and "Not trained yet: vgg16" in text
