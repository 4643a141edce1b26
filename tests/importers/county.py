"""A small history in ChatLab's form, made to order."""

import json
from pathlib import Path
from typing import Any

T = 1763946000  # 2025-11-24 09:00:00 in Shanghai, a Monday
PEOPLE = {"wxid_zhao": "赵主任", "wxid_li": "李梅", "wxid_wang": "王强", "wxid_zhou": "周云"}
LINES = [
    ("wxid_zhao", "@所有人 请各村今天下班前上报防汛物资台账，收到请回复", 0),
    ("wxid_li", "收到", 0),
    ("wxid_wang", "收到", 0),
    ("wxid_zhou", "今天食堂有红烧肉", 0),
    ("wxid_wang", "[图片]", 1),
    ("wxid_zhao", "请把现场照片发群里，收到回复", 0),
    ("wxid_li", "收到", 0),
    ("wxid_li", "1", 0),
    ("wxid_zhao", "明天上午9点在镇政府三楼开会，请准时参加", 0),
    ("wxid_zhou", "#接龙\n1. 周云", 0),
    ("wxid_wang", "转移群众，山洪预警", 0),
]


def messages(begin: int, end: int, *, ids: bool = True) -> list[dict[str, Any]]:
    """Return messages, one a minute, repeating the lines."""
    made = []
    for number in range(begin, end):
        sender, text, kind = LINES[number % len(LINES)]
        made.append(
            {
                "sender": sender,
                "accountName": PEOPLE[sender],
                "timestamp": T + 60 * number,
                "type": kind,
                "content": text,
            }
        )
        if ids:
            made[-1]["platformMessageId"] = str(10_000 + number)
    return made


def chatlab(
    items: list[dict[str, Any]], *, group: str = "21000001@chatroom", name: str = "清水镇防汛群"
) -> str:
    """Return an export of one group."""
    members = [
        {"platformId": native_id, "accountName": shown, "roles": []} for native_id, shown in PEOPLE.items()
    ]
    members[0]["roles"] = [{"id": "owner"}]
    return json.dumps(
        {
            "chatlab": {"version": "0.0.2", "exportedAt": T + 9_000_000, "generator": "ChatLab"},
            "meta": {"name": name, "platform": "wechat", "type": "group", "groupId": group},
            "members": members,
            "messages": items,
        },
        ensure_ascii=False,
    )


def memotrace(begin: int, end: int) -> str:
    """Return the same messages as MemoTrace's old CSV, without ids."""
    lines = [
        "localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime,Remark,NickName,Sender"
    ]
    for item in messages(begin, end):
        number = 3 if item["type"] == 1 else 1
        text = item["content"].replace('"', '""')
        lines.append(
            f'1,7,{number},0,0,{item["timestamp"]},2,"{text}",,,{item["accountName"]},{item["sender"]}'
        )
    return "\r\n".join(lines) + "\r\n"


def write_config(folder: Path, *, metadata_days: int = 36_500, text_days: int = 36_500) -> Path:
    """Write settings that keep everything in a folder."""
    path = folder / "config.toml"
    path.write_text(
        f"[privacy]\nmetadata_days = {metadata_days}\ntext_days = {text_days}\n", encoding="utf-8"
    )
    return path
