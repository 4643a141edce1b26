"""How fast histories are read and imported, against the plain csv and json modules, and with how much memory.

Run: `python -m tests.bench.bench_import [MESSAGES] [--read-only | --all]`; 1,000,000 messages by default. The
whole import is measured for CSV, with --all for JSON too: after the reader both go the same way.
Each step runs in a process of its own, so that its peak memory is its own.
"""

import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.importers.base import ReadOptions
from bot.importers.registry import detect
from bot.importers.sources import FileSource

BEGIN = 1704067200  # 2024-01-01
NOW = datetime(2026, 12, 31, tzinfo=UTC)
GROUPS = 100
PEOPLE = 1_500
DAYS = 365
CHAT = (
    "今天下雨路上慢点",
    "谢谢大家",
    "我在路上了，马上到",
    "[图片]",
    "[图片]",
    "好的，辛苦",
    "这个事情我再问问",
    "{n}号楼已经排查完毕，没有发现隐患",
    "食堂今天有红烧肉",
    "路口的灯修好了没有",
    "明天轮到谁值班",
    "已报",
    "[图片]",
)
RECEIPTS = ("收到", "收到", "好的收到", "收到，马上办", "1")
NOTICES = (
    "@所有人 请各村今天下班前上报防汛物资台账，收到请回复",
    "请把{n}号点位现场照片发群里",
    "{n}日上午9点在镇政府三楼开会，请准时参加",
    "各位支书，第{n}期人居环境整治简报请于周五前报送，逾期通报",
    "转发：关于做好第{n}号文件学习的通知，收到请回复",
)


def generate(folder: Path, messages: int) -> None:
    """Write the same invented messages, of many groups over a year, as PyWxDump's CSV and as chatlog's JSON."""
    chance = random.Random(20251124)
    days = max(1, min(DAYS, messages // (GROUPS * 25)))
    step = days * 86_400 / messages
    with (
        (folder / "csv").open("w", encoding="utf-8", newline="") as table,
        (folder / "json").open("w", encoding="utf-8") as tree,
    ):
        rows = csv.writer(table)
        rows.writerow(
            ["id", "MsgSvrID", "type_name", "is_sender", "talker", "room_name", "msg", "src", "CreateTime"]
        )
        for number in range(messages):
            share = chance.random()
            words = NOTICES if share < 0.05 else RECEIPTS if share < 0.4 else CHAT
            text = chance.choice(words).replace("{n}", str(chance.randrange(500)))
            group = chance.randrange(GROUPS)
            room = f"{group}@chatroom"
            person = f"wxid_{(group * 17 + int(chance.paretovariate(1.2))) % PEOPLE}"
            at = BEGIN + int(number * step)
            kind = ("图片", 3) if text == "[图片]" else ("文本", 1)
            rows.writerow([number, 10**15 + number, kind[0], 0, person, room, text, "", at])
            item = {
                "seq": at * 1000 + number % 1000,
                "time": datetime.fromtimestamp(at, UTC).isoformat(),
                "talker": room,
                "talkerName": f"第{group}工作群",
                "isChatRoom": True,
                "sender": person,
                "senderName": person,
                "isSelf": False,
                "type": kind[1],
                "subType": 0,
                "content": text,
            }
            tree.write((",\n" if number else "[\n") + json.dumps(item, ensure_ascii=False))
        tree.write("\n]\n")


def plain_csv(path: Path) -> int:
    """Read with the csv module."""
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def plain_json(path: Path) -> int:
    """Read with the json module, all at once."""
    with path.open(encoding="utf-8") as file:
        return len(json.load(file))


def reader(path: Path) -> int:
    """Read through the importer's reader, events only."""
    source = FileSource(path)
    options = ReadOptions(ZoneInfo("Asia/Shanghai"), NOW)
    return sum(1 for _ in detect(source).read(source, options))


def whole(path: Path) -> int:
    """Import into an empty database, as the command does."""
    from bot.cli.import_history import import_history

    config = path.parent / f"{path.name}.toml"
    config.write_text(f'data_dir = "{path.name}-data"\n', encoding="utf-8")
    import_history([str(path)], group="", since="", dry_run=False, consent=True, formats=False, config=config)
    return 0


STEPS = {"plain-csv": plain_csv, "plain-json": plain_json, "reader": reader, "whole": whole}


def measure(step: str, path: Path) -> tuple[float, float]:
    """Return (seconds, peak memory in MB) of a step in its own process."""
    command = [sys.executable, "-m", "tests.bench.bench_import", "--step", step, str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds, memory = done.stdout.splitlines()[-1].split()
    return float(seconds), float(memory)


def main() -> None:
    """Measure everything, and print a table."""
    if sys.argv[1:2] == ["--step"]:
        began = time.perf_counter()
        STEPS[sys.argv[2]](Path(sys.argv[3]))
        seconds = time.perf_counter() - began
        print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    messages = next((int(word) for word in sys.argv[1:] if word.isdigit()), 1_000_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, messages)
        print(f"{messages:,} messages")
        for form in ("csv", "json"):
            path = folder / form
            plain, _ = measure(f"plain-{form}", path)
            whole_too = "--all" in sys.argv or (form == "csv" and "--read-only" not in sys.argv)
            print(
                f"{form} ({path.stat().st_size / 1e6:.0f} MB): plain module {plain:.2f} s, {messages / plain:,.0f}/s"
            )
            for step in ("reader", "whole") if whole_too else ("reader",):
                seconds, memory = measure(step, path)
                print(
                    f"  {step:7} {seconds:8.2f} s  {messages / seconds:10,.0f}/s  "
                    f"ratio to plain {plain / seconds:.3f}  peak {memory:.0f} MB"
                )


if __name__ == "__main__":
    main()
