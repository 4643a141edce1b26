"""A failing plugin stops neither recording nor other plugins; one that cannot load stops the start."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loguru import logger

from bot.config import DEFAULT_PLUGINS, PluginSettings
from bot.errors import PluginError
from bot.registry import Registry
from bot.testing import Town
from tests.conftest import MakeTown
from tests.core.support import counted, messages, outbox, recounted

GROUP = "村务群"
PEOPLE = ("赵支书", "钱支书", "李会计")

HEAD = """
from bot.hooks import *
from bot.errors import UsageError

def fail(*_):
    raise RuntimeError("CANARY 秘密的话")
"""

FAILING = {
    "raises everywhere": """
plugin = Plugin("bad", "坏", commands=(Command("坏命令", "坏", fail),), on_message=fail, on_event=fail,
    jobs=(Job("bad", fail),))
""",
    "wants what cannot be done": """
def wish(*_):
    return [ChangeGroup(1, {"consent": "paused", "no such column": 1}, "x")]
plugin = Plugin("bad", "坏", commands=(Command("坏命令", "坏", wish),), on_message=wish, on_event=wish,
    jobs=(Job("bad", lambda context: [Reply("a job has nobody to reply to")]),))
""",
    "returns nonsense": """
def nonsense(*_):
    return None
plugin = Plugin("bad", "坏", commands=(Command("坏命令", "坏", nonsense),), on_message=nonsense,
    on_event=nonsense, jobs=(Job("bad", nonsense),))
""",
}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Write a plugin's module; returns what `plugins.enabled` says."""
    folder = tmp_path / "counties"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def write(source: str, name: str = "county_plugin") -> str:
        package = folder / "county"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").touch()
        (package / f"{name}.py").write_text(source, encoding="utf-8")
        for known in ("county", f"county.{name}"):
            monkeypatch.delitem(sys.modules, known, raising=False)
        return f"county.{name}"

    return write


@pytest.fixture
def log() -> Iterator[list[str]]:
    lines: list[str] = []
    number = logger.add(lines.append, level="DEBUG")
    yield lines
    logger.remove(number)


@pytest.mark.parametrize("kind", FAILING)
@pytest.mark.parametrize("first", [True, False], ids=["before the others", "after the others"])
async def test_a_failing_plugin_stops_nothing_else(
    make_town: MakeTown, module: Callable[[str], str], log: list[str], kind: str, *, first: bool
) -> None:
    bad = module(HEAD + FAILING[kind])
    enabled = (bad, *DEFAULT_PLUGINS) if first else (*DEFAULT_PLUGINS, bad)
    town = make_town(plugins=PluginSettings(enabled=enabled))
    await town.found(GROUP, PEOPLE, "赵支书")
    await town.say(GROUP, "赵支书", "【通知】请各村于11月27日17:00前报送普法工作总结，收到请回复")
    await town.say(GROUP, "李会计", "收到")
    assert len(messages(town.app)) == 2
    assert counted(town.app) == recounted(town.app)
    assert len(await town.ask(GROUP, "李会计", "帮助")) == 1
    failed = await town.ask(GROUP, "李会计", "坏命令")
    assert [one.text for one in failed] == [town.app.texts("failed")]
    town.clock.advance(days=7)
    await town.minute()
    town.clock.advance(minutes=31)
    await town.settle()
    assert [letter.state for letter in outbox(town.app) if letter.kind == "digest"] == ["sent"]
    assert town.app.inbox.states().keys() == {"done"}
    told = "".join(log)
    assert "bad" in told
    assert "CANARY" not in told
    assert "秘密的话" not in told


async def test_answers_of_several_plugins_to_one_message_do_not_displace_each_other(
    make_town: MakeTown, module: Callable[..., str]
) -> None:
    source = (
        "from bot.hooks import *\nplugin = Plugin('{0}', '说', on_message=lambda context: [Reply('{0}')])"
    )
    names = [module(source.format(name), name) for name in ("one", "two")]
    town = make_town(plugins=PluginSettings(enabled=(*DEFAULT_PLUGINS, *names)))
    await town.found(GROUP, PEOPLE, "赵支书")
    said = await town.ask(GROUP, "李会计", "帮助")
    assert {one.text for one in said} >= {"one", "two"}
    assert len(said) == 3


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import no_such_module_at_all", "缺少模块 no_such_module_at_all"),
        ("plugin = 3", "plugin = Plugin(...)"),
        ("", "plugin = Plugin(...)"),
        ("def (", "SyntaxError"),
        (HEAD + "plugin = Plugin('mine', '', commands=(Command('帮助', '', fail),))", "都有命令“帮助”"),
    ],
)
def test_a_plugin_that_cannot_load_stops_the_start(
    tmp_path: Path, module: Callable[[str], str], source: str, told: str
) -> None:
    with pytest.raises(PluginError) as caught:
        Registry.load((*DEFAULT_PLUGINS, module(source)))
    assert told in str(caught.value)


def test_an_unknown_or_doubled_name_stops_the_start() -> None:
    with pytest.raises(PluginError, match="没有插件 burdn"):
        Registry.load(("burdn",))
    with pytest.raises(PluginError, match="重复"):
        Registry.load(("burden", "burden"))


async def test_the_program_ends_with_the_plugins_error_before_anything_is_opened(
    make_town: MakeTown, tmp_path: Path
) -> None:
    with pytest.raises(PluginError, match="no_such"):
        make_town(plugins=PluginSettings(enabled=("no_such",)))
    assert not (tmp_path / "data").exists()


async def test_a_failing_classifier_loses_no_message(
    town: Town, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    await town.found(GROUP, PEOPLE, "赵支书")

    def fail(*_: object, **__: object) -> None:
        raise RecursionError("CANARY")

    monkeypatch.setattr(type(town.app.classifier), "explain", fail)
    await town.say(GROUP, "李会计", "收到请回复")
    assert [row.labels for row in messages(town.app)][-1] == 0
    assert "CANARY" not in "".join(log)
    assert any("RecursionError" in line for line in log)
