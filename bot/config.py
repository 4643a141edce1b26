"""Settings: from a TOML file, overridden by environment variables `JIANFU_SECTION__KEY`."""

import os
import tomllib
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config_errors import explain
from bot.errors import ConfigError

DEFAULT_PLUGINS = (
    "help",
    "enrol",
    "burden",
    "digest",
    "rollcall",
    "receipts",
    "todo",
    "lookup",
    "explain",
    "privacy",
)


class Section(BaseModel):
    """A table of the file: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ChannelSettings(Section):
    """Which platform the bot lives on."""

    kind: Literal["wechaty", "console"] = "console"
    name: str = "main"
    endpoint: str = ""
    token: SecretStr = SecretStr("")
    token_file: Path | None = None
    bots: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _wechaty_needs_a_gateway(self) -> Self:
        if self.kind == "wechaty":
            host, _, port = self.endpoint.rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) < 65536:
                raise ValueError('kind = "wechaty" 时必须填写 endpoint，形如 "127.0.0.1:8788"')
            if not self.secret():
                raise ValueError(
                    'kind = "wechaty" 时必须给出 token、token_file 或环境变量 JIANFU_CHANNEL__TOKEN'
                )
        return self

    def secret(self) -> str:
        """Return the token, from the file where one is named. Raises ConfigError when it cannot be read."""
        if self.token_file is not None:
            try:
                return self.token_file.read_text(encoding="utf-8").strip()
            except OSError as error:
                msg = f"channel.token_file = {str(self.token_file)!r} 读不了（{error.strerror}）：请填写一个可读的文件"
                raise ConfigError(msg) from error
        return self.token.get_secret_value()


class DatabaseSettings(Section):
    """Where everything is kept."""

    url: str = ""

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, value: str) -> str:
        if value.startswith("postgres://"):
            value = "postgresql://" + value.removeprefix("postgres://")
        if value.startswith("postgresql://"):
            value = "postgresql+psycopg://" + value.removeprefix("postgresql://")
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("应为 sqlite:///路径 或 postgresql://用户@主机/库名")
        return value


class OfficeSettings(Section):
    """The county office (县减负办/专班)."""

    chats: tuple[str, ...] = ()


class LimitSettings(Section):
    """How much and how fast the bot may send."""

    reply_delay: tuple[float, float] = (2.0, 6.0)
    same_chat_seconds: float = Field(default=3.0, ge=0)
    other_chat_seconds: tuple[float, float] = (3.0, 5.0)
    per_minute: int = Field(default=10, ge=1)
    per_day: int = Field(default=200, ge=1)
    unsolicited_per_day: int = Field(default=2, ge=0)
    quiet: tuple[time, time] | None = (time(22), time(7))
    pause_hours: float = Field(default=12.0, ge=0)

    @field_validator("reply_delay", "other_chat_seconds")
    @classmethod
    def _ordered(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= value[0] <= value[1]:
            raise ValueError("应为 [最少秒数, 最多秒数]，前者不大于后者")
        return value

    @field_validator("quiet", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return None if value in ([], "", ()) else value


class SuppressionSettings(Section):
    """When a roll-call is redundant, and what a group starts with."""

    mode: Literal["observe", "notify", "private", "recall", "off"] = "notify"
    observe_days: float = Field(default=7, ge=0)
    share: float = Field(default=0.5, gt=0, le=1)
    repeat_hours: float = Field(default=72, gt=0)
    receipt_hours: float = Field(default=24, gt=0)
    material_days: float = Field(default=30, gt=0)
    flood_receipts: int = Field(default=5, ge=2)
    flood_minutes: float = Field(default=2, gt=0)


class DigestSettings(Section):
    """When the weekly digests are due, and where they go."""

    weekday: int = Field(default=1, ge=1, le=7)
    at: time = time(8, 30)
    group_to: Literal["owner", "group", "none"] = "owner"
    spread_minutes: float = Field(default=30, ge=0)
    catch_up_hours: float = Field(default=24, ge=0)


class PrivacySettings(Section):
    """What is kept, for how long, and under which key."""

    consent: Literal["owner", "operator"] = "owner"
    key_file: Path | None = None
    text_days: int = Field(default=30, ge=0)
    metadata_days: int = Field(default=180, ge=1)
    audit_days: int = Field(default=365, ge=1)
    least_cell: int = Field(default=5, ge=1)


class CountingSettings(Section):
    """Working hours, and the seconds that each kind of burden is estimated at."""

    work_begin: time = time(8)
    work_end: time = time(18)
    seconds: dict[str, float] = Field(
        default_factory=lambda: {
            "messages": 6.0,
            "receipts": 15.0,
            "rollcalls": 30.0,
            "photo_demands": 300.0,
            "screenshot_demands": 120.0,
            "checkin_demands": 120.0,
            "material_demands": 1800.0,
            "app_demands": 300.0,
            "canvass_demands": 120.0,
        }
    )


class ClassifySettings(Section):
    """The tokenizer, and rule files of the county's own."""

    tokenizer: Literal["auto", "rjieba", "jieba"] = "auto"
    rules: tuple[Path, ...] = ()


