"""Cost per post of following notices, at 1,000, 10,000 and 100,000 posts over 30 days.

Run with `python -m tests.bench.bench_notices [count…]`. Posts are drawn from invented notices: some are
forwarded or shortened copies, some recur, most are new. Times are milliseconds per post over the last posts
of each size: extracting features, taking the post into the book, unpacking stored features.
"""

import random
import statistics
import sys
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.events import Label
from bot.notices.book import NoticeBook
from bot.notices.features import extract, pack, unpack
from bot.notices.records import Post, Posted, Relation

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 1, 8, 0, tzinfo=ZONE)
KEY = b"bench"
MEASURED = 500
LABELS = frozenset({Label.MATERIAL_DEMAND, Label.ROLLCALL_DEMAND})
TOPICS = (
    "防溺水",
    "秸秆禁烧",
    "高血压随访",
    "地质灾害",
    "独居老人",
    "留守儿童",
    "反诈宣传",
    "厕所改造",
    "党费收缴",
    "医保缴费",
    "森林防火",
    "土地流转",
    "农机补贴",
    "消防检查",
    "食品安全",
    "校园周边",
    "结核筛查",
    "低保复核",
    "危房排查",
    "河道清漂",
    "撂荒地",
    "出租房",
    "流动人口",
    "燃气报警器",
    "电动车充电",
    "垃圾分类",
    "人居环境",
    "畜禽免疫",
    "水稻病虫害",
    "玉米种植",
    "小麦播种",
    "油菜面积",
    "返乡人员",
    "公益岗位",
    "志愿服务",
    "主题党日",
    "民主评议",
    "换届选举",
    "经济普查",
    "档案归档",
    "宪法宣传",
    "家庭教育",
    "两癌筛查",
    "疫苗接种",
    "用工人数",
    "安全生产",
    "网络安全",
    "欠薪排查",
)
PLACES = ["青石", "上坝", "双溪", "罗家", "马头", "西冲", "高岭", "沙湾", "竹园", "大坪", "石桥", "柳河"]
OBJECTS = ["台账", "总结", "统计表", "名单", "照片", "方案", "承诺书", "清单", "报告"]
ADDRESSEES = ["各村", "各校", "各单位", "各社区", "各卫生院", "各支部", "各网格员"]
WORDINGS = (
    "{who}：请于{due}前将{place}片区{topic}{what}报镇办公室，收到请回复",
    "转发：{who}请于{due}前将{place}片区{topic}{what}报镇办公室，收到请回复",
    "再次提醒：{place}片区{topic}{what}{due}前报",
    "【通知】根据上级要求，请{who}认真组织，做好{place}片区{topic}工作，{topic}{what}务必于{due}前报送，逾期通报。收到请回复",
)


def draw_posts(count: int, seed: int = 5) -> list[tuple[datetime, str, int, int]]:
    """Return (time, text, group, sender) of posts over 30 days, in time order."""
    chance = random.Random(seed)
    subjects = [
        {"who": who, "topic": topic, "what": what, "place": place}
        for who in ADDRESSEES
        for topic in TOPICS
        for what in OBJECTS
        for place in PLACES
    ]
    chance.shuffle(subjects)
    drawn = []
    for number in range(count):
        moment = START + timedelta(days=30) * (number / count)
        subject = subjects[chance.randrange(min(len(subjects), max(20, count // 3)))]
        due = f"{(moment + timedelta(days=3)).day}号"
        text = chance.choice(WORDINGS).format(**subject, due=due)
        drawn.append((moment, text, chance.randrange(700), chance.randrange(6000)))
    return drawn


def measure(count: int) -> None:
    """Print one line of the table."""
    posts = draw_posts(count)
    book = NoticeBook()
    spent: dict[str, list[float]] = {"extract": [], "post": [], "unpack": []}
    packed = repeats = 0
    for number, (moment, text, group, sender) in enumerate(posts):
        begun = time.perf_counter()
        features = extract(text, moment, ZONE, LABELS, KEY)
        extracted = time.perf_counter()
        members = frozenset(range(group, group + 40))
        post = Post(
            number + 1, group, f"{group % 30}", sender, moment, LABELS, False, features, frozenset(), members
        )
        before = time.perf_counter()
        posted: Posted = book.post(post)
        after = time.perf_counter()
        repeats += posted.relation is Relation.REPEAT
        if number >= count - MEASURED:
            data = pack(features, KEY)
            packed += len(data)
            start = time.perf_counter()
            unpack(data)
            spent["unpack"].append(time.perf_counter() - start)
            spent["extract"].append(extracted - begun)
            spent["post"].append(after - before)
    columns = [f"{statistics.median(times) * 1000:8.3f}" for times in spent.values()]
    worst = sorted(spent["post"])[int(MEASURED * 0.99)] * 1000
    print(f"{count:>8} {' '.join(columns)} {worst:9.3f} {packed // MEASURED:8} {repeats / count:8.1%}")


def main() -> None:
    """Print the table for the sizes given, or for all three."""
    print(
        "   posts  extract     post   unpack  post p99  bytes/post repeats   (milliseconds, median of the last 500)"
    )
    for count in [int(argument) for argument in sys.argv[1:]] or [1_000, 10_000, 100_000]:
        measure(count)


if __name__ == "__main__":
    main()
