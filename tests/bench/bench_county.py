"""A simulated county for a week through the real program: what the bot finds, says and costs.

Run:  .venv/bin/python tests/bench/bench_county.py [--groups 700] [--people 6000] [--seed 1]

Twenty towns; every town's groups share its cadres and have 40 to 160 members, so that a person sits in about
eleven of them on average and a cadre in twice as many. Notices have a known identity: each goes to one to six
groups of its town, lightly reworded (forwarded, reminded, synonyms, other spellings of a time). People
answer within the hour; who has answered elsewhere answers again with a chance of 0.6, and of 0.1 where the
bot has said its line. Precision and recall of the same notice are over pairs of posts of a town; a true
redundant roll-call is one whose group was asked to at least half before, by known identity.
"""

import argparse
import asyncio
import heapq
import itertools
import random
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import select

from bot.config import LimitSettings, SuppressionSettings
from bot.events import Message
from bot.log import setup
from bot.store.tables import MessageRow, NoticePost
from bot.testing import Town, quick_config

BEGIN = datetime(2026, 11, 16, 0, 30, tzinfo=UTC)
SUBJECTS = [
    "秸秆禁烧",
    "森林防火",
    "普法",
    "禁毒",
    "养老认证",
    "医保缴费",
    "高标准农田",
    "厕所改造",
    "独居老人",
    "留守儿童",
    "困难家庭",
    "危房",
    "燃气安全",
    "消防通道",
    "道路交通",
    "校车",
    "食品安全",
    "小作坊",
    "河湖长制",
    "垃圾分类",
    "反诈宣传",
    "征兵",
    "党费收缴",
    "三会一课",
    "志愿服务",
    "农家书屋",
    "乡村医生",
    "高血压随访",
    "糖尿病随访",
    "疫苗接种",
    "残疾人补贴",
    "低保核查",
    "宅基地",
    "土地流转",
    "春耕备耕",
    "油菜种植",
    "生猪存栏",
    "饮水安全",
    "水库巡查",
    "电动车充电",
]
OBJECTS = ("台账", "工作总结", "统计表", "名册", "自查报告", "排查情况")
PEOPLE_WORDS = ("各村", "各单位", "各站所", "各网格")
CHATTER = (
    "今天太阳真好",
    "食堂中午有鱼",
    "谁看到我的伞了",
    "路上堵车",
    "孩子放学了",
    "打印机没墨了",
    "风真大",
    "周末愉快",
)


@dataclass
class Notice:
    """A notice with its true identity."""

    number: int
    subject: str
    thing: str
    who: str
    due: datetime
    town: int
    posts: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)

    def wording(self, chance: random.Random) -> str:
        day = self.due.astimezone(UTC) + timedelta(hours=8)
        when = chance.choice(
            (
                f"{day.month}月{day.day}日17:00前",
                f"{day.month}.{day.day}下午5点前",
                f"{day.month}月{day.day}日17点前",
            )
        )
        body = chance.choice(
            (
                f"请{self.who}于{when}报送{self.subject}{self.thing}，收到请回复",
                f"请{self.who}{when}上报{self.subject}{self.thing}，收到请回复！",
                f"{self.subject}{self.thing}请{self.who}{when}报来，收到回复",
            )
        )
        return chance.choice(("", "", "转发：", "【通知】", "再次提醒：", "@所有人 ")) + body


