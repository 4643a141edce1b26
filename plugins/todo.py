"""我的待办 and 完成: open demands over all groups, each once, deadline first; in private."""

from collections.abc import Iterable

from bot.hooks import Action, Command, MarkDone, MessageContext, Plugin, Reply
from bot.reports.words import LABEL_WORDS, moment
from bot.store.notices import NoticeView


def show(context: MessageContext, _words: str) -> Iterable[Action]:
    """List what is open for this person, only from groups that the person is in."""
    todos = _todos(context)
    names = {group.id: group.title for group in context.reader.groups_of(context.person.id)}
    items = [
        {
            "title": todo.title,
            "kinds": [LABEL_WORDS[label] for label in sorted(todo.labels) if label.is_demand],
            "due": _due(context, todo),
            "groups": [names[group_id] for group_id in sorted(todo.groups) if group_id in names],
        }
        for todo in todos
    ]
    text = context.texts("todo_list", items=items) if items else context.texts("todo_none")
    yield Reply(text, private=True, fallback=context.texts("private_unreachable"))


def done(context: MessageContext, words: str) -> Iterable[Action]:
    """Mark one as done, by its number in the list."""
    number = words.strip().rstrip("项条.。")
    if not number.isdigit():
        yield Reply(context.texts("todo_usage"))
        return
    todos = _todos(context)
    if not 1 <= int(number) <= len(todos):
        yield Reply(context.texts("todo_no_such", number=number, count=len(todos)))
        return
    todo = todos[int(number) - 1]
    yield MarkDone(context.person.id, todo.posts[0].message_id)
    text = context.texts("todo_done", title=todo.title, left=len(todos) - 1)
    yield Reply(text, private=True, fallback=context.texts("private_unreachable"))


def _todos(context: MessageContext) -> list[NoticeView]:
    groups = [group.id for group in context.reader.groups_of(context.person.id)]
    return context.notices.open_demands(context.person.id, groups)


def _due(context: MessageContext, todo: NoticeView) -> str:
    if todo.due_at is None:
        return "未写时限"
    late = "（已过期）" if todo.due_at < context.now else ""
    return f"{moment(todo.due_at, context.zone)}前{late}"


plugin = Plugin(
    name="todo",
    description="待办",
    commands=(
        Command("我的待办", "各群还没办的要求（私聊回复）", show, aliases=("待办",)),
        Command("完成", "把第几项记为办好", done, usage="序号"),
    ),
)
