"""Carries out what plugins return, within the transaction of the message that caused it."""

import random
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from bot import hooks
from bot.channels.base import Target
from bot.classify.normalise import correction_key
from bot.config import Config
from bot.events import Message
from bot.store.outgoing import Letter, Outgoing
from bot.store.tables import (
    Ack,
    Group,
    Member,
    Mention,
    MessageRow,
    MessageText,
    NoticePost,
    Person,
    PersonName,
    Receipt,
    TodoDone,
)
from bot.store.tables_work import Audit, Confirmation, Correction, Decision, DigestRun
from bot.store.types import storable
from bot.store.vault import Vault, mask
from bot.texts import Texts

CODE_SECONDS = 60
FILES = "files"  # below the data directory; emptied daily
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
NOBODY = 0  # whom the messages of a deleted person belong to


@dataclass(frozen=True, slots=True)
class Cause:
    """What made a plugin act: a message, or (message None) a job; `key` makes the letters unique."""

    key: str
    now: datetime
    message: Message | None = None
    group_id: int | None = None
    person_id: int | None = None
    private_possible: bool = True


class Actions:
    """The one place where actions become rows."""

    def __init__(
        self,
        outgoing: Outgoing,
        vault: Vault,
        config: Config,
        texts: Texts,
        chance: random.Random | None = None,
    ) -> None:
        self._outgoing = outgoing
        self._vault = vault
        self._config = config
        self._texts = texts
        self._chance = chance or random.Random()  # noqa: S311 (spreads messages, keeps no secret)
        self.consented: set[int] = set()  # groups that agreed since the last look
        self.corrected = False  # whether labels were corrected since the last look
        self.people_changed = False  # whether somebody's data were deleted, or the opt-out changed

    def carry_out(self, session: Session, actions: Iterable[hooks.Action], cause: Cause) -> None:
        """Carry out actions in their order."""
        for number, action in enumerate(actions):
            match action:
                case hooks.Reply():
                    self._reply(session, action, cause, number)
                case hooks.Say():
                    self._say(session, action, cause)
                case hooks.RecallMessage():
                    self._recall(session, action, cause)
                case hooks.ChangeGroup():
                    self._change_group(session, action, cause)
                case hooks.MarkDone():
                    session.merge(
                        TodoDone(person_id=action.person_id, message_id=action.message_id, at=cause.now)
                    )
                case hooks.Correct():
                    self._correct(session, action, cause)
                case hooks.Log():
                    session.add(
                        Decision(
                            at=cause.now,
                            message_id=action.message_id,
                            group_id=action.group_id,
                            action=action.action,
                            detail=dict(action.detail),
                        )
                    )
                case hooks.AskCode():
                    self._ask_code(session, action, cause, number)
                case hooks.ForgetPerson():
                    self._forget(session, action, cause)
                case hooks.Claim():
                    self._claim(session, action, cause)

    def _reply(self, session: Session, reply: hooks.Reply, cause: Cause, number: int) -> None:
        message = cause.message
        if message is None:
            raise ValueError("a reply needs a message to reply to")
        key = f"reply:{cause.key}:{number}"
        when = cause.now + timedelta(seconds=self._chance.uniform(*self._config.limits.reply_delay))
        group = message.group
        open_letter = None
        if group is not None:
            open_letter = Letter(key, "reply", Target(group_id=group.native_id), group_id=cause.group_id)
        private_letter = Letter(key, "reply", Target(person_id=message.sender.native_id))
        reply = replace(reply, text=_CONTROLS.sub("", reply.text))  # it may repeat what was typed
        letter: Letter | None
        path = self._write(reply.attachment) if reply.attachment else None
        if group is not None and not reply.private:
            letter = replace(open_letter or private_letter, text=reply.text, file_path=path)
        else:
            letter = replace(private_letter, text=reply.text, file_path=path)
            if open_letter is not None and reply.fallback:
                letter = replace(letter, fallback=replace(open_letter, text=reply.fallback))
            if open_letter is not None and not cause.private_possible:
                letter = letter.fallback
        if letter is not None:
            self._outgoing.put(session, replace(letter, key=key, not_before=when), cause.now)

    def _write(self, attachment: hooks.Attachment) -> str:
        folder = self._config.data_dir.absolute() / FILES / secrets.token_hex(8)
        folder.mkdir(parents=True, mode=0o700)
        path = folder / attachment.name
        path.write_text(attachment.content, encoding="utf-8")
        return str(path)

    def _say(self, session: Session, say: hooks.Say, cause: Cause) -> None:
        letter = self._letter(session, say, cause)
        if letter is not None:
            self._outgoing.put(session, letter, cause.now)

    def _letter(self, session: Session, say: hooks.Say, cause: Cause) -> Letter | None:
        kind = "digest" if say.key.startswith("digest:") else "unsolicited"
        fallback = None
        if say.fallback_group_id is not None:
            target = self._group_target(session, say.fallback_group_id)
            fallback = Letter(say.key, kind, target, say.text, group_id=say.fallback_group_id)
        letter: Letter | None = fallback
        if say.group_id is not None:
            target = self._group_target(session, say.group_id)
            letter = Letter(say.key, kind, target, say.text, group_id=say.group_id)
        elif say.person_id is not None:
            native = self._native_person(session, say.person_id)
            if native is not None and cause.private_possible:
                letter = Letter(say.key, kind, Target(person_id=native), say.text, fallback=fallback)
        if letter is None:
            return None
        return replace(letter, not_before=say.not_before, expires_at=say.expires_at)

    def _recall(self, session: Session, action: hooks.RecallMessage, cause: Cause) -> None:
        instead = self._letter(session, action.otherwise, cause)
        letter = Letter(
            action.key,
            "recall",
            self._group_target(session, action.group_id),
            recall_id=action.native_id,
            group_id=action.group_id,
            fallback=instead,
        )
        self._outgoing.put(session, letter, cause.now)

    def _change_group(self, session: Session, action: hooks.ChangeGroup, cause: Cause) -> None:
        row = session.get(Group, action.group_id)
        if row is None:
            return
        for name, value in action.values.items():
            setattr(row, name, storable(value) if isinstance(value, str) else value)
        if action.values.get("consent") == "agreed":
            row.consent_at = cause.now
            row.observed_from = row.observed_from or cause.now
            self.consented.add(action.group_id)
        session.add(row)
        session.flush()
        if action.action:
            self._audit(session, action.action, cause, action.group_id)

    def _correct(self, session: Session, action: hooks.Correct, cause: Cause) -> None:
        session.merge(
            Correction(
                key=storable(correction_key(action.text)),
                labels=";".join(action.labels) or "none",
                rules_labels=";".join(action.rules_labels) or "none",
                text=storable(mask(action.text)),
                at=cause.now,
            )
        )
        session.flush()
        self.corrected = True
        self._audit(session, "误判", cause, cause.group_id)

    def _ask_code(self, session: Session, action: hooks.AskCode, cause: Cause, number: int) -> None:
        code = f"{secrets.randbelow(1_000_000):06d}"
        session.merge(
            Confirmation(
                person_id=action.person_id,
                chat=chat_of(cause),
                code=code,
                command=action.command,
                expires_at=cause.now + timedelta(seconds=CODE_SECONDS),
            )
        )
        text = self._texts(action.prompt, code=code, seconds=CODE_SECONDS)
        self._reply(session, hooks.Reply(text), cause, number)

    def _forget(self, session: Session, action: hooks.ForgetPerson, cause: Cause) -> None:
        person = session.get(Person, action.person_id)
        if person is None:
            return
        if action.opt_out is not None:
            person.opted_out = action.opt_out
        if action.delete or action.opt_out:
            session.execute(delete(PersonName).where(col(PersonName.person_id) == person.id))
            person.sealed_id = None
        if action.delete:
            own = select(col(MessageRow.id)).where(col(MessageRow.person_id) == person.id)
            session.execute(delete(MessageText).where(col(MessageText.message_id).in_(own)))
            for table in (Receipt, Ack, TodoDone, Mention):
                session.execute(delete(table).where(col(table.person_id) == person.id))
            for posts in (NoticePost, MessageRow):
                session.execute(
                    update(posts).where(col(posts.person_id) == person.id).values(person_id=NOBODY)
                )
            if action.opt_out:
                session.execute(delete(Member).where(col(Member.person_id) == person.id))
        session.flush()
        self.people_changed = True
        self._audit(session, "删除数据" if action.delete else "停止或恢复记录", cause, None)

    def _claim(self, session: Session, action: hooks.Claim, cause: Cause) -> None:
        # Writers take turns, so looking first is enough; the primary key holds against anything else.
        if session.get(DigestRun, (action.scope, action.week)) is None:
            session.add(DigestRun(scope=action.scope, week=action.week, at=cause.now))
            session.flush()
            self.carry_out(session, action.actions, cause)

    def _audit(self, session: Session, action: str, cause: Cause, group_id: int | None) -> None:
        session.add(Audit(at=cause.now, action=action, group_id=group_id, person_id=cause.person_id))

    def _group_target(self, session: Session, group_id: int) -> Target:
        row = session.get(Group, group_id)
        return Target(group_id=row.native_id if row else "")

    def _native_person(self, session: Session, person_id: int) -> str | None:
        row = session.get(Person, person_id)
        return self._vault.unseal(row.sealed_id) if row is not None and row.sealed_id else None


def chat_of(cause: Cause) -> str:
    """Return where a command was given, for confirmations: a group's number, or private."""
    return f"group:{cause.group_id}" if cause.group_id is not None else "private"
