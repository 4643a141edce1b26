"""Sends what is in the outbox: one letter at a time, within the limits, never twice by itself."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from loguru import logger

from bot.channels import base
from bot.clock import Clock
from bot.config import LimitSettings
from bot.errors import GatewayUnavailableError, SendRefusedError, SendUncertainError, StoreError
from bot.pacing import earliest
from bot.store.outgoing import UNSOLICITED, Letter, Outgoing

TOO_FREQUENT = ("操作频繁", "操作过于频繁", "too frequent", "rate limit")
TRIES = 5
IDLE_SECONDS = 1.0
FAR_SECONDS = 60.0  # what may leave only later than this must not stand before what may leave now
FAREWELL_SECONDS = 5.0  # for the answer to what is being sent when the program is told to stop


class Outbox:
    """The sender of one channel. `on_sent` is told the group of every message that left."""

    def __init__(
        self,
        outgoing: Outgoing,
        channel: base.Channel,
        clock: Clock,
        limits: LimitSettings,
        zone: ZoneInfo,
        on_sent: Callable[[int, datetime], None],
        chance: random.Random | None = None,
    ) -> None:
        self._outgoing = outgoing
        self._channel = channel
        self._clock = clock
        self._limits = limits
        self._zone = zone
        self._on_sent = on_sent
        self._chance = chance or random.Random()  # noqa: S311 (spreads messages, keeps no secret)
        self._refusals: dict[int, int] = {}
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Send until cancelled."""
        refused, looked_back = False, False
        while True:
            try:
                if not looked_back:
                    await asyncio.to_thread(self._look_back)
                    looked_back = True
                wait = await self.step()
                refused = False
            except StoreError as error:
                if not refused:
                    logger.error("发件箱暂时用不了，恢复后自动继续：{}", error)
                refused = True
                wait = IDLE_SECONDS
            if wait > 0:
                self.wake.clear()
                try:
                    await asyncio.wait_for(self.wake.wait(), timeout=min(wait, IDLE_SECONDS))
                except TimeoutError:
                    continue

    def _look_back(self) -> None:
        interrupted = self._outgoing.mark_interrupted(self._clock.now())
        if interrupted:
            logger.warning(
                "有 {} 条消息上次发送时中断，是否送达不明，不会自动重发；jianfu doctor 可查看", interrupted
            )

    async def step(self) -> float:
        """Send at most one letter; return how many seconds to wait before the next look."""
        now = self._clock.now()
        if not self._channel.connected:
            return IDLE_SECONDS
        waits = [IDLE_SECONDS]
        for row_id, letter, chat in await asyncio.to_thread(self._outgoing.due, now):
            if letter.expires_at is not None and letter.expires_at <= now:
                await asyncio.to_thread(self._outgoing.finish, row_id, "dead", now, reason="过了时效，未发送")
                continue
            moment = await asyncio.to_thread(self._moment, now, letter, chat)
            if moment > now:
                wait = (moment - now).total_seconds()
                if wait > FAR_SECONDS:
                    await asyncio.to_thread(self._outgoing.postpone, row_id, moment)
                waits.append(wait)
                continue
            if await self._to_its_end(self._claim_and_send(row_id, letter)):
                return 0.0
        return min(waits)

    async def _to_its_end(self, sending: Coroutine[Any, Any, bool]) -> bool:
        """Let a letter leave; who stops the program in the middle waits a little for the answer."""
        task = asyncio.create_task(sending)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task}, timeout=FAREWELL_SECONDS)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise

    async def _claim_and_send(self, row_id: int, letter: Letter) -> bool:
        if not await asyncio.to_thread(self._outgoing.claim, row_id):
            return False
        try:
            await self._send(row_id, letter)
        except asyncio.CancelledError:
            reason = "发送途中程序停止，是否送达不明"
            self._outgoing.finish(row_id, "unknown", self._clock.now(), reason=reason)
            raise
        return True

    def _moment(self, now: datetime, letter: Letter, chat: str) -> datetime:
        sent = self._outgoing.sent(now, chat, letter.group_id)
        return earliest(
            now,
            sent,
            self._limits,
            self._zone,
            unsolicited=letter.kind in UNSOLICITED,
            other_chat_seconds=self._chance.uniform(*self._limits.other_chat_seconds),
        )

    async def _send(self, row_id: int, letter: Letter) -> None:
        try:
            native_id = await self._carry_out(letter)
        except SendUncertainError as error:
            logger.warning("一条消息是否送达不明，不会自动重发（编号 {}）：{}", row_id, error)
            await asyncio.to_thread(
                self._outgoing.finish, row_id, "unknown", self._clock.now(), reason=str(error)
            )
        except (SendRefusedError, GatewayUnavailableError) as error:
            await self._refused(row_id, letter, error)
        else:
            now = self._clock.now()
            self._refusals.pop(row_id, None)
            await asyncio.to_thread(self._outgoing.finish, row_id, "sent", now, native_id=native_id or "")
            if letter.target.group_id and letter.group_id is not None and letter.kind != "recall":
                await asyncio.to_thread(self._on_sent, letter.group_id, now)

    async def _carry_out(self, letter: Letter) -> str | None:
        if letter.kind == "recall":
            if not await self._channel.recall(letter.recall_id):
                raise SendRefusedError("平台没有撤回这条消息")
            return None
        return await self._channel.send(
            base.Outgoing(letter.target, letter.text, letter.file_path, letter.mentions)
        )

    async def _refused(self, row_id: int, letter: Letter, error: Exception) -> None:
        now = self._clock.now()
        reason = str(error)
        if any(word in reason for word in TOO_FREQUENT):
            until = now + timedelta(hours=self._limits.pause_hours)
            logger.warning(
                "平台提示操作频繁，暂停发送到 {}", until.astimezone(self._zone).strftime("%m月%d日 %H:%M")
            )
            await asyncio.to_thread(self._outgoing.pause, until)
            await asyncio.to_thread(self._outgoing.retry, row_id, until, reason)
            return
        if not self._channel.connected:  # no refusal: it waits for the gateway like the others
            await asyncio.to_thread(self._outgoing.retry, row_id, now, reason)
            return
        if isinstance(error, SendRefusedError) and letter.fallback is not None:
            await asyncio.to_thread(self._outgoing.put_instead, row_id, letter, now, reason)
            return
        tries = self._refusals[row_id] = self._refusals.get(row_id, 0) + 1
        if tries >= TRIES or letter.kind == "recall":
            self._refusals.pop(row_id, None)
            logger.warning("一条消息被拒绝，放弃（编号 {}）：{}", row_id, reason)
            await asyncio.to_thread(self._outgoing.finish, row_id, "dead", now, reason=reason)
            return
        await asyncio.to_thread(self._outgoing.retry, row_id, now + timedelta(seconds=2**tries), reason)
