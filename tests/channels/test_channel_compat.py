"""The SDK imported in a fresh interpreter: works, writes nowhere, says nothing."""

import json
import subprocess
import sys
from pathlib import Path

_PROBE = """
import json, logging, sys
from pathlib import Path
from loguru import logger
said = []
logger.remove()
logger.add(lambda line: said.append(str(line)), level=0)

def no_ports(event, args):
    if event == "socket.bind" and args[1] != ("::1", 0):  # so urllib3 finds out whether there is IPv6
        raise SystemExit(f"a port was bound: {args}")

sys.addaudithook(no_ports)
from bot.channels.wechaty_compat import import_wechaty
sdk = import_wechaty(Path(sys.argv[1]))
from wechaty import Room, UrlLink, Wechaty, WechatyOptions
from wechaty_puppet import FileBox, PuppetOptions, get_logger
from wechaty_puppet_service import PuppetService

for name in ("Wechaty", "PuppetService", "FileBox", "made-later"):
    get_logger(name).info("CANARY-info")
    get_logger(name).warning("CANARY-warning %s", "token")
    try:
        raise ValueError("CANARY-exception")
    except ValueError:
        get_logger(name).exception("CANARY-error")
for name in ("grpclib.protocol", "hpack.hpack", "Wechaty.child"):
    logging.getLogger(name).warning("CANARY-child")
options = WechatyOptions(token="CANARY-token", endpoint="127.0.0.1:1")
PuppetService(PuppetOptions(token="CANARY-token", end_point="127.0.0.1:1"))
{PuppetOptions(): 1}
print(json.dumps({"version": sdk.__version__, "said": said}))
"""


def _run(code: str, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        env={"PATH": "", "PYTHONPATH": root, "HOME": str(cwd), "TZ": "UTC"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_sdk_imports_quietly_and_inside_the_data_directory(tmp_path: Path) -> None:
    empty, data = tmp_path / "empty", tmp_path / "data"
    empty.mkdir()
    done = _run(_PROBE, empty, str(data))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["version"].startswith("0.10.")
    assert list(empty.iterdir()) == []
    assert "CANARY" not in done.stdout + done.stderr
    assert "Wechaty" in "".join(answer["said"])  # that something was logged is told, its words are not
    assert "ValueError" in "".join(answer["said"])


def test_the_channel_is_built_without_the_sdk_and_without_traces(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from bot.channels.wechaty import WechatyChannel
from bot.clock import SystemClock
WechatyChannel("w", "127.0.0.1:1", "token", data_dir=Path(sys.argv[1]), clock=SystemClock())
print([m for m in sys.modules if m in ("wechaty", "quart", "wechaty_puppet")])
"""
    empty = tmp_path / "empty"
    empty.mkdir()
    done = _run(code, empty, str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty"]
    assert list(empty.iterdir()) == []
