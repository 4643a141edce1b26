"""Every dialogue under `dialogues/`, on both databases."""

from pathlib import Path

import pytest

from bot.config import DEFAULT_PLUGINS
from bot.registry import Registry
from tests.conftest import MakeTown
from tests.plugins.dialogue import SPOKEN, Dialogue, files


@pytest.mark.parametrize("path", list(files()), ids=lambda path: path.stem)
async def test_dialogue(path: Path, make_town: MakeTown) -> None:
    await Dialogue(make_town).play(path)


def test_every_command_is_in_a_dialogue() -> None:
    asked = set()
    for path in files():
        for line in path.read_text(encoding="utf-8").splitlines():
            found = SPOKEN.fullmatch(line)
            if found and found["way"] == ">":
                asked.add(found["text"].split(" ")[0])
    names = {command.name for command in Registry.load(DEFAULT_PLUGINS).commands}
    assert names <= asked