class PluginSettings(Section):
    """Which features run."""

    enabled: tuple[str, ...] = DEFAULT_PLUGINS


class LogSettings(Section):
    """How much is logged."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class Config(BaseSettings):
    """All settings. Built by `load`."""

    model_config = SettingsConfigDict(
        env_prefix="JIANFU_", env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    timezone: str = "Asia/Shanghai"
    data_dir: Path = Path("data")
    channel: ChannelSettings = ChannelSettings()
    database: DatabaseSettings = DatabaseSettings()
    office: OfficeSettings = OfficeSettings()
    limits: LimitSettings = LimitSettings()
    suppression: SuppressionSettings = SuppressionSettings()
    digest: DigestSettings = DigestSettings()
    privacy: PrivacySettings = PrivacySettings()
    counting: CountingSettings = CountingSettings()
    classify: ClassifySettings = ClassifySettings()
    plugins: PluginSettings = PluginSettings()
    log: LogSettings = LogSettings()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("应为时区名，如 Asia/Shanghai") from error
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which a day begins."""
        return ZoneInfo(self.timezone)

    @property
    def database_url(self) -> str:
        """The database's URL; by default a SQLite file in the data directory."""
        return self.database.url or f"sqlite:///{self.data_dir / 'jianfu.db'}"

    @property
    def key_path(self) -> Path:
        """Where the key lies that people are stored under."""
        return self.privacy.key_file or self.data_dir / "person.key"

    @property
    def observe(self) -> timedelta:
        """How long a new group is only observed."""
        return timedelta(days=self.suppression.observe_days)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 (pydantic-settings' signature)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before file; nothing else."""
        return (env_settings, init_settings)


Given = Annotated[Path | None, "the file named by -c, or none"]


def load(path: Given = None) -> Config:
    """Read the settings from `path`, else `./config.toml`, else the defaults; the environment wins.

    Relative paths in the file are taken from the file's folder. Raises ConfigError naming key, value and
    what would be right.
    """
    if path is None and Path("config.toml").is_file():
        path = Path("config.toml")
    values: dict[str, Any] = {}
    if path is not None:
        values = _read(path)
        _anchor(values, path.parent)
    try:
        return Config(**values)
    except ValidationError as error:
        raise ConfigError(explain(error, path)) from error
    except ConfigError:
        raise
    except Exception as error:  # pydantic-settings wraps what a broken environment value raises
        msg = f"环境变量 JIANFU_… 无法解析：{error}"
        raise ConfigError(msg) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError as error:
        msg = f"找不到配置文件 {path}：请用 -c 指定，或从 config.example.toml 复制一份"
        raise ConfigError(msg) from error
    except OSError as error:
        msg = f"配置文件 {path} 读不了：{error.strerror}"
        raise ConfigError(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"配置文件 {path} 不是正确的 TOML：{error}"
        raise ConfigError(msg) from error


def _anchor(values: dict[str, Any], folder: Path) -> None:
    def anchored(value: Any) -> Any:
        return os.fspath(folder / value) if isinstance(value, str) else value

    if "data_dir" in values:
        values["data_dir"] = anchored(values["data_dir"])
    else:
        values["data_dir"] = os.fspath(folder / "data")
    for section, key in (("channel", "token_file"), ("privacy", "key_file")):
        table = values.get(section)
        if isinstance(table, dict) and key in table:
            table[key] = anchored(table[key])
    table = values.get("classify")
    if isinstance(table, dict) and isinstance(table.get("rules"), list):
        table["rules"] = [anchored(item) for item in table["rules"]]
