"""The weekly digests as text and as data, from what the store tells."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from bot.hooks import Context
from bot.period import Period
from bot.reports.figures import Burden
from bot.reports.summary import minutes_per_member, minutes_per_person, values
from bot.reports.words import moment
from bot.store.reader import GroupView, PersonView

NAMES = (
    "messages", "receipts", "replies_demanded", "rollcalls", "distinct_rollcalls", "redundant_rollcalls",
    "repeated_receipts", "unasked_receipts", "photo_demands", "screenshot_demands", "checkin_demands",
    "material_demands", "app_demands", "canvass_demands", "rankings", "meetings", "supplies", "off_hours_demands",
    "emergencies", "mentions", "photos", "bot_messages", "replies_avoided", "multiple_reports",
)  # fmt: skip


def group_text(context: Context, group: GroupView, period: Period) -> str:
    """Return one group's digest; empty when nothing was recorded."""
    now = context.figures.group(group.id, period)
    if not _anything(now):
        return ""
    members = context.figures.member_counts().get(group.id, 0)
    seconds = context.config.counting.seconds
    before = context.figures.group(group.id, period.before())
    return context.texts(
        "digest_group",
        group=group.title,
        period=period.title,
        multiple=_multiple(context, period, {group.id}),
        gaps=_gaps(context, period),
        **values(
            now, minutes_per_member(now, members, seconds), minutes_per_member(before, members, seconds)
        ),
    )


def county_text(context: Context, period: Period) -> str:
    """Return the county's digest; empty when nothing was recorded."""
    now = context.figures.total(period)
    people = context.reader.count_people()
    least = context.config.privacy.least_cell
    if not _anything(now) or people < least:
        return ""
    by_group = context.figures.groups(period)
    members = context.figures.member_counts()
    small = {group_id for group_id, count in members.items() if count < least}
    seconds = context.config.counting.seconds
    before = context.figures.groups(period.before())
    return context.texts(
        "digest_county",
        period=period.title,
        groups=len(by_group),
        people=people,
        multiple=_multiple(context, period, None, unnamed=small),
        gaps=_gaps(context, period),
        **values(
            now,
            minutes_per_person(by_group, members, people, seconds),
            minutes_per_person(before, members, people, seconds),
        ),
    )


def person_text(context: Context, person: PersonView, period: Period) -> str:
    """Return one person's digest."""
    now = context.figures.person(person.id, period)
    before = context.figures.person(person.id, period.before())
    seconds = context.config.counting.seconds
    return context.texts(
        "digest_person",
        person=person.name,
        period=period.title,
        **values(now, now.minutes(seconds), before.minutes(seconds)),
    )


def as_data(
    context: Context, scope: str, period: Period, target: GroupView | PersonView | None
) -> dict[str, Any]:
    """Return a digest as data: groups by name, and totals in which a notice in five groups is one."""
    members = context.figures.member_counts()
    if isinstance(target, PersonView):
        burden = context.figures.person(target.id, period)
        groups = [
            {"name": group.title, "members": members.get(group.id, 0)}
            for group in context.reader.groups_of(target.id)
        ]
        total: Burden = burden
    else:
        only = {target.id} if isinstance(target, GroupView) else None
        by_group = context.figures.groups(period, only)
        views = [group for group in context.reader.groups() if only is None or group.id in only]
        groups = [
            {
                "name": group.title,
                "members": members.get(group.id, 0),
                **counts(by_group.get(group.id, Burden())),
            }
            for group in views
        ]
        total = context.figures.total(period, only)
    return {
        "scope": scope,
        "period": {"from": period.begin.isoformat(), "to": period.end.isoformat()},
        "groups": groups,
        "totals": counts(total),
    }


def counts(burden: Burden) -> Mapping[str, int]:
    """Return the counts under their names."""
    found = asdict(burden)
    return {name: found[name] for name in NAMES}


def _anything(burden: Burden) -> bool:
    # A week in which only the bot spoke is no week to report on.
    return any(count for name, count in counts(burden).items() if name != "bot_messages")


def _multiple(
    context: Context, period: Period, only: set[int] | None, unnamed: Collection[int] = ()
) -> list[dict[str, str]]:
    begin, end = period.bounds(context.zone)
    names = {group.id: "某小群" if group.id in unnamed else group.title for group in context.reader.groups()}
    return [
        {
            "title": item.later.title or item.earlier.title or "（内容未保存）",
            "later": f"{names.get(item.later.group_id, '')}（{moment(item.later.sent_at, context.zone)}）",
            "earlier": f"{names.get(item.earlier.group_id, '')}（{moment(item.earlier.sent_at, context.zone)}）",
        }
        for item in context.notices.multiple(begin, end, only)
    ]


def _gaps(context: Context, period: Period) -> list[str]:
    begin, end = period.bounds(context.zone)
    return [
        f"{moment(gap_begin, context.zone)}—{moment(gap_end, context.zone)}"
        for gap_begin, gap_end, _ in context.reader.gaps(begin, end)
    ]
