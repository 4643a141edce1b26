"""What plugins say to an event: handlers and commands, each isolated from the others."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from loguru import logger

from bot import commands
from bot.actions import Cause, chat_of
from bot.errors import StoreError, UsageError
from bot.events import Event
from bot.hooks import Action, Command, Context, MessageContext, Plugin, Reply
from bot.log import failure
from bot.registry import Registry
from bot.rights import refuse
from bot.store.reader import GroupView
from bot.store.tables_work import Confirmation

BACKLOG = timedelta(minutes=5)
OURSELVES = "jianfu"  # who answers where no plugin does

Wish = tuple[str, Sequence[Action]]  # the name of a plugin or job, and what it wants done


class Reactor:
    """Asks the plugins; what one of them raises is logged with its name and stops nothing else."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def to_message(self, context: MessageContext) -> Iterable[Wish]:
        """Yield the name of each plugin and what it wants done about a recorded message of a group."""
        for plugin in self._registry.plugins:
            if plugin.on_message is not None:
                yield plugin.name, _isolated(plugin.name, lambda p=plugin: p.on_message(context))  # type: ignore[misc]  # bound now

    def to_event(self, context: Context, event: Event, group: GroupView) -> Iterable[Wish]:
        """Yield the name of each plugin and what it wants done about a change of a group."""
        for plugin in self._registry.plugins:
            if plugin.on_event is not None:
                yield plugin.name, _isolated(plugin.name, lambda p=plugin: p.on_event(context, event, group))  # type: ignore[misc]

    def to_minute(self, context: Context) -> Iterable[Wish]:
        """Yield the name of each job and what it wants done now."""
        for plugin in self._registry.plugins:
            for job in plugin.jobs:
                yield job.name, _isolated(plugin.name, lambda j=job: j.run(context))  # type: ignore[misc]

    def to_command(self, context: MessageContext, cause: Cause) -> Wish:
        """Return what a message that is addressed to the bot calls for, and by which plugin."""
        if context.now - context.message.sent_at > BACKLOG or not context.message.text.strip():
            return OURSELVES, []
        text = context.message.text
        code = commands.code_in(text)
        if code is not None:
            return self._confirmed(context, cause, code)
        call = commands.find(text, self._registry.commands)
        if call is None:
            return OURSELVES, [Reply(context.texts("hint"))]
        return self._run(context, call)

    def _confirmed(self, context: MessageContext, cause: Cause, code: str) -> Wish:
        waiting = context.reader.session.get(Confirmation, (context.person.id, chat_of(cause)))
        if waiting is None or waiting.expires_at < context.now or waiting.code != code:
            return OURSELVES, [Reply(context.texts("code_wrong"))]
        call = commands.find(waiting.command, self._registry.commands)
        context.reader.session.delete(waiting)
        return (OURSELVES, []) if call is None else self._run(replace(context, confirmed=True), call)

    def _run(self, context: MessageContext, call: commands.Call) -> Wish:
        refusal = refuse(context, call.command)
        if refusal:
            return OURSELVES, [Reply(refusal)]
        owner = self._owner(call.command)
        try:
            return owner.name, list(call.command.run(context, call.words))
        except UsageError as error:
            return OURSELVES, [Reply(str(error))]
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 (a plugin stops nothing but itself)
            logger.error("插件 {} 的命令 {} 出错：{}", owner.name, call.command.name, failure(error))
            return OURSELVES, [Reply(context.texts("failed"))]

    def _owner(self, command: Command) -> Plugin:
        return next(plugin for plugin in self._registry.plugins if command in plugin.commands)


def _isolated(name: str, ask: Callable[[], Iterable[Action]]) -> Sequence[Action]:
    try:
        return list(ask())
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 (a plugin stops nothing but itself)
        logger.error("插件 {} 出错，其他功能不受影响：{}", name, failure(error))
        return []
