"""When the next message may leave: pure arithmetic over the limits and what was sent lately."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.config import LimitSettings


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent lately, as far as the limits need it."""

    last_in_chat: datetime | None = None
    last_anywhere: datetime | None = None
    in_last_minute: tuple[datetime, ...] = ()
    today: int = 0
    unsolicited_today: int = 0
    paused_until: datetime | None = None


def earliest(
    now: datetime,
    sent: Sent,
    limits: LimitSettings,
    zone: ZoneInfo,
    *,
    unsolicited: bool,
    other_chat_seconds: float,
) -> datetime:
    """Return the first moment, not before `now`, at which a message may leave."""
    moment = now
    if sent.paused_until is not None:
        moment = max(moment, sent.paused_until)
    if sent.last_in_chat is not None:
        moment = max(moment, sent.last_in_chat + timedelta(seconds=limits.same_chat_seconds))
    if sent.last_anywhere is not None and sent.last_anywhere != sent.last_in_chat:
        moment = max(moment, sent.last_anywhere + timedelta(seconds=other_chat_seconds))
    if len(sent.in_last_minute) >= limits.per_minute:
        moment = max(moment, sorted(sent.in_last_minute)[-limits.per_minute] + timedelta(minutes=1))
    if sent.today >= limits.per_day or (unsolicited and sent.unsolicited_today >= limits.unsolicited_per_day):
        moment = max(moment, next_midnight(now, zone))
    if unsolicited:
        moment = after_quiet(moment, limits.quiet, zone)
    return moment


def after_quiet(moment: datetime, quiet: tuple[time, time] | None, zone: ZoneInfo) -> datetime:
    """Return the moment itself, or the end of the quiet hours that it falls into."""
    if quiet is None or quiet[0] == quiet[1]:
        return moment
    begin, end = quiet
    local = moment.astimezone(zone)
    clock = local.time()
    inside = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not inside:
        return moment
    day = local.date() + timedelta(days=1 if begin > end and clock >= begin else 0)
    return datetime.combine(day, end, zone).astimezone(moment.tzinfo)


def next_midnight(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next local midnight."""
    day = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, time(), zone).astimezone(now.tzinfo)
