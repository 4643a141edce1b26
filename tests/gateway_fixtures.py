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
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
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


class _Process:
    """One Node process; its lines are read by a thread, so that it outlives the event loop of a test."""

    def __init__(self, modules: Path, port: int, token: str) -> None:
        self.port = port
        self.token = token
        self.frozen = False
        self.ready: Future[None] = Future()
        self._ids = itertools.count(1)
        self._answers: dict[int, Future[Any]] = {}
        self._node = subprocess.Popen(
            ["node", str(_HERE / "gateway.mjs"), f"127.0.0.1:{port}", token],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "GATEWAY_MODULES": str(modules), "WECHATY_LOG": "silent"},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def usable(self) -> bool:
        """Whether it runs and answers."""
        return self._node.poll() is None and not self.frozen

    async def do(self, action: str, **arguments: Any) -> Any:
        number = next(self._ids)
        answer: Future[Any] = Future()
        self._answers[number] = answer
        line = json.dumps({"id": number, "do": action, **arguments})
        assert self._node.stdin is not None
        try:
            self._node.stdin.write(line.encode() + b"\n")
            self._node.stdin.flush()
        except OSError:
            raise GatewayError("the gateway is not running") from None
        return await asyncio.wait_for(asyncio.wrap_future(answer), _ANSWER_SECONDS)

    def kill(self) -> None:
        self._node.kill()
        self._node.wait()
        self._reader.join()
        for pipe in (self._node.stdin, self._node.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()

    def freeze(self) -> None:
        self._node.send_signal(signal.SIGSTOP)
        self.frozen = True

    def thaw(self) -> None:
        self._node.send_signal(signal.SIGCONT)
        self.frozen = False

    def _read(self) -> None:
        assert self._node.stdout is not None
        for line in self._node.stdout:
            if not line.startswith(b"{"):
                continue
            said = json.loads(line)
            if said.get("ready"):
                self.ready.set_result(None)
                continue
            answer = self._answers.pop(said["id"])
            if answer.cancelled():
                continue
            if said["ok"]:
                answer.set_result(said["result"])
            else:
                answer.set_exception(GatewayError(said["error"]))
        for answer in [*self._answers.values(), self.ready]:
            if not answer.done():
                answer.set_exception(GatewayError("the gateway ended"))


class GatewayHub:
    """The processes of a test run; one that a test left whole serves the next."""

    def __init__(self, modules: Path) -> None:
        self._modules = modules
        self._idle: list[_Process] = []

    def spawn(self, port: int, token: str) -> _Process:
        return _Process(self._modules, port, token)

    def take(self, token: str) -> _Process | None:
        """Return an idle process with this token, None if there is none."""
        for process in self._idle:
            if process.token == token:
                self._idle.remove(process)
                return process
        return None

    async def give_back(self, process: _Process) -> None:
        """Keep a process for the next test if it can be put back to its beginning."""
        if process.usable:
            with suppress(GatewayError, TimeoutError):
                await process.do("reset")
                self._idle.append(process)
                return
        process.kill()

    def close(self) -> None:
        for process in self._idle:
            process.kill()


class Gateway:
    """A gateway on a port of its own.

    People and groups are remembered here and made again after a restart, as a platform would still have
    them; messages are not, as a real gateway has no queue.
    """

    def __init__(self, hub: GatewayHub, port: int = 0) -> None:
        self.token = "test-token-1"  # noqa: S105 - an invented one
        self.log_in_at_start = True
        self.port = port  # 0: any, known once started
        self._hub = hub
        self._process: _Process | None = None
        self._world: list[dict[str, Any]] = []

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start the process and, unless told otherwise, log the bot in."""
        idle = None if self.port else self._hub.take(self.token)
        self._process = idle or self._hub.spawn(self.port or _free_port(), self.token)
        self.port = self._process.port
        await asyncio.wait_for(asyncio.wrap_future(self._process.ready), _START_SECONDS)
        if not self._world:
            await self.contact(BOT, "减负助手")
        else:
            for made in self._world:
                await self.do(made["do"], payload=made["payload"])
        if self.log_in_at_start:
            await self.do("login", contact=BOT)

    async def kill(self) -> None:
        """End the process as a crash would."""
        if self._process is not None:
            process, self._process = self._process, None
            await asyncio.to_thread(process.kill)

    async def release(self) -> None:
        """Give the process back after a test."""
        if self._process is not None:
            process, self._process = self._process, None
            await self._hub.give_back(process)

    async def restart(self) -> None:
        """Crash and come back on the same port."""
        await self.kill()
        await self.start()

    def freeze(self) -> None:
        """Stop answering without closing anything."""
        self._running().freeze()

    def thaw(self) -> None:
        """Go on where it was frozen."""
        self._running().thaw()

    async def do(self, action: str, **arguments: Any) -> Any:
        """Have the gateway do something; see `actions` in gateway.mjs."""
        return await self._running().do(action, **arguments)

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

    def _running(self) -> _Process:
        if self._process is None:
            raise GatewayError("the gateway is not running")
        return self._process


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


@pytest.fixture(scope="session")
def gateway_hub(gateway_modules: Path) -> Iterator[GatewayHub]:
    """The processes of this test run."""
    hub = GatewayHub(gateway_modules)
    yield hub
    hub.close()


@pytest_asyncio.fixture
async def gateway(gateway_hub: GatewayHub) -> AsyncIterator[Gateway]:
    """A running gateway with the bot logged in and nobody else there."""
    made = Gateway(gateway_hub)
    await made.start()
    try:
        yield made
    finally:
        await made.release()


@pytest_asyncio.fixture
async def make_gateway(gateway_hub: GatewayHub) -> AsyncIterator[Callable[[], Gateway]]:
    """A maker of gateways that are not started yet; their ports are their own from the beginning."""
    made: list[Gateway] = []

    def make() -> Gateway:
        made.append(Gateway(gateway_hub, port=_free_port()))
        return made[-1]

    yield make
    for each in made:
        await each.release()


__all__ = [
    "BOT",
    "Gateway",
    "GatewayError",
    "gateway",
    "gateway_hub",
    "gateway_modules",
    "make_gateway",
    "message",
]
