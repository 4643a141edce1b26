"""Which command a text calls, however it is typed."""

import pytest

from bot.commands import code_in, find
from bot.config import DEFAULT_PLUGINS
from bot.registry import Registry

COMMANDS = Registry.load(DEFAULT_PLUGINS).commands


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("我的负担", "我的负担", ""),
        ("@减负助手 我的负担", "我的负担", ""),
        ("@减负助手\u2005我的负担 上周", "我的负担", "上周"),
        ("@减负助手我的负担", "我的负担", ""),
        ("我的负担 @减负助手", "我的负担", ""),
        ("#我的負擔", "我的负担", ""),
        ("／本群负担　本月", "本群负担", "本月"),
        ("/帮助", "帮助", ""),
        ("HELP", "帮助", ""),
        ("回执2", "回执", "2"),
        ("回执 ２", "回执", "2"),
        ("完成:3", "完成", "3"),
        ("删除我的数据", "删除我的数据", ""),
        ("登记 单位=石桥镇 用途=防汛", "登记", "单位=石桥镇 用途=防汛"),
        ("减负模式提示", "减负模式", "提示"),
        ("同意。", "同意", ""),
        ("为什么？", "为什么", ""),
        ("查重 报送普法总结", "查重", "报送普法总结"),
    ],
)
def test_a_command_is_found(text: str, name: str, words: str) -> None:
    call = find(text, COMMANDS)
    assert call is not None
    assert (call.command.name, call.words) == (name, words)


@pytest.mark.parametrize(
    "text", ["", "@减负助手", "你好", "同意你的意见", "为什么要交这么多表", "暂停一下会议"]
)
def test_other_texts_are_none(text: str) -> None:
    assert find(text, COMMANDS) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [("123456", "123456"), ("@减负助手 １２３４５６", "123456"), ("12345", None), ("码123456", None)],
)
def test_codes(text: str, code: str | None) -> None:
    assert code_in(text) == code