class County:
    """Who is where, and what is asked of whom."""

    def __init__(self, groups: int, people: int, seed: int) -> None:
        self.chance = random.Random(seed)
        towns = max(1, groups // 35)
        self.members: dict[str, list[str]] = {}
        self.town_groups: list[list[str]] = []
        for town in range(towns):
            folk = [f"p{town}-{number}" for number in range(people // towns)]
            cadres = folk[: max(8, len(folk) // 12)]
            names = []
            for number in range(groups // towns):
                core = self.chance.sample(cadres, k=len(cadres) * 3 // 5)
                others = self.chance.sample(
                    folk, k=self.chance.randint(min(25, len(folk)), min(145, len(folk)))
                )
                names.append(f"t{town}-g{number}")
                self.members[names[-1]] = list(dict.fromkeys(core + others))
            self.town_groups.append(names)
        self.numbers = itertools.count()

    def notices(self) -> list[tuple[datetime, str, Notice]]:
        """Draw a week's posts: when, where, which notice."""
        posts = []
        for town, names in enumerate(self.town_groups):
            topics = [(s, o) for s in SUBJECTS for o in OBJECTS]
            self.chance.shuffle(topics)
            for day in range(5):
                for _ in range(4):
                    subject, thing = topics.pop()
                    begin = BEGIN + timedelta(days=day, minutes=self.chance.randint(0, 400))
                    due = BEGIN + timedelta(days=day + self.chance.randint(1, 5))
                    notice = Notice(
                        next(self.numbers), subject, thing, self.chance.choice(PEOPLE_WORDS), due, town
                    )
                    for place in self.chance.sample(names, k=self.chance.randint(1, 6)):
                        posts.append((begin, place, notice))
                        begin += timedelta(minutes=self.chance.randint(10, 240))
        return posts


async def simulate(groups: int, people: int, seed: int, folder: Path) -> None:
    county = County(groups, people, seed)
    limits = LimitSettings(
        reply_delay=(0, 0), same_chat_seconds=0, other_chat_seconds=(0, 0), per_minute=1000, per_day=100_000
    )
    town = Town(quick_config(folder, limits=limits, suppression=SuppressionSettings(observe_days=0)), BEGIN)
    for name, members in county.members.items():
        await town.found(name, members, members[0])
    chance = county.chance
    queue: list[tuple[datetime, int, str, str, str, Notice | None]] = []
    order = itertools.count()
    for at, place, notice in county.notices():
        heapq.heappush(queue, (at, next(order), "post", place, county.members[place][0], notice))
    for place, members in county.members.items():
        for _ in range(chance.randint(20, 120)):
            at = BEGIN + timedelta(minutes=chance.randint(0, 5 * 24 * 60))
            heapq.heappush(queue, (at, next(order), "chat", place, chance.choice(members), None))
    truth: dict[str, Notice] = {}
    redundant: set[str] = set()
    said: Counter[str] = Counter()
    spent = 0.0
    lines = set()
    waiting: list[Message] = []
    while queue:
        at, number, kind, place, who, notice = heapq.heappop(queue)
        again = kind == "answer" and notice is not None and who in notice.answered
        if again and chance.random() > (0.1 if (place, notice.number) in lines else 0.6):
            continue
        text = {"chat": chance.choice(CHATTER), "answer": chance.choice(("收到", "收到！", "好的收到"))}.get(
            kind, ""
        )
        if kind == "post" and notice is not None:
            text = notice.wording(chance)
        message = town.channel.message(place, who, text, at, native_id=f"county-{number}")
        waiting.append(message)
        said[kind] += 1
        if kind == "answer" and notice is not None:
            notice.answered.add(who)
        if kind != "post" or notice is None:
            continue
        truth[message.native_id] = notice
        everyone = set(county.members[place]) - {who}
        if notice.posts and len(everyone & notice.asked) * 2 >= len(everyone):
            redundant.add(message.native_id)
        notice.posts.append(message.native_id)
        notice.asked |= everyone
        spent += await flush(town, waiting)
        if any(news.group == place for news in town.news()):
            lines.add((place, notice.number))
        for person in everyone:
            if chance.random() < 0.8:
                later = at + timedelta(minutes=chance.expovariate(1 / 20))
                heapq.heappush(queue, (later, next(order), "answer", place, person, notice))
    spent += await flush(town, waiting)
    sent = said.total()
    report(town, truth, redundant, said, sent, spent)
    town.close()


async def flush(town: Town, waiting: list[Message]) -> float:
    """Let what has been said arrive together, as it would from a busy gateway; return the seconds it took."""
    if not waiting:
        return 0.0
    town.clock.set(max(waiting[-1].sent_at, town.clock.now()))
    started = time.perf_counter()
    await town.happen(waiting)
    waiting.clear()
    return time.perf_counter() - started


def report(
    town: Town, truth: dict[str, Notice], redundant: set[str], said: Counter[str], sent: int, spent: float
) -> None:
    with town.app.store.database.read() as session:
        rows = session.execute(
            select(
                MessageRow.native_id, NoticePost.notice_id, NoticePost.redundant, NoticePost.redundancy
            ).join(NoticePost, NoticePost.message_id == MessageRow.id)
        ).all()
    found = {row[0]: row for row in rows if row[0] in truth}
    # Two towns that ask for the same thing by the same day cannot be told apart by what they write.
    true_pairs = pairs({key: (notice.town, notice.number) for key, notice in truth.items()})
    own_pairs = pairs({key: (truth[key].town, row[1]) for key, row in found.items()})
    both = len(true_pairs & own_pairs)
    flagged = {key for key, row in found.items() if row[2]}
    saved = sum(len((found[key][3] or {}).get("acknowledged", ())) for key in flagged)
    lines = [item for item in town.channel.said if "无需重复回复" in item.text]
    from bot.period import Period
    from bot.store.figures import FiguresReader

    with town.app.store.database.read() as session:
        total = FiguresReader(session, town.app.config.zone).total(
            Period(BEGIN.date(), BEGIN.date() + timedelta(days=7))
        )
    print(f"messages {sent} (posts {said['post']}, receipts {said['answer']}, chatter {said['chat']})")
    print(
        f"same notice, {len(true_pairs)} true pairs of posts: {rates(both, len(own_pairs), len(true_pairs))}"
    )
    hits = len(flagged & redundant)
    print(f"redundant roll-calls, {len(redundant)} true: {rates(hits, len(flagged), len(redundant))}")
    print(f"receipts {total.receipts}, repeated {total.repeated_receipts}")
    print(f"people spared a reply {saved}, replies avoided {total.replies_avoided}")
    share = len(lines) / max(total.replies_avoided, 1)
    print(f"lines said by the bot {len(lines)}: {share:.2%} of the replies avoided")
    print(f"milliseconds per message, through inbox, pipeline and outbox: {spent / max(sent, 1) * 1000:.2f}")


def rates(hits: int, found: int, true: int) -> str:
    return f"precision {hits / max(found, 1):.4f}  recall {hits / max(true, 1):.4f}"


def pairs(numbers: dict[str, tuple[int, int]]) -> set[tuple[str, str]]:
    by_number = defaultdict(list)
    for key, number in numbers.items():
        by_number[number].append(key)
    return {pair for keys in by_number.values() for pair in itertools.combinations(sorted(keys), 2)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=700)
    parser.add_argument("--people", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    setup("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(simulate(given.groups, given.people, given.seed, Path(folder)))
