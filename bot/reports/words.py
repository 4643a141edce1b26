"""Chinese words for labels, demands and times."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.events import Label

LABEL_WORDS: Mapping[Label, str] = {
    Label.NOTICE: "通知",
    Label.ACK: "回执",
    Label.ROLLCALL_DEMAND: "点名",
    Label.PHOTO_DEMAND: "拍照",
    Label.MATERIAL_DEMAND: "材料",
    Label.CHECKIN_DEMAND: "打卡",
    Label.APP_DEMAND: "应用",
    Label.RANKING: "排名",
    Label.CANVASS_DEMAND: "拉票",
    Label.MEETING: "会议",
    Label.SCREENSHOT_DEMAND: "截图",
    Label.DEADLINE: "时限",
    Label.SUPPLY: "报送",
    Label.CANCEL_OR_EXEMPT: "取消",
}

DEMAND_WORDS: Mapping[str, str] = {
    "photo_demands": "拍照视频",
    "screenshot_demands": "截图",
    "checkin_demands": "打卡签到",
    "material_demands": "材料表格",
    "app_demands": "装应用",
    "canvass_demands": "投票转发",
}

COUNT_WORDS: Mapping[str, str] = {
    "messages": "看消息",
    "receipts": "回执",
    "rollcalls": "被点名",
    **DEMAND_WORDS,
}


def label_of(word: str) -> Label | None:
    """Return the label of a Chinese or English word; None for an unknown one."""
    for label, name in LABEL_WORDS.items():
        if word.lower() in (name, label.value):
            return label
    return None


def duration(minutes: float) -> str:
    """Return minutes as people say them; the text around it marks them as an estimate."""
    whole = round(minutes)
    if whole < 1:
        return "不到1分钟"
    if whole < 60:
        return f"约{whole}分钟"
    return f"约{whole // 60}小时{whole % 60}分钟"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Return a time of day with its date, local."""
    local = at.astimezone(zone)
    return f"{local.month}月{local.day}日{local:%H:%M}"
