"""回执: who has received a notice, over all groups it was posted in; names in private only."""

from collections.abc import Iterable

from bot.events import Role
from bot.hooks import Action, Command, MessageContext, Plugin, Reply
from bot.reports.words import moment
from bot.store.notices import NoticeView


def show(context: MessageContext, words: str) -> Iterable[Action]:
    """Answer how many of how many; the sender in private also who."""
    notices = _mine(context)
    number = words.strip().rstrip("条.。")
    if not notices:
        yield Reply(context.texts("receipts_none"))
    elif number and not number.isdigit():
        yield from _listing(context, notices)
    elif number and not 1 <= int(number) <= len(notices):
        yield Reply(context.texts("receipts_no_such", number=number, count=len(notices)))
    elif not number and context.group is None and len(notices) > 1:
        yield from _listing(context, notices)
    else:
        yield _one(context, notices[int(number) - 1 if number else 0])


def _mine(context: MessageContext) -> list[NoticeView]:
    """Return the notices one may ask about: one's own, and for owner and admins those of their groups."""
    found = list(context.notices.rollcalls_by(context.person.id))
    if context.group is not None:
        here = context.group.id
        if context.role in {Role.OWNER, Role.ADMIN}:
            return context.notices.rollcalls_in(here)
        return [notice for notice in found if here in notice.groups] or found
    for group in context.reader.groups_of(context.person.id):
        if context.reader.role(group.id, context.person.id) in {Role.OWNER, Role.ADMIN}:
            found += context.notices.rollcalls_in(group.id)
    unique = {notice.id: notice for notice in found}
    return sorted(unique.values(), key=lambda notice: notice.posts[-1].sent_at, reverse=True)[:9]


def _listing(context: MessageContext, notices: list[NoticeView]) -> Iterable[Action]:
    items = [
        {
            "title": notice.title,
            "sent": moment(notice.posts[0].sent_at, context.zone),
            "have": len(notice.asked & notice.acknowledged),
            "asked": len(notice.asked),
        }
        for notice in notices
    ]
    yield Reply(context.texts("receipts_list", items=items))


def _one(context: MessageContext, notice: NoticeView) -> Reply:
    have = notice.asked & notice.acknowledged
    names = None
    if context.group is None:
        known = context.reader.names([*notice.asked])
        names = {
            "have": sorted(known[person] for person in have if person in known),
            "missing": sorted(known[person] for person in notice.missing if person in known),
            "unnamed": len(notice.asked - set(known)),
        }
    groups = {group.id: group.title for group in context.reader.groups()}
    text = context.texts(
        "receipts_one",
        title=notice.title,
        sent=moment(notice.posts[0].sent_at, context.zone),
        groups=[groups.get(group_id, "") for group_id in sorted(notice.groups)],
        have=len(have),
        asked=len(notice.asked),
        names=names,
    )
    return Reply(text)


plugin = Plugin(
    name="receipts",
    description="回执统计",
    commands=(Command("回执", "谁收到了您发的通知（名单私聊看）", show, usage="[序号]"),),
)
