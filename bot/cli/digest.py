"""`jianfu digest`: the figures of a period for the county, a group or a person, as text or JSON."""

import json
from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from bot.cli.common import ConfigOption, opened, reporting
from bot.errors import UsageError
from bot.hooks import Context
from bot.period import Period, iso_week, local_day, named
from bot.reports.digest import as_data, county_text, group_text, person_text
from bot.store.reader import GroupView, PersonView


class Scope(StrEnum):
    """Whose figures."""

    COUNTY = "county"
    GROUP = "group"
    PERSON = "person"


class Format(StrEnum):
    """How they are written."""

    TEXT = "text"
    JSON = "json"


def digest(
    scope: Annotated[Scope, typer.Option(help="全县、一个群或一个人")] = Scope.COUNTY,
    group: Annotated[str, typer.Option(help="群名（scope 为 group 时）")] = "",
    person: Annotated[str, typer.Option(help="姓名（scope 为 person 时）")] = "",
    week: Annotated[str, typer.Option(help="ISO 周，如 2026-W47；默认上周")] = "",
    since: Annotated[str, typer.Option("--from", help="起始日，如 2026-11-01")] = "",
    until: Annotated[str, typer.Option("--to", help="结束日（含）")] = "",
    output: Annotated[Format, typer.Option("--format", help="文字或 JSON")] = Format.TEXT,
    config: ConfigOption = None,
) -> None:
    """看周报：不发送，只显示。"""
    with opened(config) as store, reporting(store) as context:
        period = _period(context, week, since, until)
        target = _target(context, scope, group, person)
        if output is Format.JSON:
            print(json.dumps(as_data(context, scope.value, period, target), ensure_ascii=False, indent=1))
        else:
            print(_text(context, period, target))


def _period(context: Context, week: str, since: str, until: str) -> Period:
    if week and (since or until):
        raise UsageError("--week 与 --from/--to 只能用一种")
    if week:
        return iso_week(week)
    if since or until:
        today = local_day(context.now, context.zone)
        begin = _date("--from", since) if since else date.min
        end = _date("--to", until) if until else today
        if not since:
            raise UsageError("只写了 --to：请同时写 --from 起始日")
        if begin > end:
            msg = f"起始日 {begin} 晚于结束日 {end}"
            raise UsageError(msg)
        return Period(begin, end)
    return named("上周", local_day(context.now, context.zone))


def _date(name: str, text: str) -> date:
    msg = f"{name} {text} 不是可用的日期：应形如 2026-11-01，在 2000 到 2100 年之间"
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(msg) from error
    if not 2000 <= day.year <= 2100:
        raise UsageError(msg)
    return day


def _target(context: Context, scope: Scope, group: str, person: str) -> GroupView | PersonView | None:
    if scope is Scope.GROUP:
        if not group:
            raise UsageError("--scope group 需要 --group 群名")
        return context.reader.find_group(group)
    if scope is Scope.PERSON:
        if not person:
            raise UsageError("--scope person 需要 --person 姓名")
        return context.reader.find_person(person)
    return None


def _text(context: Context, period: Period, target: GroupView | PersonView | None) -> str:
    if isinstance(target, PersonView):
        return person_text(context, target, period)
    text = group_text(context, target, period) if target else county_text(context, period)
    return text or f"{period.title}：没有记录"
