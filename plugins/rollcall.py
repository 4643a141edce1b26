"""减负模式: what the bot does about a redundant roll-call, quietly and within the owner's mode."""

from collections.abc import Iterable
from datetime import timedelta

from bot.events import Label
from bot.hooks import (
    Action,
    ChangeGroup,
    Command,
    Log,
    MessageContext,
    Plugin,
    RecallMessage,
    Reply,
    Say,
    Where,
    Who,
)
from bot.notices.records import Redundancy
from bot.store.reader import GroupView

MODES = {"观察": "observe", "提示": "notify", "私信": "private", "撤回": "recall", "关闭": "off"}
WORDS = {mode: word for word, mode in MODES.items()}
STALE = timedelta(hours=2)  # a line about a roll-call helps nobody later


def answer(context: MessageContext) -> Iterable[Action]:
    """Act on a redundant roll-call as the group's mode says, and on a flood of receipts where that is on."""
    if context.group is None or context.message_id is None:
        return
    if context.posted is not None and context.posted.redundancy is not None:
        yield from _suppress(context, context.group, context.posted.notice, context.posted.redundancy)
    if context.group.flood_line and Label.ACK in context.classification.labels:
        yield from _flood(context, context.group, context.message_id)


def _suppress(
    context: MessageContext, group: GroupView, notice_id: int, found: Redundancy
) -> Iterable[Action]:
    mode = (
        "observe"
        if group.is_observed(context.now, context.config.observe) and group.mode != "off"
        else group.mode
    )
    if mode == "off" or context.classification.emergency:
        return
    line = _line(context, group, notice_id, found)
    done = mode
    if mode == "private":
        if context.can_reach_privately:
            yield _to_sender(context, group, notice_id, found)
        else:
            done = "observe"
    elif mode == "recall" and context.can_recall and line is not None:
        yield RecallMessage(
            key=f"recall:{context.message_id}",
            message_id=context.message_id or 0,
            native_id=context.message.native_id,
            group_id=group.id,
            otherwise=line,
        )
    elif mode in {"notify", "recall"}:
        if line is not None:
            yield line
        else:
            done = "observe"
    yield Log(
        context.message_id or 0,
        group.id,
        done,
        {
            "mode": group.mode,
            "rule": found.rule,
            "earlier": list(found.earlier),
            "overlap": found.overlap,
            "total": found.total,
            "acknowledged": len(found.acknowledged),
        },
    )


def _line(context: MessageContext, group: GroupView, notice_id: int, found: Redundancy) -> Say | None:
    posts = {post.message_id: post for post in context.notices.notice(notice_id).posts}
    elsewhere = any(posts[key].group_id != group.id for key in found.earlier if key in posts)
    if not found.acknowledged and not elsewhere:
        return None  # a reminder to a group where nobody has answered spares nobody
    here = any(posts[key].group_id == group.id for key in found.earlier if key in posts)
    where = "本群和其他群" if here and elsewhere else "其他群" if elsewhere else "本群"
    text = context.texts("rollcall_line", acknowledged=len(found.acknowledged), where=where)
    key = f"rollcall:{notice_id}:{group.id}"
    return Say(key=key, text=text, group_id=group.id, expires_at=context.now + STALE)


def _to_sender(context: MessageContext, group: GroupView, notice_id: int, found: Redundancy) -> Say:
    asked = [member for member in context.reader.members(group.id) if member.person_id != context.person.id]
    have = context.notices.notice(notice_id).acknowledged
    text = context.texts(
        "rollcall_private",
        group=group.title,
        total=found.total,
        overlap=found.overlap,
        have=[member.name for member in asked if member.person_id in have],
        missing=[member.name for member in asked if member.person_id not in have],
    )
    return Say(
        key=f"rollcall:{notice_id}:{group.id}",
        text=text,
        person_id=context.person.id,
        expires_at=context.now + STALE,
    )


def _flood(context: MessageContext, group: GroupView, message_id: int) -> Iterable[Action]:
    notice_id = context.notices.newest_receipt_notice(message_id)
    if notice_id is None:
        return
    settings = context.config.suppression
    since = context.message.sent_at - timedelta(minutes=settings.flood_minutes)
    if context.notices.receipts_since(notice_id, group.id, since) >= settings.flood_receipts:
        count = len(context.notices.notice(notice_id).acknowledged)
        yield Say(
            key=f"flood:{notice_id}:{group.id}",
            text=context.texts("flood_line", count=count),
            group_id=group.id,
            expires_at=context.now + STALE,
        )


def set_mode(context: MessageContext, words: str) -> Iterable[Action]:
    """Show or set what the bot does about redundant roll-calls."""
    group = context.group
    if group is None:
        raise ValueError("the command works in groups only")
    word = words.strip()
    if not word:
        yield Reply(context.texts("mode_now", mode=WORDS[group.mode]))
        return
    mode = MODES.get(word)
    if mode is None:
        yield Reply(context.texts("mode_unknown", value=word[:20]))
        return
    yield ChangeGroup(group.id, {"mode": mode}, f"减负模式 {word}")
    waiting = group.is_observed(context.now, context.config.observe) and mode not in {"observe", "off"}
    days = f"{context.config.suppression.observe_days:g}"
    yield Reply(context.texts("mode_set", mode=word, observing=waiting, days=days))


def set_flood(context: MessageContext, words: str) -> Iterable[Action]:
    """Turn the one line about a flood of receipts on or off."""
    if context.group is None or words.strip() not in {"开", "关"}:
        yield Reply(context.texts("flood_usage"))
        return
    on = words.strip() == "开"
    yield ChangeGroup(context.group.id, {"flood_line": on}, "刷屏提醒")
    yield Reply(context.texts("flood_set", on=on))


plugin = Plugin(
    name="rollcall",
    description="重复点名的减负",
    on_message=answer,
    commands=(
        Command(
            "减负模式",
            "重复要求回复时怎么做",
            set_mode,
            Who.OWNER,
            Where.GROUP,
            usage="观察|提示|私信|撤回|关闭",
        ),
        Command("刷屏提醒", "收到刷屏时提醒一次", set_flood, Who.OWNER, Where.GROUP, usage="开|关"),
    ),
)
