"""The composition root: builds everything from the settings; imported by the command line and tests only."""

import asyncio
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from loguru import logger

from bot.actions import Actions
from bot.channels.base import Channel
from bot.classify.classifier import Classifier
from bot.classify.loader import load_rules
from bot.classify.tokenizer import make_tokenizer
from bot.clock import Clock, SystemClock
from bot.config import Config
from bot.errors import ConfigError, JianfuError, StoreError
from bot.inbox import DurableInbox
from bot.log import failure
from bot.notices.settings import NoticeSettings
from bot.outbox import Outbox
from bot.pipeline import Pipeline
from bot.react import Reactor
from bot.registry import Registry
from bot.store import corrections
from bot.store.database import Database
from bot.store.follow import Follower
from bot.store.identities import Identities
from bot.store.outgoing import Outgoing
from bot.store.purge import Retention, count_bot_message, purge
from bot.store.recorder import Recorder
from bot.store.tables_work import Meta
from bot.store.vault import Vault
from bot.texts import Texts
from bot.worker import Worker


class Store:
    """The database with its key and the parts that write it; all that reports and imports need."""

    def __init__(self, config: Config, *, channel: str = "") -> None:
        self.config = config
        self.database = Database(config.database_url)
        self.vault = Vault.open(config.key_path)
        consent = "agreed" if config.privacy.consent == "operator" else "pending"
        self.identities = Identities(self.vault, channel, mode=config.suppression.mode, consent=consent)
        self.recorder = Recorder(self.identities, self.vault, config.zone, config.privacy.text_days)
        self.follower = Follower(notice_settings(config), self.vault, config.zone)

    def open(self) -> None:
        """Bring the schema up to date. Raises ConfigError when the key is not this database's."""
        self.database.upgrade()
        with self.database.write() as session:
            known = session.get(Meta, "key")
            if known is None:
                session.add(Meta(name="key", value=self.vault.fingerprint))
            elif known.value != self.vault.fingerprint:
                msg = f"密钥文件 {self.config.key_path} 不是这个数据库的：请从备份恢复原来的密钥文件"
                raise ConfigError(msg)

    def classifier(self) -> Classifier:
        """Return the classifier with the county's rules and corrections."""
        rules = load_rules(self.config.classify.rules)
        cache = self.config.data_dir / "cache"
        tokenizer = make_tokenizer(self.config.classify.tokenizer, rules.words, cache)
        with self.database.read() as session:
            return Classifier(rules, tokenizer, corrections.load(session))

    def close(self) -> None:
        """Give back the connections."""
        self.database.close()


