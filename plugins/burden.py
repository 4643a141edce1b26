"""我的负担 and 本群负担: own figures in private, a group's figures in the group."""

from collections.abc import Iterable

from bot.hooks import Action, Command, MessageContext, Plugin, Reply, Where, Who
from bot.period import PERIOD_NAMES, Period, local_day, named
from bot.reports.summary import minutes_per_member, values
from bot.reports.words import COUNT_WORDS


def mine(context: MessageContext, words: str) -> Iterable[Action]:
    """Answer one's own burden over all groups; to private chat."""
    period = _period(context, words)
    seconds = context.config.counting.seconds
    now = context.figures.person(context.person.id, period)
    before = context.figures.person(context.person.id, period.before())
    text = context.texts(
        "burden",
        heading="我的负担",
        who="我",
        period=period.title,
        **values(now, now.minutes(seconds), before.minutes(seconds)),
    )
    yield Reply(text, private=True, fallback=context.texts("private_unreachable"))


def of_group(context: MessageContext, words: str) -> Iterable[Action]:
    """Answer this group's burden."""
    group = context.group
    if group is None:
        raise ValueError("the command works in groups only")
    if group.consent == "pending":
        yield Reply(context.texts("not_consented"))
        return
    period = _period(context, words)
    seconds = context.config.counting.seconds
    members = context.figures.member_counts().get(group.id, 0)
    now = context.figures.group(group.id, period)
    before = context.figures.group(group.id, period.before())
    yield Reply(
        context.texts(
            "burden",
            heading="本群负担（人均用时）",
            who="",
            period=period.title,
            **values(
                now, minutes_per_member(now, members, seconds), minutes_per_member(before, members, seconds)
            ),
        )
    )


def weights(context: MessageContext, _words: str) -> Iterable[Action]:
    """Answer how the estimate is made."""
    items = [
        {"name": COUNT_WORDS.get(name, name), "time": f"{value:g}秒" if value < 60 else f"{value / 60:g}分钟"}
        for name, value in context.config.counting.seconds.items()
    ]
    yield Reply(context.texts("weights", items=items))


def _period(context: MessageContext, words: str) -> Period:
    return named(words.strip() or PERIOD_NAMES[0], local_day(context.now, context.zone))


_PERIODS = "[本周|上周|本月|上月]"

plugin = Plugin(
    name="burden",
    description="个人与本群负担",
    commands=(
        Command("我的负担", "自己在各群的负担（私聊回复）", mine, usage=_PERIODS),
        Command("本群负担", "本群的负担", of_group, Who.MEMBER, Where.GROUP, usage=_PERIODS),
        Command("权重", "估算用时的权重", weights),
    ),
)
