"""帮助: the commands that this person may use here, no others."""

from collections.abc import Iterable

from bot.hooks import Action, Command, MessageContext, Plugin, Reply
from bot.rights import refuse


def show(context: MessageContext, _words: str) -> Iterable[Action]:
    """List what this person may use here."""
    usable = [command for command in context.registry.commands if not refuse(context, command)]
    yield Reply(context.texts("help", commands=usable))


plugin = Plugin(
    name="help",
    description="列出可用命令",
    commands=(Command("帮助", "看这里能用的命令", show, aliases=("help", "?", "菜单", "功能")),),
)
