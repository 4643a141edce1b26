"""A real Wechaty gateway for tests: a Node process that the test controls line by line.

`conftest.py` takes these fixtures in with `pytest_plugins = ["tests.gateway_fixtures"]`.
"""

import asyncio
import hashlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

_HERE = Path(__file__).parent / "gateway"
_INSTALL_SECONDS = 300
_START_SECONDS = 30.0
_ANSWER_SECONDS = 20.0

BOT = "wxid_bot"


class GatewayError(AssertionError):
    """The gateway under test could not do what the test asked of it."""


class Gateway:
    """A gateway process on a port of its own.

    People and groups are remembered here and made again after a restart, as a platform would still have
    them; messages are not, as a real gateway has no queue.
    """

    def __init__(self, modules: Path, token: str = "test-token-1") -> None:  # noqa: S107 - an invented one
        self.token = token
        self.port = _free_port()
        self._modules = modules
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._ids = itertools.count(1)
        self._ready = asyncio.Event()
        self._world: list[dict[str, Any]] = []
        self.log_in_at_start = True

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start the process and, unless told otherwise, log the bot in."""
        self._ready.clear()
        self._process = await asyncio.create_subprocess_exec(
            "node",
            str(_HERE / "gateway.mjs"),
            self.endpoint,
            self.token,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "GATEWAY_MODULES": str(self._modules), "WECHATY_LOG": "silent"},
            limit=64 * 1024 * 1024,
        )
        self._reading = asyncio.create_task(self._read(self._process))
        await asyncio.wait_for(self._ready.wait(), _START_SECONDS)
        if not self._world:
            await self.contact(BOT, "减负助手")
        else:
            for made in self._world:
                await self.do(made["do"], payload=made["payload"])
        if self.log_in_at_start:
            await self.do("login", contact=BOT)

    async def kill(self) -> None:
        """End the process as a crash would."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        if self._reading is not None:
            await self._reading
        self._process = None

    async def restart(self) -> None:
        """Crash and come back on the same port."""
        await self.kill()
        await self.start()

    def freeze(self) -> None:
        """Stop answering without closing anything."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on where it was frozen."""
        self._signal(signal.SIGCONT)

    async def do(self, action: str, **arguments: Any) -> Any:
        """Have the gateway do something; see `actions` in gateway.mjs."""
        if self._process is None or self._process.stdin is None:
            raise GatewayError("the gateway is not running")
        number = next(self._ids)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        line = json.dumps({"id": number, "do": action, **arguments})
        self._process.stdin.write(line.encode() + b"\n")
        return await asyncio.wait_for(answer, _ANSWER_SECONDS)

    async def contact(self, contact_id: str, name: str, **payload: Any) -> None:
        """Make a person."""
        await self._make("contact", {"id": contact_id, "name": name, **payload})

    async def room(self, room_id: str, topic: str, members: list[str], owner: str, **payload: Any) -> None:
        """Make a group; the id needs an @, or the mock sends to a person."""
        made = {"id": room_id, "topic": topic, "memberIdList": members, "ownerId": owner, **payload}
        await self._make("room", made)

    async def say(self, talker: str, text: str = "", *, room: str | None = None, **payload: Any) -> str:
        """Have a person send a message to a group, or privately to the bot; return its id."""
        return str(await self.do("message", payload=message(talker, text, room=room, **payload)))

    async def sent(self) -> list[dict[str, Any]]:
        """What the bot sent, in order: to, text or file and size, mentions, id."""
        found: list[dict[str, Any]] = await self.do("sent")
        return found

    async def calls(self) -> dict[str, int]:
        """How often each call was made."""
        found: dict[str, int] = await self.do("calls")
        return found

    async def _make(self, action: str, payload: dict[str, Any]) -> None:
        await self.do(action, payload=payload)
        self._world.append({"do": action, "payload": payload})

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            if not line.startswith(b"{"):
                continue
            said = json.loads(line)
            if said.get("ready"):
                self._ready.set()
                continue
            answer = self._answers.pop(said["id"], None)
            if answer is None or answer.done():
                continue
            if said["ok"]:
                answer.set_result(said["result"])
            else:
                answer.set_exception(GatewayError(said["error"]))
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(GatewayError("the gateway ended"))
        self._answers.clear()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise GatewayError("the gateway is not running")
        self._process.send_signal(number)


def message(talker: str, text: str = "", *, room: str | None = None, **payload: Any) -> dict[str, Any]:
    """Return the payload of a message as the gateway keeps it; fields of wechaty-puppet's MessagePayload."""
    place = {"roomId": room, "mentionIdList": []} if room else {"listenerId": BOT}
    return {"talkerId": talker, "text": text, **place, **payload}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _unavailable(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; with CI set this must not be skipped", pytrace=False)
    pytest.skip(reason)


def _modules_home() -> Path:
    """Return where the packages are installed: one place per package.json, outside the tree."""
    key = hashlib.sha256((_HERE / "package.json").read_bytes()).hexdigest()[:12]
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "jianfu-test-gateway" / key


def _install(home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as made:
        work = Path(made) / "install"
        work.mkdir()
        shutil.copy(_HERE / "package.json", work)
        command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(
            command, cwd=work, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
        )
        if done.returncode != 0:
            raise GatewayError(f"npm install failed: {done.stderr[-800:]}")
        try:
            work.rename(home)  # whole or not at all: several test runs may install at once
        except OSError:
            if not home.exists():
                raise


@pytest.fixture(scope="session")
def gateway_modules() -> Path:
    """The folder whose node_modules has what the gateway needs; installed once."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            _unavailable(f"{program} is not installed (Node 20 is needed for gateway tests)")
    home = _modules_home()
    if not (home / "node_modules").is_dir():
        try:
            _install(home)
        except (GatewayError, subprocess.TimeoutExpired) as error:
            _unavailable(f"the gateway's packages cannot be installed: {error}")
    return home


@pytest_asyncio.fixture
async def gateway(gateway_modules: Path) -> AsyncIterator[Gateway]:
    """A running gateway with the bot logged in and nobody else there."""
    made = Gateway(gateway_modules)
    await made.start()
    try:
        yield made
    finally:
        await made.kill()


@pytest_asyncio.fixture
async def make_gateway(gateway_modules: Path) -> AsyncIterator[Callable[[], Gateway]]:
    """A maker of gateways that are not started yet; all are ended after the test."""
    made: list[Gateway] = []

    def make() -> Gateway:
        made.append(Gateway(gateway_modules))
        return made[-1]

    yield make
    for each in made:
        await each.kill()


__all__ = ["BOT", "Gateway", "GatewayError", "gateway", "gateway_modules", "make_gateway", "message"]
