"""`jianfu db`: schema, backup, retention."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.app import Store, empty_files, retention
from bot.cli.common import ConfigOption, opened
from bot.config import load
from bot.errors import UsageError
from bot.store.purge import purge as purge_expired

db_app = typer.Typer(help="数据库：升级结构、备份、清理过期数据", no_args_is_help=True)


@db_app.command()
def upgrade(config: ConfigOption = None) -> None:
    """把数据库结构升级到本程序需要的版本（新库则建立）。"""
    store = Store(load(config))
    before, _ = store.database.version()
    store.open()
    after, _ = store.database.version()
    store.close()
    print(f"数据库结构：{before or '空'} → {after}")


@db_app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="备份到这个文件（不得已存在）")], config: ConfigOption = None
) -> None:
    """在使用中备份 SQLite 数据库；密钥文件要另行妥善备份。"""
    if target.exists():
        msg = f"{target} 已经存在：请换一个文件名"
        raise UsageError(msg)
    with opened(config) as store:
        store.database.backup(target)
        target.chmod(0o600)
        print(f"已备份到 {target}")
        print(f"请另外备份密钥 {store.config.key_path}：没有它，备份里的人员无法对应")


@db_app.command()
def purge(config: ConfigOption = None) -> None:
    """立即删除已过保留期的数据（运行中的机器人每天自动做）。"""
    with opened(config) as store:
        removed = purge_expired(store.database, retention(store.config), datetime.now(UTC))
        empty_files(store.config.data_dir)
    told = "、".join(f"{name} {count} 条" for name, count in removed.items() if count)
    print(f"已删除：{told or '没有过期数据'}")
