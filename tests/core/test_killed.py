"""kill -9 at thirty random moments under load: nothing acknowledged is lost, nothing is counted or sent twice."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from bot.app import App
from bot.config import PrivacySettings
from bot.testing import FakeChannel, quick_config
from tests.core.support import counted, messages, outbox, recounted

KILLS = 30
ROOT = Path(__file__).parents[2]


def test_thirty_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    chance = random.Random(20261116)
    nursery = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("feeder.py")), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert nursery.stdin is not None
    assert nursery.stdout is not None

    def tell(word: str) -> None:
        nursery.stdin.write(f"{word}\n")  # type: ignore[union-attr]  # asserted above
        nursery.stdin.flush()  # type: ignore[union-attr]

    acknowledged = tmp_path / "acknowledged"
    for _ in range(KILLS):
        before = acknowledged.stat().st_size if acknowledged.exists() else 0
        tell("run")
        child = int(nursery.stdout.readline())
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and (
            not acknowledged.exists() or acknowledged.stat().st_size <= before
        ):
            time.sleep(0.005)  # until it is under load: a kill before that would prove nothing
        time.sleep(chance.uniform(0, 0.4))
        os.kill(child, signal.SIGKILL)
        assert nursery.stdout.readline().strip() == str(-signal.SIGKILL)
    tell("drain")
    nursery.stdout.readline()
    assert nursery.stdout.readline().strip() == "0"
    nursery.stdin.close()
    assert nursery.wait(10) == 0
    nursery.stdout.close()

    with sqlite3.connect(tmp_path / "data" / "jianfu.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()

    config = quick_config(tmp_path / "data", privacy=PrivacySettings(consent="operator"))
    app = App(config, FakeChannel())
    stored = [row.native_id for row in messages(app) if row.native_id.startswith("n")]
    asked = acknowledged.read_text(encoding="utf-8").split()
    assert len(asked) > 10 * KILLS
    assert set(asked) <= set(stored)
    assert len(stored) == len(set(stored))
    assert counted(app) == recounted(app)
    assert app.inbox.states().keys() == {"done"}

    said = Counter((tmp_path / "sent").read_text(encoding="utf-8").splitlines())
    assert [text for text, count in said.items() if count > 1] == []
    states = Counter(letter.state for letter in outbox(app))
    commands = [row for row in stored if int(row.removeprefix("n")) % 5 == 0]
    assert states.keys() <= {"sent", "unknown"}
    assert len(outbox(app)) == len(commands)  # each command has one answer
    assert states["sent"] <= said.total() <= states["sent"] + states["unknown"]
    app.store.close()
    print(f"{len(asked)} acknowledged, {len(stored)} stored, {dict(states)}")
