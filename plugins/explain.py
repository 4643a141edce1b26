"""为什么 and 误判: which rule and words gave the labels, and their correction."""

import re
from collections.abc import Iterable

from bot.events import Classification, MessageKind, RuleHit
from bot.hooks import Action, Command, Correct, MessageContext, Plugin, Reply, Who
from bot.reports.words import LABEL_WORDS, label_of
from bot.secrecy import mark_in
from bot.store.reader import MessageView

_BETWEEN = re.compile(r"[\s、,，;；/]+")
_NONE = {"无", "无标签", "none", "没有"}
_ACTIONS = {"observe": "仅观察", "notify": "在群里提示一次", "private": "只告诉发布人", "recall": "尝试撤回"}


def why(context: MessageContext, _words: str) -> Iterable[Action]:
    """Explain the labels of the quoted message, and what was done about it."""
    stored = _quoted(context)
    text = _text(context, stored)
    if not text and stored is None:
        yield Reply(context.texts("explain_usage"))
        return
    if not text and stored is not None:
        labels = [LABEL_WORDS[label] for label in sorted(stored.labels)]
        yield Reply(context.texts("explain_gone", labels=labels, rules=stored.rules))
        return
    if mark_in(text):
        yield Reply(context.texts("quoted_secret"))
        return
    found = context.classifier.explain(text, MessageKind(stored.kind) if stored else MessageKind.TEXT)
    yield Reply(
        context.texts(
            "explain",
            labels=_words_of(found),
            emergency=found.emergency,
            hits=[_hit(hit) for hit in found.hits],
            blocked=[_hit(hit) for hit in found.blocked[:3]],
            decision=_decision(context, stored),
        )
    )


def correct(context: MessageContext, words: str) -> Iterable[Action]:
    """Remember how the quoted text is to be labelled."""
    text = _text(context, _quoted(context))
    names = [word for word in _BETWEEN.split(words.strip()) if word]
    labels = [label_of(word) for word in names if word not in _NONE]
    if not text or not names or None in labels:
        yield Reply(context.texts("correct_usage", labels=list(LABEL_WORDS.values())))
        return
    if mark_in(text):
        yield Reply(context.texts("quoted_secret"))
        return
    chosen = sorted(label for label in labels if label is not None)
    by_rules = context.classifier.with_corrections({}).classify(text).labels
    yield Correct(
        text, tuple(label.value for label in chosen), tuple(label.value for label in sorted(by_rules))
    )
    yield Reply(context.texts("correct_done", labels=[LABEL_WORDS[label] for label in chosen]))


def _quoted(context: MessageContext) -> MessageView | None:
    quote = context.message.quote
    if quote is None or quote.message_id is None or context.group is None:
        return None
    return context.reader.message(context.group.id, quote.message_id)


def _text(context: MessageContext, stored: MessageView | None) -> str:
    if context.message.quote is not None and context.message.quote.text:
        return context.message.quote.text
    return stored.text if stored else ""


def _words_of(found: Classification) -> list[str]:
    return [LABEL_WORDS[label] for label in sorted(found.labels)]


def _hit(hit: RuleHit) -> dict[str, str]:
    known = {label.value: word for label, word in LABEL_WORDS.items()} | {"emergency": "应急"}
    return {
        "label": known.get(hit.label, hit.label),
        "rule": hit.rule_id,
        "matched": hit.matched[:30],
        "by": hit.blocked_by[:30],
    }


def _decision(context: MessageContext, stored: MessageView | None) -> str:
    if stored is None:
        return ""
    decisions = context.notices.decisions(stored.id)
    if not decisions:
        return ""
    action, detail = decisions[-1]
    earlier = detail.get("earlier")
    return context.texts(
        "explain_decision",
        action=_ACTIONS.get(action, action),
        rule=detail.get("rule", ""),
        earlier=len(earlier) if isinstance(earlier, list) else 0,
        acknowledged=detail.get("acknowledged", 0),
    )


plugin = Plugin(
    name="explain",
    description="分类说明与纠正",
    commands=(
        Command("为什么", "引用一条消息，说明怎么判的", why),
        Command("误判", "引用一条消息，改正判断", correct, Who.OWNER_OR_OFFICE, usage="标签"),
    ),
)
