"""我的数据, 删除我的数据, 停止记录我, 恢复记录我: everybody's own data."""

import json
from collections.abc import Iterable

from bot.hooks import Action, AskCode, Attachment, Command, ForgetPerson, MessageContext, Plugin, Reply


def mine(context: MessageContext, _words: str) -> Iterable[Action]:
    """Hand out what is kept of the asker, as a file."""
    data = context.reader.personal_data(context.person.id)
    attachment = Attachment("我的数据.json", json.dumps(data, ensure_ascii=False, indent=1))
    fallback = context.texts("private_unreachable")
    yield Reply(context.texts("data_caption"), private=True, fallback=fallback)
    yield Reply("", private=True, attachment=attachment)


def delete(context: MessageContext, _words: str) -> Iterable[Action]:
    """Delete what is kept of the asker, after a code."""
    if not context.confirmed:
        yield AskCode(context.person.id, "删除我的数据", "delete_ask")
        return
    yield ForgetPerson(context.person.id, delete=True)
    yield Reply(context.texts("delete_done"))


def opt_out(context: MessageContext, _words: str) -> Iterable[Action]:
    """Record nothing of the asker from now on."""
    yield ForgetPerson(context.person.id, opt_out=True)
    yield Reply(context.texts("opt_out_done"))


def opt_in(context: MessageContext, _words: str) -> Iterable[Action]:
    """Record the asker again."""
    if not context.person.opted_out:
        yield Reply(context.texts("opt_in_already"))
        return
    yield ForgetPerson(context.person.id, opt_out=False)
    yield Reply(context.texts("opt_in_done"))


plugin = Plugin(
    name="privacy",
    description="个人数据",
    commands=(
        Command("我的数据", "查看保存的本人数据（私聊发文件）", mine),
        Command("删除我的数据", "删除本人数据（需验证码）", delete),
        Command("停止记录我", "今后不再记录本人", opt_out),
        Command("恢复记录我", "重新记录本人", opt_in),
    ),
)
