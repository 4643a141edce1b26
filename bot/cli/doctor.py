"""`jianfu doctor`: looks at everything that can be wrong, and says for each what to do."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from bot.app import Store
from bot.classify.loader import load_rules
from bot.cli.common import ConfigOption
from bot.config import Config, load
from bot.errors import JianfuError
from bot.period import is_working_day
from bot.registry import Registry
from bot.reports.words import moment
from bot.store.health import Health, health

LEAST_FREE = 500 * 1024 * 1024  # bytes
GATEWAY_SECONDS = 5.0
FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "C:/Windows/Fonts",
    "/System/Library/Fonts",
)
CHINESE_FONTS = (
    "noto*cjk*",
    "*sourcehan*",
    "wqy*",
    "simsun*",
    "simhei*",
    "msyh*",
    "pingfang*",
    "*heiti*",
    "droidsansfallback*",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    good: bool
    told: str
    serious: bool = True


def doctor(config: ConfigOption = None) -> None:
    """检查配置、数据库、网关、时钟时区、字体、磁盘，逐项说明怎么办。"""
    try:
        settings = load(config)
    except JianfuError as error:
        _print(Finding("配置", good=False, told=str(error)))
        raise typer.Exit(2) from error
    bad = False
    for finding in _findings(settings):
        _print(finding)
        bad = bad or (finding.serious and not finding.good)
    raise typer.Exit(1 if bad else 0)


def _findings(config: Config) -> Iterator[Finding]:
    yield Finding("配置", good=True, told=f"可用；平台 {config.channel.kind}，数据在 {config.data_dir}")
    yield _tried("插件", lambda: f"{len(Registry.load(config.plugins.enabled).commands)} 条命令可用")
    yield _tried("规则", lambda: f"{len(load_rules(config.classify.rules).rules)} 条规则可用")
    yield from _database(config)
    if config.channel.kind == "wechaty":
        yield _gateway(config)
    yield _clock(config)
    yield _fonts()
    yield _disk(config.data_dir)


def _tried(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, good=True, told=look())
    except JianfuError as error:
        return Finding(name, good=False, told=str(error))


def _database(config: Config) -> Iterator[Finding]:
    try:
        store = Store(config)
        here, head = store.database.version()
        if here is None:
            yield Finding("数据库", good=True, told="还是空的，首次运行 jianfu run 时自动建立")
            return
        if here != head:
            yield Finding(
                "数据库", good=False, told=f"结构版本 {here}，需要 {head}：请运行 jianfu db upgrade"
            )
            return
        store.open()
        found = health(store.database, datetime.now(UTC) - timedelta(days=7))
        store.close()
    except JianfuError as error:
        yield Finding("数据库", good=False, told=str(error))
        return
    yield Finding("数据库", good=True, told=f"可用，结构版本 {here}，消息 {found.messages} 条")
    yield from _queues(config, found)


def _queues(config: Config, found: Health) -> Iterator[Finding]:
    dead = found.inbox.get("dead", 0)
    told = f"待处理 {found.inbox.get('received', 0)}，已处理 {found.inbox.get('done', 0)}，搁置 {dead}"
    reasons = "".join(f"\n    搁置 {number} 号：{reason}" for number, reason in found.dead_events)
    yield Finding("收件箱", good=dead == 0, told=told + reasons, serious=False)
    unknown = "".join(
        f"\n    {number} 号，{moment(at, config.zone)}，{reason}；请在平台上核对，不会自动重发"
        for number, at, reason in found.unknown_letters
    )
    waiting, sent, given_up = (found.outbox.get(state, 0) for state in ("pending", "sent", "dead"))
    told = f"待发 {waiting}，已发 {sent}，送达不明 {len(found.unknown_letters)}，放弃 {given_up}"
    yield Finding("发件箱", good=not unknown, told=told + unknown, serious=False)
    gaps = "".join(
        f"\n    {moment(begin, config.zone)}—{moment(end, config.zone)}：{reason}，期间消息可能未计"
        for begin, end, reason in found.gaps
    )
    yield Finding("断线", good=not gaps, told=f"近7天 {len(found.gaps)} 段" + gaps, serious=False)


def _gateway(config: Config) -> Finding:
    # The SDK's generated messages are slow to import: only where a gateway is in use.
    from bot.channels.wechaty_compat import prepare  # noqa: PLC0415

    prepare(config.data_dir)
    from bot.channels.wechaty_states import check_gateway  # noqa: PLC0415

    endpoint = config.channel.endpoint
    try:
        state = asyncio.run(check_gateway(endpoint, config.channel.secret(), GATEWAY_SECONDS))
    except JianfuError as error:
        return Finding("网关", good=False, told=str(error))
    if state is not None:
        return Finding(
            "网关", good=False, told="，".join(filter(None, (endpoint, state.value, state.remedy)))
        )
    return Finding("网关", good=True, told=f"{endpoint} 有回应，令牌正确；账号是否已登录，看运行时的日志")


def _clock(config: Config) -> Finding:
    now = datetime.now(config.zone)
    if now.year < 2024:
        return Finding(
            "时钟", good=False, told=f"本机时间是 {now:%Y-%m-%d %H:%M}，明显不对：请打开时间同步（NTP）"
        )
    day = "工作日" if is_working_day(now.date()) else "休息日"
    return Finding(
        "时钟", good=True, told=f"{config.timezone} 现在是 {now:%Y-%m-%d %H:%M}（{day}），不对请校准系统时间"
    )


def _fonts() -> Finding:
    for folder in FONT_FOLDERS:
        root = Path(folder).expanduser()
        if not root.is_dir():
            continue
        for path in root.rglob("*"):
            if any(path.name.lower().startswith(name.strip("*").split("*")[0]) for name in CHINESE_FONTS):
                return Finding("字体", good=True, told=f"有中文字体 {path.name}", serious=False)
    told = "没有找到中文字体；目前各项功能只用文字，不受影响；需要时安装 fonts-noto-cjk 或 fonts-wqy-microhei"
    return Finding("字体", good=False, told=told, serious=False)


def _disk(folder: Path) -> Finding:
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    told = f"{existing} 剩余 {free / 1024**3:.1f} GB"
    if free < LEAST_FREE:
        return Finding("磁盘", good=False, told=told + "，太少了：写满后将停止记录，请清理或换盘")
    return Finding("磁盘", good=True, told=told)


def _print(finding: Finding) -> None:
    mark = "好  " if finding.good else ("问题" if finding.serious else "注意")
    print(f"[{mark}] {finding.name}：{finding.told}")
