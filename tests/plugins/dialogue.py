"""Dialogues as files: who says what, and exactly what the bot sends back.

设 suppression.observe_days = 0        a setting of the program; JSON
群 村务群: 赵支书(主) 钱支书(管) 李会计  a group takes the bot in, and its owner agrees
李会计@村务群: 收到                     somebody says something in a group
李会计@村务群> 本群负担                 … to the bot, with a mention
李会计> 我的待办                        … in a private chat with the bot
a= 赵支书@村务群: 请报送名单             names the message, for 引用 and 撤回
李会计@村务群>[a] 为什么                quotes it
撤回 a                                 its sender takes it back
< 村务群: 已…                          what the bot sent, … standing for anything; none may be left out
< 私聊 李会计: 现在没有待办。
不达 赵支书                             private messages do not reach this person
撤不动                                 the platform does not recall
过 3天                                 time goes on: 天, 小时, 分, 秒
分钟                                   the jobs of a minute, and half an hour for what they send
# a comment, also the title
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.channels.base import Capabilities
from bot.events import Message, MessageKind
from bot.testing import BOT, FakeChannel, Said, Town

SPOKEN = re.compile(
    r"(?:(?P<name>\w+)= )?(?P<who>[^@:><\s]+)(?:@(?P<group>[^:>]+?))?(?P<way>[:>])(?:\[(?P<quote>\w+)\])? ?(?P<text>.*)"
)
TIMES = {"天": "days", "小时": "hours", "分": "minutes", "秒": "seconds"}
ROLES = re.compile(r"(?P<name>[^()\s]+)(?:\((?P<role>主|管)\))?")


@dataclass
class Dialogue:
    """A dialogue under way."""

    make: Callable[..., Town]
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    channel: FakeChannel = field(default_factory=FakeChannel)
    said: dict[str, Message] = field(default_factory=dict)
    _town: Town | None = None

    @property
    def town(self) -> Town:
        if self._town is None:
            self._town = self.make(channel=self.channel, **self.settings)
        return self._town

    async def play(self, path: Path) -> None:
        """Play a file; an AssertionError names its line."""
        heard: list[tuple[int, Said]] = []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):  # noqa: ASYNC240 (a small file)
            if line.startswith("< "):
                assert heard, f"{path.name}:{number}: the bot said nothing more, expected {line}"
                after, said = heard.pop(0)
                shown = f"{said.group or f'私聊 {said.person}'}: {said.text or '（文件）'}"
                pattern = ".*".join(map(re.escape, line[2:].split("…")))
                assert re.fullmatch(pattern, shown, re.DOTALL), (
                    f"{path.name}:{number}: expected {line}\n  after line {after} the bot said: {shown}"
                )
            elif line and not line.startswith("#"):
                assert not heard, f"{path.name}:{number}: unexpected {[said for _, said in heard]}"
                await self._happen(line)
                if self._town is not None:
                    heard = [(number, said) for said in self.town.news()]
        assert not heard, f"{path.name}: unexpected at the end {[said for _, said in heard]}"

    async def _happen(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        match verb:
            case "设":
                key, _, value = rest.partition(" = ")
                section, _, name = key.partition(".")
                self.settings.setdefault(section, {})[name] = json.loads(value)
            case "无私聊":
                self.channel = FakeChannel(capabilities=Capabilities(private_messages=False, recall=True))
            case "无撤回":
                self.channel = FakeChannel(capabilities=Capabilities(recall=False))
            case "群" | "新群":
                await self._found(rest, agree=verb == "群")
            case "撤回":
                await self.town.recall(self.said[rest])
            case "不达":
                self.channel.unreachable.add(rest)
            case "撤不动":
                self.channel.recall_works = False
            case "已撤":
                assert [self.said[name].native_id for name in rest.split()] == self.channel.recalled
            case "过":
                for amount, unit in re.findall(r"(\d+)(天|小时|分|秒)", rest):
                    self.town.clock.advance(**{TIMES[unit]: int(amount)})
            case "分钟":
                await self.town.minute()
                for _ in range(31):
                    self.town.clock.advance(minutes=1)
                    await self.town.settle(5)
            case _:
                await self._say(line)

    async def _found(self, line: str, *, agree: bool) -> None:
        name, _, people = line.partition(": ")
        found = [(match["name"], match["role"]) for match in ROLES.finditer(people)]
        owner = next((who for who, role in found if role == "主"), "")
        admins = [who for who, role in found if role == "管"]
        await self.town.found(name, [who for who, _ in found], owner, admins=admins, agree=agree)

    async def _say(self, line: str) -> None:
        found = SPOKEN.fullmatch(line)
        assert found, f"no line of a dialogue: {line}"
        text = found["text"].replace("\\n", "\n")
        more: dict[str, Any] = {"quote": self.said[found["quote"]]} if found["quote"] else {}
        kind = re.fullmatch(r"\[(图片|接龙)\](.*)", text, re.DOTALL)
        if kind:
            more["kind"] = {"图片": MessageKind.IMAGE, "接龙": MessageKind.CHAIN}[kind[1]]
            text = kind[2]
        if found["way"] == ">" and found["group"]:
            more["mentions"] = (BOT,)
            text = f"@减负助手 {text}"
        message = await self.town.say(found["group"], found["who"], text, **more)
        if found["name"]:
            self.said[found["name"]] = message


def files() -> Iterator[Path]:
    """All dialogues."""
    return iter(sorted(Path(__file__).with_name("dialogues").glob("*.txt")))
