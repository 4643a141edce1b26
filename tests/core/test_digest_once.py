"""A digest goes out once per group and ISO week, whatever crashes, restarts or clocks do."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import Config, DigestSettings, LimitSettings, OfficeSettings
from bot.store.tables_work import DigestRun, GapRow
from bot.testing import FakeChannel, Town
from tests.conftest import MONDAY, MakeTown
from tests.core.support import change, outbox, rows

GROUP = "村务群"
PEOPLE = ("赵支书", "钱支书", "李会计")
DUE = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)  # Monday 08:30 in China
OFFICE = OfficeSettings(chats=("县减负办",))
ROOT = Path(__file__).parents[2]


async def county(town: Town) -> Town:
    await town.found(GROUP, PEOPLE, "赵支书")
    await town.found("县减负办", ("何主任", "吕科员", "冯干事"), "何主任")
    await town.say(GROUP, "赵支书", "请各村今天下班前报送秸秆禁烧台账，收到请回复")
    town.news()
    return town


async def digests(town: Town, at: datetime) -> list[str]:
    """Let a minute and the half hour after it pass; return to whom digests went."""
    town.clock.set(at)
    await town.minute()
    for _ in range(32):
        town.clock.advance(minutes=1)
        await town.settle(5)
    said = [one for one in town.news() if "周报" in one.text]
    assert all(("全县" in one.text) == (one.group == "县减负办") for one in said)
    return [one.group or f"私聊{one.person}" for one in said]


async def test_owner_and_office_get_theirs_once_at_the_configured_time(make_town: MakeTown) -> None:
    town = await county(make_town(office=OFFICE))
    assert await digests(town, DUE - timedelta(minutes=40)) == []
    assert sorted(await digests(town, DUE)) == ["县减负办", "私聊赵支书"]
    assert await digests(town, DUE + timedelta(hours=1)) == []
    assert [row.week for row in rows(town.app.store.database, DigestRun)] == ["2026-W47"] * 3


async def test_a_restart_sends_nothing_twice_and_forgets_nothing(make_town: MakeTown) -> None:
    town = await county(make_town(office=OFFICE))
    town.clock.set(DUE)
    await town.app.worker.minute()  # in the outbox; then the process ends
    for restart in range(3):
        town = make_town(DUE + timedelta(minutes=restart), channel=town.channel, office=OFFICE)
        await town.app.worker.minute()
    assert sorted(await digests(town, DUE + timedelta(minutes=5))) == ["县减负办", "私聊赵支书"]


@pytest.mark.parametrize(
    "jump", [timedelta(hours=-1), timedelta(hours=-30), timedelta(days=-8), timedelta(hours=3)]
)
async def test_a_clock_that_jumps_sends_nothing_twice(make_town: MakeTown, jump: timedelta) -> None:
    town = await county(make_town(office=OFFICE))
    assert len(await digests(town, DUE + timedelta(minutes=1))) == 2
    await digests(town, DUE + jump)
    assert await digests(town, DUE + timedelta(minutes=40)) == []
    keys = [letter.key for letter in outbox(town.app) if letter.kind == "digest"]
    assert len([key for key in keys if "2026-W47" in key]) == 2


async def test_a_missed_time_is_made_up_for_within_a_day(make_town: MakeTown) -> None:
    town = await county(make_town(office=OFFICE))
    assert len(await digests(town, DUE + timedelta(hours=23, minutes=59))) == 2


async def test_a_time_missed_by_more_than_a_day_is_not_made_up_for(make_town: MakeTown) -> None:
    town = await county(make_town(office=OFFICE))
    assert await digests(town, DUE + timedelta(hours=24, minutes=1)) == []
    assert len(await digests(town, DUE + timedelta(days=7))) == 0  # and that week had nothing to tell
    await town.say(GROUP, "李会计", "收到")
    assert len(await digests(town, DUE + timedelta(days=14))) == 2


async def test_every_week_has_its_own_also_over_new_year(make_town: MakeTown) -> None:
    town = await county(make_town(datetime(2026, 12, 21, 1, 0, tzinfo=UTC)))
    weeks = []
    for number in range(1, 4):
        await town.say(GROUP, "李会计", "收到")
        due = datetime(2026, 12, 21, 0, 30, tzinfo=UTC) + timedelta(days=7 * number)
        assert await digests(town, due) == ["私聊赵支书"]
        weeks.append(max(row.week for row in rows(town.app.store.database, DigestRun)))
    assert weeks == ["2026-W52", "2026-W53", "2027-W01"]


async def test_digests_are_spread_over_half_an_hour(make_town: MakeTown) -> None:
    town = make_town()
    for number in range(20):
        await town.found(f"{number}组群", PEOPLE, "赵支书")
        await town.say(f"{number}组群", "李会计", "收到")
    town.clock.set(DUE)
    await town.app.worker.minute()
    times = [letter.not_before - DUE for letter in outbox(town.app) if letter.kind == "digest"]
    assert len(times) == 20
    assert timedelta() <= min(times) <= timedelta(minutes=5)
    assert timedelta(minutes=25) <= max(times) <= timedelta(minutes=30)


async def test_an_owner_who_cannot_be_reached_gets_it_in_the_group(make_town: MakeTown) -> None:
    town = await county(make_town())
    town.channel.unreachable.add("赵支书")
    assert await digests(town, DUE) == [GROUP]


async def test_a_group_that_wants_none_gets_none(make_town: MakeTown) -> None:
    town = await county(make_town(digest=DigestSettings(group_to="none")))
    assert await digests(town, DUE) == []


async def test_a_group_without_consent_or_paused_gets_none(make_town: MakeTown) -> None:
    town = await county(make_town())
    await town.ask(GROUP, "赵支书", "暂停")
    assert await digests(town, DUE) == []


async def test_figures_of_fewer_than_five_people_are_not_told_to_the_county(make_town: MakeTown) -> None:
    town = make_town(office=OfficeSettings(chats=(GROUP,)))
    await town.found(GROUP, PEOPLE, "赵支书")
    await town.say(GROUP, "赵支书", "请各村今天下班前报送秸秆禁烧台账，收到请回复")
    town.news()
    town.clock.set(DUE)
    await town.minute()
    town.clock.advance(minutes=31)
    await town.settle()
    assert not [one for one in town.news() if "全县" in one.text]


async def test_gaps_are_told_in_the_digest(make_town: MakeTown) -> None:
    town = await county(make_town(office=OFFICE))
    gap = GapRow(channel="fake", began_at=MONDAY, ended_at=MONDAY + timedelta(minutes=9), reason="断线")
    change(town.app, lambda session: session.add(gap))
    town.clock.set(DUE)
    await town.minute()
    town.clock.advance(minutes=31)
    await town.settle()
    told = [one.text for one in town.news()]
    assert len(told) == 2
    assert all("11月16日09:00—11月16日09:09" in text for text in told)


async def test_digests_wait_while_the_platform_says_too_frequent(make_town: MakeTown) -> None:
    town = await county(make_town(limits=LimitSettings(quiet=None)))
    town.app.outgoing.pause(DUE + timedelta(hours=12))
    assert await digests(town, DUE) == []
    assert await digests(town, DUE + timedelta(hours=12)) == ["私聊赵支书"]


PROCESS = """
import asyncio, json, sys
from datetime import datetime, timedelta
from pathlib import Path
from bot.config import DatabaseSettings, DigestSettings
from bot.testing import Town, quick_config

