"""The one way of a message: classify, notice, record, react; a batch is one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from loguru import logger
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col

from bot import commands
from bot.actions import Actions, Cause
from bot.channels.base import Channel
from bot.classify.classifier import Classifier
from bot.clock import Clock
from bot.config import Config
from bot.errors import StoreUnavailableError
from bot.events import (
    Classification,
    Event,
    Gap,
    GroupRef,
    GroupSnapshot,
    MembershipChange,
    Message,
    MessageKind,
    Recall,
    Role,
    TopicChange,
)
from bot.hooks import Context, MessageContext, Reply
from bot.log import failure
from bot.notices.records import Posted
from bot.period import WorkingHours
from bot.react import Reactor, Wish
from bot.registry import Registry
from bot.store import corrections
from bot.store.database import Database
from bot.store.drafting import make_draft, with_quote
from bot.store.figures import FiguresReader
from bot.store.follow import Follower
from bot.store.identities import Identities
from bot.store.notices import NoticeReader
from bot.store.reader import GroupView, PersonView, Reader
from bot.store.recorder import Draft, Recorder, Stored
from bot.store.tables import InboxEvent
from bot.store.tables_work import GapRow
from bot.texts import Texts

AGREED = "agreed"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An inbox row whose events are known."""

    row_id: int
    events: Sequence[Event]


