"""What is written for people is held to what the program does."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel

from bot.cli.commands import app
from bot.config import Config, load
from bot.registry import Registry

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_names_every_chat_command() -> None:
    missing = [
        command.name
        for command in Registry.load(Config().plugins.enabled).commands
        if command.name not in README
    ]
    assert not missing


def test_readme_names_every_command_of_the_program() -> None:
    names = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert {
        "run",
        "demo",
        "doctor",
        "digest",
        "db",
        "classify",
        "eval",
        "compare",
        "import",
        "export",
    } <= set(names)
    assert not [name for name in names if f"jianfu {name}" not in README]


def leaves(model: type[BaseModel], prefix: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= leaves(kind, f"{prefix}{name}.")
        else:
            found.add(prefix + name)
    return found


def test_the_example_has_every_setting_with_a_sentence_above_it() -> None:
    lines = (ROOT / "config.example.toml").read_text(encoding="utf-8").splitlines()
    section = ""
    found = set()
    for before, line in zip(["", *lines], lines, strict=False):
        if table := re.fullmatch(r"\[([\w.]+)\]", line):
            section = f"{table[1]}."
            found.add(table[1])
        elif key := re.match(r"(?:# )?(\w+) = ", line):
            found.add(section + key[1])
            assert before.startswith("#") or key[1] == "work_end", f"{line!r} has no sentence above it"
    assert leaves(Config) <= found


def test_the_example_has_the_default_values() -> None:
    example = load(ROOT / "config.example.toml")
    assert example.model_copy(update={"data_dir": Config().data_dir}) == Config()


@pytest.mark.parametrize("mark", ["cmd:run", "cmd:test"])
def test_readme_has_the_two_commands(mark: str) -> None:
    found = re.search(rf"<!-- {mark} -->\n```bash\n(.*?)\n```", README, re.DOTALL)
    assert found is not None
    assert subprocess.run(["bash", "-n"], input=found[1], text=True, check=False).returncode == 0


def test_no_committed_file_names_a_registry_or_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    names = listed.stdout.split()
    assert not [name for name in names if Path(name).name in {"package-lock.json", "uv.lock", "poetry.lock"}]
    hosts = re.compile("pypi" + r"\.org|registry\." + "npmjs|files\\.python" + "hosted")
    texts = [
        ROOT / name for name in names if Path(name).suffix in {".py", ".toml", ".md", ".json", ".mjs", ""}
    ]
    assert not [path for path in texts if path.is_file() and hosts.search(path.read_text(encoding="utf-8"))]


def test_the_package_says_one_version() -> None:
    from bot import __version__

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == __version__
