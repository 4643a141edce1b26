"""周报: weekly digests, each once per group and ISO week, and on demand."""

import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.hooks import Action, Claim, Command, Context, Job, MessageContext, Plugin, Reply, Say, Who
from bot.period import Period, last_due, local_day, named, week_key
from bot.reports.digest import county_text, group_text
from bot.rights import may
from bot.store.reader import GroupView


def weekly(context: Context) -> Iterable[Action]:
    """Put the digests of the week before into the outbox, when their time has come; late ones for a while."""
    settings = context.config.digest
    due = last_due(context.now, settings.weekday, settings.at, context.zone)
    if context.now - due > timedelta(hours=settings.catch_up_hours):
        return
    period = week_before(due, context)
    week = week_key(period.begin)
    expires = due + timedelta(hours=settings.catch_up_hours + 24)
    if settings.group_to != "none":
        for group in context.reader.groups(consented=True):
            scope = f"group:{group.id}"
            if not context.reader.claimed(scope, week):
                text = group_text(context, group, period)
                say = _to_owner(context, group, f"digest:{scope}:{week}", text, due, expires)
                yield Claim(scope, week, (say,) if text else ())
    office = context.reader.office_groups(context.config.office.chats)
    if office and not context.reader.claimed("county", week):
        text = county_text(context, period)
        says = tuple(
            Say(
                key=f"digest:county:{week}:{chat.id}",
                text=text,
                group_id=chat.id,
                not_before=_spread(context, due, chat.id),
                expires_at=expires,
            )
            for chat in office
        )
        yield Claim("county", week, says if text else ())


def on_demand(context: MessageContext, words: str) -> Iterable[Action]:
    """Answer the last digest now: this group's, or the county's for the office."""
    period = named("上周", local_day(context.now, context.zone))
    wanted = words.strip() or ("本群" if context.group and not context.office else "全县")
    if wanted == "全县":
        if not may(context, Who.OFFICE):
            yield Reply(context.texts("not_allowed", command="周报 全县", who=context.texts("who_office")))
            return
        yield Reply(county_text(context, period) or context.texts("digest_none"))
        return
    if context.group is None:
        yield Reply(context.texts("only_in_group", command="周报 本群"))
        return
    if not may(context, Who.OWNER_OR_OFFICE):
        who = context.texts("who_owner_or_office")
        yield Reply(context.texts("not_allowed", command="周报 本群", who=who))
        return
    yield Reply(group_text(context, context.group, period) or context.texts("digest_none"))


def week_before(due: datetime, context: Context) -> Period:
    """Return the ISO week that a digest due at a moment is about."""
    return named("上周", local_day(due, context.zone))


def _to_owner(
    context: Context, group: GroupView, key: str, text: str, due: datetime, expires: datetime
) -> Say:
    owner = context.reader.owner(group.id) if context.config.digest.group_to == "owner" else None
    when = _spread(context, due, group.id)
    if owner is None:
        return Say(key=key, text=text, group_id=group.id, not_before=when, expires_at=expires)
    return Say(
        key=key, text=text, person_id=owner, fallback_group_id=group.id, not_before=when, expires_at=expires
    )


def _spread(context: Context, due: datetime, number: int) -> datetime:
    # A hash, not chance: the same group gets its digest at the same time every week.
    share = zlib.crc32(str(number).encode()) % 1000 / 1000
    return max(due, context.now) + timedelta(minutes=context.config.digest.spread_minutes * share)


plugin = Plugin(
    name="digest",
    description="周报",
    commands=(Command("周报", "上周的周报", on_demand, usage="[本群|全县]"),),
    jobs=(Job("weekly", weekly),),
)