folder, url, due = Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3])
digest = DigestSettings(group_to="group", spread_minutes=0)
town = Town(quick_config(folder, database=DatabaseSettings(url=url), digest=digest), due)
for number in range(20):
    town.channel.add_group(f"{number}组群", ["赵支书"], "赵支书")

async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(5):
        await town.app.worker.minute()
        await town.settle(5)
    print(json.dumps([said.group for said in town.channel.said if "周报" in said.text]), flush=True)

asyncio.run(main())
town.close()
"""


@pytest.mark.postgres
async def test_two_processes_on_one_postgres_leave_twenty_digests_as_twenty_messages(
    postgres_url: str, tmp_path: Path
) -> None:
    from bot.config import DatabaseSettings
    from bot.testing import quick_config

    config: Config = quick_config(tmp_path / "data", database=DatabaseSettings(url=postgres_url))
    town = Town(config, MONDAY, channel=FakeChannel())
    for number in range(20):
        await town.found(f"{number}组群", PEOPLE, "赵支书")
        await town.say(f"{number}组群", "李会计", "收到")
    town.close()
    command = [sys.executable, "-c", PROCESS, str(tmp_path / "data"), postgres_url, DUE.isoformat()]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(  # noqa: ASYNC220 (two processes on purpose)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path, env=env, text=True
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    sent = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(sent[0] + sent[1]) == sorted(f"{number}组群" for number in range(20))