class App:
    """A running bot: one channel, one database."""

    def __init__(self, config: Config, channel: Channel, clock: Clock | None = None) -> None:
        self.config = config
        self.channel = channel
        self.clock = clock or SystemClock()
        self.registry = Registry.load(config.plugins.enabled)
        self.texts = Texts.load()
        self.store = Store(config, channel=channel.name)
        self.store.open()
        self.classifier = self.store.classifier()
        self._rules_seen = _stamps(config.classify.rules)
        self.outgoing = Outgoing(self.store.database, self.store.vault, channel.name, config.zone)
        self.inbox = DurableInbox(self.store.database, self.store.vault, channel.name)
        self.outbox = Outbox(
            self.outgoing,
            channel,
            self.clock,
            config.limits,
            config.zone,
            lambda group_id, at: count_bot_message(self.store.database, group_id, at, config.zone),
        )
        self.pipeline = Pipeline(
            database=self.store.database,
            identities=self.store.identities,
            recorder=self.store.recorder,
            follower=self.store.follower,
            actions=Actions(self.outgoing, self.store.vault, config, self.texts),
            reactor=Reactor(self.registry),
            registry=self.registry,
            classifier=self.classifier,
            channel=channel,
            clock=self.clock,
            config=config,
            texts=self.texts,
        )
        self.worker = Worker(self.inbox, channel, self.pipeline, self.outbox.wake.set)

    async def run(self) -> None:
        """Run until cancelled; raises what ends the channel, the worker or the sender for good."""
        scheduler = AsyncIOScheduler(timezone=self.config.zone)
        once = {"max_instances": 1, "coalesce": True, "misfire_grace_time": 60}
        scheduler.add_job(self._minute, CronTrigger(second=5, timezone=self.config.zone), **once)
        scheduler.add_job(self._night, CronTrigger(hour=3, minute=40, timezone=self.config.zone), **once)
        if self.channel.capabilities.gaps:
            await asyncio.to_thread(self.inbox.missed, self.clock.now())
        sending = asyncio.create_task(self.outbox.run(), name="outbox")
        tasks = [
            sending,
            asyncio.create_task(self.channel.run(self.inbox), name="channel"),
            asyncio.create_task(self.worker.run(), name="worker"),
            asyncio.create_task(self._minute(), name="first minute"),
        ]
        scheduler.start()
        try:
            waiting = set(tasks)
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()  # raises what went wrong for good
        finally:
            scheduler.shutdown(wait=False)
            await self._listening()
            sending.cancel()  # first, while the channel can still bring the answer to what is being sent
            await asyncio.gather(sending, return_exceptions=True)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.store.close()

    def is_busy(self) -> bool:
        """Tell whether anything waits to be worked on, or to be sent."""
        return bool(self.inbox.states().get("received")) or bool(self.outgoing.waiting())

    async def _minute(self) -> None:
        """Look at what may be due: jobs, and rule files that changed."""
        try:
            await self._listening()
            self.reload_rules()
            await self.worker.minute()
        except JianfuError as error:
            logger.error("{}", error)
        except Exception as error:  # noqa: BLE001 (a job must not end the scheduler)
            logger.error("定时任务出错：{}", failure(error))

    async def _listening(self) -> None:
        """Write down that the gateway is listened to: a gap, should the program end, begins here."""
        if self.channel.connected and self.channel.capabilities.gaps:
            with suppress(StoreError):  # the inbox says so itself
                await asyncio.to_thread(self.inbox.listening, self.clock.now())

    async def _night(self) -> None:
        """Delete what has expired."""
        try:
            await asyncio.to_thread(purge, self.store.database, retention(self.config), self.clock.now())
            empty_files(self.config.data_dir)
        except StoreError as error:
            logger.error("每日清理没有完成：{}", error)

    def reload_rules(self) -> None:
        """Take over changed rule files without a restart; wrong ones are reported and the old ones stay."""
        stamps = _stamps(self.config.classify.rules)
        if stamps != self._rules_seen:
            self._rules_seen = stamps
            self.classifier.update(rules=load_rules(self.config.classify.rules))
            logger.info("本地规则已重新加载")


def make_channel(config: Config, clock: Clock) -> Channel:
    """Build the channel that the settings name."""
    if config.channel.kind == "console":
        from bot.channels.console import ConsoleChannel  # noqa: PLC0415 (only the channel in use is loaded)

        return ConsoleChannel(config.channel.name, clock)
    from bot.channels.wechaty_compat import prepare  # noqa: PLC0415

    prepare(config.data_dir)
    from bot.channels.wechaty import WechatyChannel  # noqa: PLC0415

    return WechatyChannel(
        config.channel.name,
        config.channel.endpoint,
        config.channel.secret(),
        data_dir=config.data_dir,
        clock=clock,
        bots=config.channel.bots,
    )


def notice_settings(config: Config) -> NoticeSettings:
    """Return the windows and limits of following notices."""
    some = config.suppression
    return NoticeSettings(
        repeat_hours=some.repeat_hours,
        ack_hours=some.receipt_hours,
        material_days=some.material_days,
        share=some.share,
    )


def retention(config: Config) -> Retention:
    """Return how long what is kept."""
    return Retention(config.privacy.metadata_days, config.privacy.audit_days)


def empty_files(data_dir: Path) -> None:
    """Delete the files that were made for sending."""
    with suppress(FileNotFoundError):
        shutil.rmtree(data_dir / "files")


def _stamps(paths: Sequence[Path]) -> tuple[float, ...]:
    return tuple(path.stat().st_mtime if path.exists() else 0.0 for path in paths)
