"""`jianfu demo`: a small county lives through two weeks; nothing is connected, nothing is kept."""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.demo_story import tell
from bot.config import OfficeSettings
from bot.log import setup
from bot.testing import Said, Town, quick_config

BEGIN = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in China


def demo() -> None:
    """看减负助手怎样工作：一个虚构小县的两周，不连网关、不留数据。"""
    setup("WARNING")
    with tempfile.TemporaryDirectory() as folder:
        config = quick_config(Path(folder), office=OfficeSettings(chats=("县减负办",)))
        town = Town(config, BEGIN)
        try:
            asyncio.run(tell(town, print, show))
        finally:
            town.close()


def show(said: Said) -> None:
    """Print what the bot sent."""
    where = f"［{said.group}］" if said.group else f"［私聊 {said.person}］"
    body = said.text or f"（文件 {Path(said.file_path or '').name}）"
    first, *rest = body.splitlines()
    print(f"  {where} 减负助手：{first}")
    for line in rest:
        print(f"      {line}")
