"""Settings: where they come from, and how a wrong one is told."""

from datetime import time
from pathlib import Path

import pytest

from bot.config import load
from bot.errors import ConfigError


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load()
    assert config.channel.kind == "console"
    assert config.database_url == "sqlite:///data/jianfu.db"
    assert config.limits.quiet == (time(22), time(7))


def test_a_file_in_the_working_directory_is_found(write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write('timezone = "Asia/Urumqi"')
    monkeypatch.chdir(path.parent)
    assert load().timezone == "Asia/Urumqi"


def test_the_environment_wins_over_the_file(write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIANFU_CHANNEL__TOKEN", "from-environment")
    monkeypatch.setenv("JIANFU_DATABASE__URL", "postgresql://root@127.0.0.1/test")
    config = load(write('[channel]\nkind = "wechaty"\nendpoint = "127.0.0.1:8788"\ntoken = "from-file"'))
    assert config.channel.secret() == "from-environment"
    assert config.channel.endpoint == "127.0.0.1:8788"
    assert config.database_url == "postgresql+psycopg://root@127.0.0.1/test"


def test_relative_paths_are_taken_from_the_file(write) -> None:
    path = write('data_dir = "somewhere"\n[classify]\nrules = ["our.toml"]')
    config = load(path)
    assert config.data_dir == path.parent / "somewhere"
    assert config.classify.rules == (path.parent / "our.toml",)


def test_a_token_is_read_from_its_file_and_never_shown(write) -> None:
    path = write('[channel]\nkind = "wechaty"\nendpoint = "127.0.0.1:8788"\ntoken_file = "token"')
    (path.parent / "token").write_text("secret-token\n", encoding="utf-8")
    config = load(path)
    assert config.channel.secret() == "secret-token"
    assert "secret-token" not in repr(config)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[chanel]\n", ["chanel", "没有这个设置", "channel"]),
        ('[channel]\nkind = "wechat"', ["channel.kind", "'wechat'", "'wechaty'"]),
        ('[channel]\nkind = "wechaty"', ["channel", "endpoint", "127.0.0.1:8788"]),
        ('[channel]\nkind = "wechaty"\nendpoint = "here"', ["endpoint"]),
        ('[channel]\nkind = "wechaty"\nendpoint = "h:1"', ["token", "JIANFU_CHANNEL__TOKEN"]),
        ('timezone = "Mars/Base"', ["timezone", "'Mars/Base'", "Asia/Shanghai"]),
        ('[limits]\nper_minute = "many"', ["limits.per_minute", "'many'", "整数"]),
        ("[limits]\nper_minute = 0", ["limits.per_minute", "0", "不得小于 1"]),
        ("[limits]\nreply_delay = [5, 1]", ["limits.reply_delay", "最少秒数"]),
        ("[suppression]\nshare = 1.5", ["suppression.share", "1.5", "不得大于 1"]),
        ('[office]\nchats = "one"', ["office.chats", "'one'", "列表"]),
        ('[database]\nurl = "mysql://me:hunter2@db/x"', ["database.url", "sqlite:///", "postgresql://"]),
        ("timezone =", ["TOML"]),
    ],
)
def test_a_wrong_setting_names_key_value_and_what_would_be_right(write, text: str, told: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        load(write(text))
    for word in told:
        assert word in str(error.value)
    assert "hunter2" not in str(error.value)


def test_every_wrong_setting_is_named_at_once(write) -> None:
    with pytest.raises(ConfigError, match="2 处不对"):
        load(write('timezone = "Mars"\n[digest]\nweekday = 8'))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml")


def test_a_wrong_environment_value_is_named(monkeypatch: pytest.MonkeyPatch, write) -> None:
    monkeypatch.setenv("JIANFU_LIMITS__PER_DAY", "lots")
    with pytest.raises(ConfigError, match=r"limits\.per_day"):
        load(write(""))