class Pipeline:
    """Processes arrivals of one channel. Dependencies come in; nothing here sends."""

    def __init__(
        self,
        *,
        database: Database,
        identities: Identities,
        recorder: Recorder,
        follower: Follower,
        actions: Actions,
        reactor: Reactor,
        registry: Registry,
        classifier: Classifier,
        channel: Channel,
        clock: Clock,
        config: Config,
        texts: Texts,
    ) -> None:
        self._database = database
        self._identities = identities
        self._recorder = recorder
        self._follower = follower
        self._actions = actions
        self._reactor = reactor
        self._registry = registry
        self._classifier = classifier
        self._channel = channel
        self._clock = clock
        self._config = config
        self._texts = texts
        self._hours = WorkingHours(config.counting.work_begin, config.counting.work_end, config.zone)
        self._snapshots: dict[str, GroupSnapshot] = {}  # of groups that have not agreed: in memory only

    def process(self, arrivals: Sequence[Arrival]) -> list[tuple[int, str]]:
        """Process arrivals in order, in one transaction; return (row, reason) of those that had to be set aside.

        When one of them breaks the batch, each is tried by itself: a failing one loses no other.
        Raises StoreUnavailableError when the database cannot be written now.
        """
        try:
            self._process(arrivals)
        except StoreUnavailableError:
            self._forget()
            raise
        except Exception as error:  # noqa: BLE001 (one message must not hold up the others)
            self._forget()
            if len(arrivals) == 1:
                logger.error(
                    "一条消息处理失败，已搁置（收件箱编号 {}）：{}", arrivals[0].row_id, failure(error)
                )
                return [(arrivals[0].row_id, failure(error))]
            failed: list[tuple[int, str]] = []
            for arrival in arrivals:
                failed += self.process([arrival])
            return failed
        return []

    def minute(self) -> None:
        """Let the jobs of plugins do what is due, each in a transaction of its own."""
        now = self._clock.now()
        with self._database.write() as session:
            context = self._context(session, now)
            for wish in self._reactor.to_minute(context):
                able = self._channel.capabilities.private_messages
                self._carry_out(session, wish, Cause(key="job", now=now, private_possible=able))

    def _forget(self) -> None:
        self._recorder.forget()
        self._follower.reset()
        self._actions.consented.clear()

    def _process(self, arrivals: Sequence[Arrival]) -> None:
        now = self._clock.now()
        with self._database.write() as session:
            waiting: list[Message] = []
            for arrival in arrivals:
                for event in arrival.events:
                    if isinstance(event, Message):
                        waiting.append(event)
                    else:
                        self._messages(session, waiting, now)
                        waiting = []
                        self._event(session, event, now)
            self._messages(session, waiting, now)
            session.execute(
                update(InboxEvent)
                .where(col(InboxEvent.id).in_([arrival.row_id for arrival in arrivals]))
                .values(state="done", sealed=None)
            )

    # events that are no messages

    def _event(self, session: Session, event: Event, now: datetime) -> None:
        match event:
            case GroupSnapshot() | MembershipChange() | TopicChange():
                group = self._group_event(session, event, now)
                cause = Cause(key=f"event:{group.id}", now=now, group_id=group.id)
                for wish in self._reactor.to_event(self._context(session, now), event, group):
                    self._carry_out(session, wish, cause)
            case Recall():
                sent_at = self._recorder.recall(session, event.platform, event.message_id)
                if sent_at is not None:
                    self._follower.rebuild(session, sent_at)
            case Gap():
                session.add(
                    GapRow(
                        channel=event.channel,
                        began_at=event.began_at,
                        ended_at=event.ended_at,
                        reason=event.reason,
                    )
                )
            case Message():
                raise AssertionError("messages are collected before")

    def _group_event(
        self, session: Session, event: GroupSnapshot | MembershipChange | TopicChange, now: datetime
    ) -> GroupView:
        row = self._identities.group(session, event.group, now)
        self._recorder.forget()
        if isinstance(event, GroupSnapshot):
            if row.consent == AGREED:
                self._identities.snapshot(session, event)
            else:
                self._snapshots[event.group.native_id] = event
                self._identities.snapshot(session, _officers(event))
        elif isinstance(event, MembershipChange) and row.consent == AGREED:
            self._identities.change(session, event)
        view = Reader(session, now).group(row.id or 0)
        if view is None:
            raise AssertionError("the group was stored just now")
        return view

    # messages

    def _messages(self, session: Session, messages: Sequence[Message], now: datetime) -> None:
        if not messages:
            return
        reader = Reader(session, now)
        groups = {
            ref: self._group_view(session, reader, ref, now)
            for ref in dict.fromkeys(message.group for message in messages if message.group is not None)
        }
        ordered = sorted(messages, key=lambda message: message.sent_at)
        drafts = [
            self._draft(message, groups[message.group])
            for message in ordered
            if message.group is not None and groups[message.group].consent == AGREED
        ]
        stored = self._recorder.record(session, drafts, now)
        known = {id(draft.message): item for draft, item in zip(drafts, stored, strict=True)}
        by_draft = {id(draft.message): draft for draft in drafts}
        new = [item for item in stored if item is not None]
        posted: dict[int, Posted] = {}
        if self._follower.enter(session, new):
            posted = self._follower.follow(session)
        for message in ordered:
            draft = by_draft.get(id(message))
            item = known.get(id(message))
            if draft is not None and item is None and not self._recorder.opted_out(message.sender):
                continue  # a second delivery
            original = draft.message if draft else with_quote(message)
            group = groups.get(message.group) if message.group else None
            self._react(session, original, group, item, posted, now)

    def _react(
        self,
        session: Session,
        message: Message,
        group: GroupView | None,
        item: Stored | None,
        posted: dict[int, Posted],
        now: datetime,
    ) -> None:
        if message.own or message.sender.is_bot or message.kind == MessageKind.SYSTEM:
            return
        addressed = (
            group is None or message.account in message.mentions or self._agrees(session, message, group)
        )
        if item is None and not addressed:
            return
        context = self._message_context(session, message, group, item, posted, now)
        cause = Cause(
            key=f"{message.platform}:{message.group.native_id if message.group else ''}:{message.native_id}",
            now=now,
            message=message,
            group_id=group.id if group else None,
            person_id=context.person.id,
            private_possible=context.can_reach_privately,
        )
        if item is not None:
            for wish in self._reactor.to_message(context):
                self._carry_out(session, wish, cause)
        if addressed:
            self._carry_out(session, self._reactor.to_command(context, cause), cause, say_so=True)
            self._take_over(session, now)

    def _carry_out(self, session: Session, wish: Wish, cause: Cause, *, say_so: bool = False) -> None:
        """Carry out what one plugin wants; what cannot be done is undone and stops nothing else."""
        name, actions = wish
        if not actions:
            return
        own = replace(cause, key=f"{cause.key}:{name}")
        try:
            with session.begin_nested():
                self._actions.carry_out(session, actions, own)
        except OperationalError:
            raise  # the database, not the plugin
        except Exception as error:  # noqa: BLE001 (a plugin stops nothing but itself)
            logger.error("插件 {} 要做的事做不了，其他功能不受影响：{}", name, failure(error))
            if say_so:
                self._actions.carry_out(session, [Reply(self._texts("failed"))], cause)

    def _agrees(self, session: Session, message: Message, group: GroupView) -> bool:
        """Tell whether an owner answers the greeting, who need not know how to mention a bot."""
        if group.consent != "pending" or message.text.strip() != "同意":
            return False
        row = self._identities.people(session, [message.sender])[
            message.sender.platform, message.sender.native_id
        ]
        return Reader(session, message.sent_at).role(group.id, row.id or 0) is Role.OWNER

    def _take_over(self, session: Session, now: datetime) -> None:
        """Let what a command changed count for the next message: corrections, members of groups that agreed."""
        if self._actions.corrected:
            self._classifier.update(corrections=corrections.load(session))
            self._actions.corrected = False
        if self._actions.people_changed:
            self._recorder.forget()
            self._actions.people_changed = False
        for group_id in list(self._actions.consented):
            view = Reader(session, now).group(group_id)
            agreed = view is not None and view.consent == AGREED
            snapshot = self._snapshots.pop(view.native_id, None) if view and agreed else None
            if snapshot is not None:
                self._identities.snapshot(session, snapshot, there_before=True)
            self._actions.consented.discard(group_id)

    def _group_view(self, session: Session, reader: Reader, ref: GroupRef, now: datetime) -> GroupView:
        row = self._identities.group(session, ref, now)
        view = reader.group(row.id or 0)
        if view is None:
            raise AssertionError("the group was stored just now")
        return view

    def _draft(self, message: Message, group: GroupView) -> Draft:
        message = with_quote(message)
        return make_draft(
            message, self.classify(message), self._hours, may_keep_text=group.keep_text and not message.own
        )

    def classify(self, message: Message) -> Classification:
        """Return the labels of a message; a rule that fails loses no message. What is said to the bot demands nothing."""
        if message.account in message.mentions and commands.find(message.text, self._registry.commands):
            return Classification()
        try:
            return self._classifier.explain(
                message.text, message.kind, message.quote.text if message.quote else "", message.file_name
            )
        except Exception as error:  # noqa: BLE001 (record first: no failing rule loses a message)
            logger.error("分类出错，消息按无标签记录：{}", failure(error))
            return Classification()

    def _context(self, session: Session, now: datetime) -> Context:
        return Context(**self._common(session, now))

    def _common(self, session: Session, now: datetime) -> dict[str, Any]:
        able = self._channel.capabilities
        return {
            "now": now,
            "zone": self._config.zone,
            "config": self._config,
            "reader": Reader(session, now),
            "figures": FiguresReader(session, self._config.zone),
            "notices": NoticeReader(session, now, self._config.zone, self._follower),
            "texts": self._texts,
            "registry": self._registry,
            "can_reach_privately": able.private_messages,
            "can_recall": able.recall,
        }

    def _message_context(
        self,
        session: Session,
        message: Message,
        group: GroupView | None,
        item: Stored | None,
        posted: dict[int, Posted],
        now: datetime,
    ) -> MessageContext:
        if item is not None:
            person = PersonView(item.person_id, message.sender.name)
        else:
            row = self._identities.people(session, [message.sender])[
                message.sender.platform, message.sender.native_id
            ]
            person = Reader(session, now).person(row.id or 0)
        return MessageContext(
            **self._common(session, now),
            message=message,
            classifier=self._classifier,
            person=person,
            group=group,
            classification=item.draft.classification if item else Classification(),
            message_id=item.id if item else None,
            posted=posted.get(item.id) if item else None,
            secret=bool(item and item.draft.secret),
        )


def _officers(snapshot: GroupSnapshot) -> GroupSnapshot:
    """Return a snapshot of those alone who may agree: before that nobody else is written down."""
    some = tuple(info for info in snapshot.members if info.role is not Role.MEMBER)
    return GroupSnapshot(snapshot.group, some, snapshot.at, complete=False, history=snapshot.history)
