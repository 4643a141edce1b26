"""`jianfu run`: the bot itself, until it is told to stop."""

import asyncio
import signal

from loguru import logger

from bot.app import App, make_channel
from bot.channels.console import ConsoleChannel
from bot.cli.common import ConfigOption
from bot.clock import SystemClock
from bot.config import load
from bot.log import setup


def run(config: ConfigOption = None) -> None:
    """启动机器人，一直运行到 Ctrl-C 或 SIGTERM。"""
    settings = load(config)
    setup(settings.log.level, settings.data_dir / "logs")
    clock = SystemClock()
    app = App(settings, make_channel(settings, clock), clock)
    logger.info("减负助手启动：{}，数据在 {}", settings.channel.kind, settings.data_dir)
    asyncio.run(_until_stopped(app))
    logger.info("减负助手已停止")


async def _until_stopped(app: App) -> None:
    running = asyncio.create_task(app.run())
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, running.cancel)
    ending = None
    if isinstance(app.channel, ConsoleChannel):
        ending = asyncio.create_task(_end_of_input(app, app.channel, running))
    try:
        await running
    except asyncio.CancelledError:
        logger.debug("收到停止信号")
    finally:
        if ending is not None:
            ending.cancel()


async def _end_of_input(app: App, channel: ConsoleChannel, running: asyncio.Task[None]) -> None:
    """Stop when nothing more can be typed and everything has been answered."""
    await channel.finished.wait()
    while await asyncio.to_thread(app.is_busy):
        await asyncio.sleep(0.2)  # the database is what has to be asked
    running.cancel()
