"""What every plugin keeps to, and every text that users see."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2 import meta

from bot.config import DEFAULT_PLUGINS
from bot.hooks import Plugin
from bot.registry import Registry
from bot.testing import BOT, Town

ROOT = Path(__file__).parents[2]
REGISTRY = Registry.load(DEFAULT_PLUGINS)
SOURCES: dict[str, str] = tomllib.loads((ROOT / "bot/texts.toml").read_text(encoding="utf-8"))


def test_every_module_under_plugins_is_loaded_by_default() -> None:
    found = {path.stem for path in (ROOT / "plugins").glob("*.py")} - {"__init__"}
    assert found == set(DEFAULT_PLUGINS) == {plugin.name for plugin in REGISTRY.plugins}


@pytest.mark.parametrize("plugin", REGISTRY.plugins, ids=lambda plugin: plugin.name)
def test_a_plugin_describes_itself_and_every_command_helps(plugin: Plugin) -> None:
    assert plugin.description
    assert plugin.commands or plugin.on_message or plugin.on_event or plugin.jobs
    for command in plugin.commands:
        assert command.help
        assert len(command.help) <= 30
        assert not re.search(r"\s", command.name)


async def test_every_command_survives_an_empty_message_and_odd_words(town: Town) -> None:
    await town.found("村务群", ("赵支书", "李会计"), "赵支书")
    for command in REGISTRY.commands:
        for words in ("", " ", "\n", "？", "0", "-1", "99999999999999999999"):
            for group in ("村务群", None):
                said = await town.ask(group, "赵支书", f"{command.name} {words}".strip(" "))
                assert said, (command.name, words)
                assert town.app.texts("failed") not in [one.text for one in said], (command.name, words)
    await town.say("村务群", "李会计", "", mentions=(BOT,))
    await town.say(None, "李会计", "")
    assert town.app.inbox.states().get("dead") is None


def used() -> set[str]:
    """The names of texts that the program asks for: constants in calls of `texts(…)`, and prompts."""
    found = set()
    for folder in ("bot", "plugins"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in SOURCES:
                    found.add(node.value)
    return found


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    computed = {name for name in SOURCES if name.startswith("who_")}  # by the name of the right
    assert set(SOURCES) - used() - computed == set()
    asked = set()
    for folder in ("bot", "plugins"):
        for path in (ROOT / folder).rglob("*.py"):
            asked |= set(re.findall(r"texts\(\s*\"(\w+)\"", path.read_text(encoding="utf-8")))
    assert asked <= set(SOURCES)


class Anything:
    """A value that every text can be filled with."""

    def __getattr__(self, _: str) -> "Anything":
        return Anything()

    def __str__(self) -> str:
        return "7"

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Any:
        return iter((Anything(),))

    def __getitem__(self, _: object) -> "Anything":
        return Anything()

    def __ne__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("name", SOURCES)
def test_every_text_renders(name: str) -> None:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 (chat messages are plain text)
    variables = meta.find_undeclared_variables(environment.parse(SOURCES[name]))
    template = environment.from_string(SOURCES[name])
    full = template.render({variable: Anything() for variable in variables}).strip()
    assert full
    assert "{" not in full
    assert "收到请回复" not in full  # the bot asks nobody to reply
