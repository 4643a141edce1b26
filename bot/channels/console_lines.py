"""The small syntax in which a person plays a whole county at the console; pure parsing."""

import re
from dataclasses import dataclass

from bot.errors import UsageError
from bot.events import MessageKind

HELP = """\
[群名] 张三: 收到            张三在群里说话（第一个说话的人是群主，其他人说话即入群）
(私聊) 张三: 我的负担        张三私聊机器人
[群名] 张三: @减负助手 帮助  提到机器人；@所有人、@李四 同样可用
[群名] 张三 >3: 为什么       引用第 3 条消息
[群名] 张三: [图片]          也可用 [文件]名称、[视频]、[语音]、[链接]标题、[接龙]内容
/join [群名] 李四 王五       拉人入群；/leave 退群，/owner 改群主，/admin 设管理员
/topic [群名] 新群名         改群名
/recall 3                    撤回第 3 条消息
/help  /quit                 本说明；结束"""

_KINDS = {
    "图片": MessageKind.IMAGE,
    "文件": MessageKind.FILE,
    "视频": MessageKind.VIDEO,
    "语音": MessageKind.VOICE,
    "链接": MessageKind.LINK,
    "接龙": MessageKind.CHAIN,
}
_SAID = re.compile(
    r"""\s*(?: [\[［]\s*(?P<group>[^\]］]{1,100}?)\s*[\]］] | [(（]\s*私聊\s*[)）] )
        \s*(?P<who>[^:：>＞]{1,100}?)\s*(?: [>＞]\s*(?P<quoted>\d{1,9})\s* )?[:：][ ]?(?P<text>.*)""",
    re.VERBOSE | re.DOTALL,
)
_TOLD = re.compile(r"\s*/(?P<word>[a-z]+)\s*(?:[\[［]\s*(?P<group>[^\]］]{1,100}?)\s*[\]］])?\s*(?P<rest>.*)")
_MEDIA = re.compile(r"[\[［](?P<kind>\w{2})[\]］]\s*(?P<rest>.*)", re.DOTALL)
_NEEDS_GROUP = frozenset({"join", "leave", "owner", "admin", "topic"})
_WORDS = _NEEDS_GROUP | {"recall", "help", "quit"}


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody says something, in a group or (None) to the bot."""

    group: str | None
    who: str
    text: str
    kind: MessageKind = MessageKind.TEXT
    file_name: str = ""
    quoted: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """An instruction to the console itself: a word of HELP, its group and what stands behind."""

    word: str
    group: str = ""
    names: tuple[str, ...] = ()


def parse_line(line: str) -> Said | Told:
    """Read one line. Raises UsageError saying what would be right."""
    line = line.rstrip("\r\n")
    if line.lstrip().startswith("/"):
        return _told(line)
    said = _SAID.fullmatch(line)
    if said is None:
        raise UsageError("没看懂。格式：[群名] 张三: 收到，或 (私聊) 张三: 我的负担；/help 看说明")
    kind, file_name, text = MessageKind.TEXT, "", said["text"]
    media = _MEDIA.fullmatch(text)
    if media is not None and media["kind"] in _KINDS:
        kind, text = _KINDS[media["kind"]], media["rest"]
        if kind is MessageKind.FILE:
            file_name, text = text, ""
    quoted = int(said["quoted"]) if said["quoted"] else None
    return Said(said["group"], said["who"], text, kind, file_name, quoted)


def _told(line: str) -> Told:
    told = _TOLD.fullmatch(line)
    if told is None or told["word"] not in _WORDS:
        raise UsageError("没有这个指令；/help 看说明")
    word, rest = told["word"], told["rest"].split()
    if word in _NEEDS_GROUP and (not told["group"] or not rest):
        raise UsageError(f"/{word} 后面要有群名和名称，如 /{word} [群名] 李四")
    if word == "recall" and not (len(rest) == 1 and rest[0].isdecimal()):
        raise UsageError("/recall 后面要有消息的序号，如 /recall 3")
    return Told(word, told["group"] or "", tuple(rest))
