"""Brings a message into the one form that rules and corrections see.

NFKC, lower case, simplified characters; emoticons become single placeholder characters or nothing; spaces
inside words go. Placeholders are private-use characters, so that both tokenizers keep each of them whole.
"""

import functools
import re
import unicodedata

import opencc

IMAGE = "\ue001"
VIDEO = "\ue002"
FILE = "\ue003"
NOD = "\ue004"  # 👌, [OK]: an emoticon that says "received"
LINK = "\ue005"
MENTION = "\ue006"
APPLET = "\ue007"
CHAIN = "\ue008"
VOICE = "\ue009"
THUMB = "\ue00a"  # 👍, [强]: praise, or at most agreement
STICKER = "\ue00b"
SURE = "\ue00c"  # ✅, a tick

MAX_LENGTH = 6000  # characters looked at; the longest notices seen in such groups stay below 3,000

_MEDIA = {
    IMAGE: "图片 照片 图 image picture 原图 相片 截图 截屏 动图",
    VIDEO: "视频 小视频 video 短视频",
    FILE: "文件 file 附件 文档",
    LINK: "链接 网页 link 分享 视频号 网址 公众号文章 网页链接",
    APPLET: "小程序 mini program",
    CHAIN: "接龙 群接龙 solitaire",
    VOICE: "语音 voice 语音消息 语音通话",
    NOD: "ok 好的 ok手势 敬礼 收到 好 奋斗敬礼 得令",
    THUMB: "强 赞 点赞 鼓掌 抱拳 合十 握手 玫瑰",
    STICKER: "动画表情 表情 表情包 sticker 位置 名片 红包 转账",
    SURE: "勾 对勾 打勾 已读",
}
_BRACKETED = {word: mark for mark, words in _MEDIA.items() for word in words.split(" ")}
_PLAIN = r"\u4e00-\u9fff0-9a-z,.!?:;()、。\n/《》%-"
_ODD = re.compile(
    rf"(?=[^{_PLAIN}])(?:"  # nearly all characters are passed by this one look
    r"\[(?P<bracket>[^\[\]\n]{1,12})\]"
    r"|(?P<nod>[👌🆗🫡🙆])"
    r"|(?P<thumb>[👍🙏🌹👏🤝💪])"
    r"|(?P<sure>[✅☑✔√✓])"
    r"|(?P<all>@\s?(?:所有人|全体成员|全体人员|全员|all\b|everyone\b|大家))"
    r"|(?P<mention>@[^\s@,:。!?;()、\n]{1,24})"
    r"|(?P<gone>[\ufe00-\ufe0f\u200b-\u200f\u2060\ufeff\u20e3\u00ad\U0001f3fb-\U0001f3ff\ud800-\udfff\x00-\x08\x0b-\x1f\x7f])"
    r"|(?P<emoji>[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2190-\u21ff\u2300-\u23ff♥])"
    r"|(?P<space>[ \t\u3000]+)"
    r"|(?P<mute>[\"'“”‘’`*_~^#=]+))"
)
_URL = re.compile(r"https?://[^\s\u4e00-\u9fff,。\[\]]+|www\.[^\s\u4e00-\u9fff,。\[\]]+")
_SPACED = re.compile(r"(?<![\u4e00-\u9fff])[\u4e00-\u9fff](?: [\u4e00-\u9fff](?![\u4e00-\u9fff]))+")
_WIDE = {
    "，": ",",
    "！": "!",
    "：": ":",
    "？": "?",
    "（": "(",
    "）": ")",
    "；": ";",
}  # what makes nearly all texts wide
_CLOCK = re.compile(r"(?<=\d):(?=\d\d(?!\d))")
_KEY_NOISE = re.compile(r"[\s,.!?:;、。~·…—\-]+")


@functools.cache
def _traditional() -> tuple[re.Pattern[str], dict[int, int]]:
    """Return what finds a traditional character, and the table that simplifies each by itself."""
    codes = [*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000)]
    converter = opencc.OpenCC("t2s")
    lines = converter.convert("\n".join(map(chr, codes))).split("\n")
    table = {
        code: ord(line)
        for code, line in zip(codes, lines, strict=True)
        if len(line) == 1 and ord(line) != code and chr(code) not in "著乾藉瞭"
    }
    return re.compile("[" + "".join(map(chr, table)) + "]"), table


_MARKS = {
    "nod": NOD,
    "thumb": THUMB,
    "sure": SURE,
    "all": "@所有人 ",
    "mention": MENTION,
    "space": " ",
    "emoji": "",
    "mute": "",
    "gone": "",
}


def _replace(match: re.Match[str]) -> str:
    kind = match.lastgroup or ""
    mark = _MARKS.get(kind)
    if mark is not None:
        return mark
    return _BRACKETED.get(match["bracket"].strip(), "")


def _joined(match: re.Match[str]) -> str:
    return match.group().replace(" ", "")


def normalise(text: str) -> str:
    """Return the text as rules see it; the same for what only looks different."""
    if len(text) > MAX_LENGTH:
        text = text[:MAX_LENGTH]
    if not text.isascii():
        for wide, narrow in _WIDE.items():
            if wide in text:
                text = text.replace(wide, narrow)
        if not unicodedata.is_normalized("NFKC", text):
            text = unicodedata.normalize("NFKC", text)
    text = text.lower()
    finder, table = _traditional()
    if finder.search(text):
        text = text.translate(table)
    if ":" in text:
        text = _CLOCK.sub("点", text)  # a colon elsewhere ends a clause
    if "://" in text or "www." in text:
        text = _URL.sub(LINK, text)
    text = _ODD.sub(_replace, text)
    if " " in text:
        text = _SPACED.sub(_joined, text)
    return text.strip()


def correction_key(text: str) -> str:
    """Return the key under which a correction of this text is kept: normalised, punctuation aside."""
    return _KEY_NOISE.sub("", normalise(text))
