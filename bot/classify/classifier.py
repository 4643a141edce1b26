"""What a message demands, and why: the one entrance to this package."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from types import MappingProxyType
from typing import Literal, NamedTuple

from bot.classify.bulk import bulk_card, opinions
from bot.classify.combine import by_card, combine, no_reasons
from bot.classify.engine import Engine
from bot.classify.judge import Learned, Opinion, load_learned
from bot.classify.normalise import correction_key, normalise
from bot.classify.quotes import split_quote
from bot.classify.rules import RuleSet
from bot.classify.tokenizer import Tokenizer
from bot.events import Classification, Label, MessageKind, RuleHit

__all__ = ["Classifier", "correction_key"]

NO_CORRECTIONS: Mapping[str, frozenset[Label]] = MappingProxyType({})
_TEXTS = (MessageKind.TEXT, MessageKind.ANNOUNCEMENT)
_MEMO_MAX = 4096
_MEMO_LENGTH = 64
_AT_ONCE = 256
_LETTERS_AT_ONCE = 30_000


class Asked(NamedTuple):
    """A message to classify; `quote` is the message that it answers, where that is known."""

    text: str
    kind: MessageKind = MessageKind.TEXT
    quote: str = ""
    file_name: str = ""


class Classifier:
    """Labels messages by rules and score card; a county's corrections stand above both.

    `learned` is the score card with its judge: ours by default, None for the rules alone.
    """

    def __init__(
        self,
        rules: RuleSet,
        tokenizer: Tokenizer,
        corrections: Mapping[str, frozenset[Label]] = NO_CORRECTIONS,
        learned: Learned | Literal["ours"] | None = "ours",
    ) -> None:
        self._rules = rules
        self._learned = load_learned() if learned == "ours" else learned
        self._by_words = Engine(rules, tokenizer.cut), tokenizer
        self._corrections = dict(corrections)
        self._memo: dict[str, Classification] = {}

    @property
    def rules(self) -> RuleSet:
        """The rules in use."""
        return self._rules

    def with_corrections(self, corrections: Mapping[str, frozenset[Label]]) -> "Classifier":
        """Return a classifier with the same rules and these corrections."""
        other = object.__new__(Classifier)
        other._rules, other._by_words, other._learned = self._rules, self._by_words, self._learned
        other._corrections, other._memo = dict(corrections), {}
        return other

    def update(
        self, *, corrections: Mapping[str, frozenset[Label]] | None = None, rules: RuleSet | None = None
    ) -> None:
        """Replace corrections, rules or both while running; nothing changes when the rules fail to compile."""
        if rules is not None:
            tokenizer = self._by_words[1].with_words(rules.words)
            self._by_words = Engine(rules, tokenizer.cut), tokenizer
            self._rules = rules
        if corrections is not None:
            self._corrections = dict(corrections)
        self._memo = {}

    def classify(
        self, text: str, kind: MessageKind = MessageKind.TEXT, quote: str = "", file_name: str = ""
    ) -> Classification:
        """Return labels and the emergency flag, and who gave them.

        Where the score card is sure the rules are not asked: `explain` names them too, for the same labels.
        `quote` is the message that is answered; where it is not given, one embedded in the text is split off.
        A quote is never classified itself: what it demands, somebody else demanded.
        """
        plain = kind is MessageKind.TEXT and not quote and not file_name and len(text) <= _MEMO_LENGTH
        memo = self._memo  # an update while this is being classified begins another
        if plain:
            known = memo.get(text)
            if known is not None:
                return known
        result = self._classify(Asked(text, kind, quote, file_name), explain=False)
        if plain:
            if len(memo) >= _MEMO_MAX:
                memo.clear()
            memo[text] = result
        return result

    def classify_many(self, asked: Iterable[Asked]) -> list[Classification]:
        """Return what `classify` returns for each, several times as fast: for histories."""
        messages = list(asked)
        distinct = list(dict.fromkeys(messages))
        bodies = [_body(message) for message in distinct]
        judged = self._opinions(distinct, bodies)
        found = {
            message: by_card(opinion.given)
            if opinion and self._is_sure(opinion, body)
            else self._judge(body, message.kind, opinion)
            for message, body, opinion in zip(distinct, bodies, judged, strict=True)
        }
        if self._corrections:
            found = {message: self._corrected(message.text, result) for message, result in found.items()}
        return [found[message] for message in messages]

    def _opinions(self, messages: Sequence[Asked], bodies: Sequence[str]) -> list[Opinion | None]:
        """Return the judge's opinion of each text; None of what is no text."""
        judged: list[Opinion | None] = [None] * len(messages)
        if self._learned is None:
            return judged
        card = bulk_card(self._learned.card)
        texts = [place for place, message in enumerate(messages) if message.kind in _TEXTS]
        while texts:
            room = accumulate(len(bodies[place]) for place in texts[:_AT_ONCE])
            fit = max(1, sum(letters <= _LETTERS_AT_ONCE for letters in room))
            part, texts = texts[:fit], texts[fit:]
            scores = card.scores([bodies[place] for place in part])
            for place, opinion in zip(part, opinions(self._learned.judge, *scores), strict=True):
                judged[place] = opinion
        return judged

    def explain(
        self, text: str, kind: MessageKind = MessageKind.TEXT, quote: str = "", file_name: str = ""
    ) -> Classification:
        """Return the same labels with every rule that fired or was blocked, and its words."""
        return self._classify(Asked(text, kind, quote, file_name), explain=True)

    def _classify(self, message: Asked, *, explain: bool) -> Classification:
        return self._corrected(message.text, self._judge(_body(message), message.kind, explain=explain))

    def _corrected(self, text: str, found: Classification) -> Classification:
        if self._corrections:
            key = correction_key(text)
            corrected = self._corrections.get(key)
            if corrected is not None:
                hit = tuple(RuleHit("correction", label.value, key) for label in sorted(corrected))
                kept = tuple(h for h in found.hits if h.label == "emergency")
                return replace(found, labels=corrected, hits=hit + kept)
        return found

    def _judge(
        self, body: str, kind: MessageKind, opinion: Opinion | None = None, *, explain: bool = False
    ) -> Classification:
        learned = self._learned
        local = self._rules.local
        is_text = kind in _TEXTS
        if learned is None or not body:
            return self._by_rules(body, kind)
        found = None
        if not is_text:
            # The card knows plain texts; of the other kinds it only tells paperwork from danger.
            found = self._by_rules(body, kind)
            if not found.emergency:
                return found
        if opinion is None:
            opinion = learned.judge.opinion(learned.card.scores(body))
        if is_text and not explain and self._is_sure(opinion, body):
            return by_card(opinion.given)
        found = found or self._by_rules(body, kind)
        given = learned.judge.with_rules(opinion, {hit.rule_id for hit in found.hits})
        reasons = partial(learned.card.reasons, body) if explain else no_reasons
        judged = combine(found, given, local, reasons)
        return judged if is_text else replace(found, emergency=judged.emergency)

    def _is_sure(self, opinion: Opinion, body: str) -> bool:
        """Tell whether no rule is asked; a county's own always are."""
        return bool(body) and not opinion.open and not self._rules.local

    def _by_rules(self, body: str, kind: MessageKind) -> Classification:
        engine, tokenizer = self._by_words
        return engine.run(body, tokenizer.cut(body), kind)


def _body(message: Asked) -> str:
    """Return what the sender wrote, normalised; for a file without words its name."""
    own = message.text if message.quote else split_quote(message.text)[1]
    return normalise(own or message.file_name)
