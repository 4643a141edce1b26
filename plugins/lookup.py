"""查重: was this notice or material asked before, in groups that the asker is in."""

from collections.abc import Iterable

from bot.hooks import Action, Command, MessageContext, Plugin, Reply
from bot.reports.words import moment

MOST = 5


def search(context: MessageContext, words: str) -> Iterable[Action]:
    """Answer where and when a text like this was posted; never of a group that the asker is not in."""
    text = words or (context.message.quote.text if context.message.quote else "")
    if not text.strip():
        yield Reply(context.texts("lookup_usage"))
        return
    groups = {group.id: group.title for group in context.reader.groups_of(context.person.id)}
    found = context.notices.search(text, groups)[:MOST]
    if not found:
        yield Reply(context.texts("lookup_none"))
        return
    items = [
        {
            "sent": moment(post.sent_at, context.zone),
            "group": groups[post.group_id],
            "title": post.title or "（内容未保存）",
            "why": why,
        }
        for post, why in found
    ]
    # In a group the names of the asker's other groups are nobody else's business.
    yield Reply(
        context.texts("lookup_found", items=items),
        private=True,
        fallback=context.texts("private_unreachable"),
    )


plugin = Plugin(
    name="lookup",
    description="查重",
    commands=(Command("查重", "这条通知或材料是否已经要求过", search, usage="内容"),),
)
