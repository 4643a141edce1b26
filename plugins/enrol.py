"""Enrolment: one greeting, the owner's consent, pause and resume, registration; tells the owner of secret marks."""

import re
from collections.abc import Iterable
from datetime import date

from bot.events import Event, GroupSnapshot, MembershipChange
from bot.hooks import Action, ChangeGroup, Command, Context, MessageContext, Plugin, Reply, Say, Where, Who
from bot.store.reader import GroupView

_FIELDS = {"单位": "unit", "用途": "purpose", "期限": "term"}
_PAIR = re.compile(r"(单位|用途|期限)\s*[=＝:：]\s*")
_DATE = re.compile(r"(\d{4})\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})\D?")


def greet(context: Context, event: Event, group: GroupView) -> Iterable[Action]:
    """Greet a group once, when the bot first sees it."""
    if not isinstance(event, GroupSnapshot | MembershipChange):
        return
    if group.consent == "pending" and group.greeted_at is None:
        text = context.texts("greeting", text_days=context.config.privacy.text_days)
        yield Say(key=f"greeting:{group.id}", text=text, group_id=group.id)
        yield ChangeGroup(group.id, {"greeted_at": context.now}, "")


def warn_of_secret(context: MessageContext) -> Iterable[Action]:
    """Tell the owner privately that a message carries a mark of secret material."""
    if not context.secret or context.group is None:
        return
    owner = context.reader.owner(context.group.id)
    if owner is not None:
        text = context.texts("secret_to_owner", group=context.group.title, mark="密级、文号或内部标志")
        yield Say(key=f"secret:{context.message_id}", text=text, person_id=owner)


def agree(context: MessageContext, _words: str) -> Iterable[Action]:
    """Begin recording."""
    group = _group(context)
    if group.consent == "agreed":
        yield Reply(context.texts("consent_already"))
        return
    yield ChangeGroup(group.id, {"consent": "agreed"}, "同意")
    yield Reply(context.texts("consent_done", days=f"{context.config.suppression.observe_days:g}"))


def pause(context: MessageContext, _words: str) -> Iterable[Action]:
    """Stop recording until resumed."""
    group = _group(context)
    if group.consent != "agreed":
        yield Reply(context.texts("paused_already"))
        return
    yield ChangeGroup(group.id, {"consent": "paused"}, "暂停")
    yield Reply(context.texts("paused"))


def resume(context: MessageContext, _words: str) -> Iterable[Action]:
    """Record again after a pause."""
    group = _group(context)
    if group.consent != "paused":
        yield Reply(context.texts("consent_already" if group.consent == "agreed" else "not_consented"))
        return
    yield ChangeGroup(group.id, {"consent": "agreed"}, "恢复")
    yield Reply(context.texts("resumed"))


def register(context: MessageContext, words: str) -> Iterable[Action]:
    """Write down who runs the group, what for and until when."""
    group = _group(context)
    pieces = _PAIR.split(words)
    given = {
        _FIELDS[name]: value.strip(" ，,;；\n")
        for name, value in zip(pieces[1::2], pieces[2::2], strict=True)
    }
    if not given:
        yield Reply(context.texts("register_usage"))
        return
    values: dict[str, object] = {name: value[:100] for name, value in given.items() if name != "term"}
    if "term" in given:
        term = _date(given["term"])
        if term is None:
            yield Reply(context.texts("register_term", value=given["term"][:20]))
            return
        values["term"] = term
    yield ChangeGroup(group.id, {**values, "registered_at": context.now}, "登记")
    yield Reply(
        context.texts(
            "registered",
            unit=values.get("unit", group.unit),
            purpose=values.get("purpose", group.purpose),
            term=values.get("term", group.term),
        )
    )


def _date(text: str) -> date | None:
    found = _DATE.fullmatch(text.strip())
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def _group(context: MessageContext) -> GroupView:
    if context.group is None:
        raise ValueError("the command works in groups only")
    return context.group


plugin = Plugin(
    name="enrol",
    description="入群说明、同意、暂停、登记",
    on_event=greet,
    on_message=warn_of_secret,
    commands=(
        Command("同意", "同意记录本群", agree, Who.OWNER, Where.GROUP),
        Command("暂停", "暂停记录本群", pause, Who.OWNER, Where.GROUP),
        Command("恢复", "恢复记录本群", resume, Who.OWNER, Where.GROUP),
        Command("登记", "登记本群", register, Who.ADMIN, Where.GROUP, usage="单位=… 用途=… 期限=…"),
    ),
)
