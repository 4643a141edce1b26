"""Cuts a text into its meaningful words and says for each what it tells: the items of `Features`."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from bot.classify.tokenizer import Tokenizer
from bot.notices.context import Token
from bot.notices.lexicon import Lexicon, Meaning
from bot.notices.slots import CONTENT, Item, Slot
from bot.notices.vocabulary import NAMED, SOFT, THING, Vocabulary

_CHUNK = re.compile(r"[\u3400-\u9fffa-z%℃]+")
_EVERY = frozenset(("各", "全体", "每位", "各位", "每个"))
_CALLS = frozenset(
    (*_EVERY, "请", "由", "和", "及", "让", "要求", "与", "或", "安排", "派", "的", "我县", "全镇", "全县")
)
_TO = ("给", "至", "到")
_NOT = frozenset(("不", "未", "非", "没", "没有"))
_SIGNS = frozenset(("签字", "签名", "签批", "审核", "审签", "把关", "签", "盖章", "签发"))
_CALLED = frozenset((*_EVERY, "请", "由", "所有"))
_PERSON = frozenset("员长生师工户手商民")  # what a word ends in that says who somebody is
_UNITS = frozenset("局行部队站所厂店点院园校场组室科处办会库馆社")
_SENT = _PERSON | frozenset("人者")
_COUNTED = re.compile(r"[\d一两二三四五六七八九十][名位]")
_NO_ADDRESSEE = frozenset(("类", "项", "种", "级", "自", "地", "处", "方", "界"))
_CALL_REACHES = 4
_ACTING = frozenset(("报告", "宣传", "培训", "意见", "照片", "视频"))
_WHERE = re.compile(
    r"地点(?:定在|设在|改在|为|在|是)?[\s:]*(?P<a>[\u4e00-\u9fff0-9]{2,12})"
    r"|(?:在|到|于|前往)(?P<b>[\u4e00-\u9fff0-9]{2,12}?)(?:召开|开会|开展|集合|举行|举办|参加|领取|报到|集中|上车|参会|开)"
    r"|(?:在|到)(?P<c>[\u4e00-\u9fff0-9]{1,10}?(?:广场|操场|室|厅|馆|楼|院|站|中心|门口|路口|村委会|政府|小学|中学|公园|食堂))"
)
_NOTHING = Meaning(Slot.SUBJECT, "")


class WordReader(Vocabulary):
    """Reads the items off a text whose dates and numbers are blanked."""

    def __init__(self, tokenizer: Tokenizer, words: Lexicon, mark: Callable[[str], int]) -> None:
        super().__init__(tokenizer, words, mark)
        self._unit = mark("unit")
        self._sent = mark("人选")

    def read(self, plain: str, bare: str, source: int, readable: dict[int, str]) -> Iterator[Token]:
        """Yield the meaningful words in order; up to `source` they only say who speaks."""
        wheres = [match.span(match.lastgroup or 0) for match in _WHERE.finditer(plain)]
        for match in _CHUNK.finditer(bare):
            words = self.split(match.group())
            at = match.start()
            for place, found in enumerate(self._items(words)):
                word = words[place]
                if found is not None:
                    item = self._placed(found, at, source, wheres)
                    readable[item.value] = word
                    yield Token(at, word, item, word in self._lexicon.meaning)
                    if item.slot is Slot.ADDRESSEE and item.weight >= THING and self._is_called(words, place):
                        yield Token(at, word, replace(item, slot=Slot.TARGET, grams=()))
                    if item.slot is Slot.SUBJECT and word[-1] in _SENT and self._is_counted(plain, at, word):
                        yield Token(at, word, replace(item, slot=Slot.TARGET, kind=self._sent, grams=()))
                    if item.slot in CONTENT and place and words[place - 1] in _NOT:
                        denied = self._mark("不" + words[place])
                        readable[denied] = words[place - 1] + word
                        yield Token(
                            at, word, Item(Slot.DENIED, denied, self._denial(words, place), item.value)
                        )
                    if word in self._lexicon.exclusive:
                        yield from (Token(at, word, item) for item in self._exclusive(word, readable))
                    named = self._named_place(words, place)
                    if named is not None:
                        readable[named.value] = words[place - 1] + word
                        yield Token(at, words[place - 1] + word, named)
                at += len(word)

    def _items(self, words: list[str]) -> Iterator[Item | None]:
        told = self._told(words)
        called = 2  # how many words on an addressee may stand: at the head, after a call, after another one
        for place, word in enumerate(words):
            item = self._item(word)
            if item is not None and self._is_called(words, place):
                item = self._addressee(item, words, place)
            if item is not None and item.slot is Slot.ADDRESSEE and not self._names_object(words, place):
                if place in told:
                    item = replace(item, weight=SOFT)
                elif not word.startswith(tuple(_EVERY)) and (
                    not called or (item.kind == self._unit and place and words[place - 1] == "的")
                ):
                    kind = 0 if item.kind == self._unit else item.kind
                    weight = SOFT if word in NAMED else item.weight
                    item = replace(item, slot=Slot.SUBJECT, kind=kind, weight=weight)
            elif item is not None and item.slot is Slot.ADDRESSEE:
                item = replace(item, slot=Slot.SUBJECT, kind=0)
            if word in _EVERY:
                called = _CALL_REACHES
            elif word in _CALLS or (item is not None and item.slot is Slot.ADDRESSEE):
                called = max(called, 2)
            else:
                called = max(called - 1, 0)
            yield item

    def _is_called(self, words: list[str], place: int) -> bool:
        if words[place].startswith(("各", "全体")) or (place > 0 and words[place - 1] in _CALLED):
            return True
        return place > 1 and words[place - 2] == "各" and self._heads(words, place)

    def _heads(self, words: list[str], place: int) -> bool:
        """Tell whether a word is what the word before it describes: 各 税务 分局."""
        described = place < len(words) and words[place][-1] in _UNITS and words[place - 1][-1] not in _UNITS
        return described and not self._known(words[place - 1]) and not self._known(words[place])

    def _addressee(self, item: Item, words: list[str], place: int) -> Item:
        """Take a word that no list has and that is called for an addressee: 各营业部, 请仓管员."""
        word = words[place]
        after = self._lexicon.meaning.get(words[place + 1]) if place + 1 < len(words) else None
        if (after is not None and after.slot is Slot.ADDRESSEE) or self._heads(words, place + 1):
            return item  # 各专业合作社
        unlisted = item.slot is Slot.SUBJECT and item.weight >= THING and word not in self._lexicon.meaning
        if not unlisted or word in self._lexicon.topic or word in self._lexicon.acts:
            return item
        if place > 1 and words[place - 2] == "各":
            return replace(item, slot=Slot.ADDRESSEE, weight=THING, kind=self._unit)
        every = words[place - 1] in _EVERY
        if word[-1] in _PERSON and (every or word not in self._lexicon.things):
            return replace(item, slot=Slot.ADDRESSEE, weight=THING, kind=self._mark("officer"))
        if every and words[place - 1] == "各" and word[-1] not in _NO_ADDRESSEE:
            return replace(item, slot=Slot.ADDRESSEE, weight=THING, kind=self._unit)
        return item

    def _names_object(self, words: list[str], place: int) -> bool:
        """Tell whether people only name what follows: 村民代表大会, 党员名单."""
        if place + 1 == len(words) or words[place].startswith(tuple(_EVERY)):
            return False
        following = self._lexicon.meaning.get(words[place + 1])
        if (
            following is not None
            and following.slot is Slot.SUBJECT
            and words[place + 2 : place + 3] == ["表"]
        ):
            return not self._is_called(words, place)  # a form named after people
        return following is not None and following.slot is Slot.OBJECT and following.canonical not in _ACTING

    def _told(self, words: list[str]) -> frozenset[int]:
        """Return the places of people who are told through others, or given something: they do not act."""
        lex = self._lexicon
        places = set()
        for i, word in enumerate(words):
            if word in lex.relay:
                places |= {i - 2, i - 1, i + 1, i + 2}
            elif word in _SIGNS:
                places.add(i - 1)
            elif word.endswith(_TO) and lex.meaning.get(word, _NOTHING).slot is Slot.ACTION:
                places |= {i + 1, i + 2}
        return frozenset(places)

    def _placed(self, item: Item, at: int, source: int, wheres: list[tuple[int, int]]) -> Item:
        if at < source and item.weight > SOFT:
            return replace(item, slot=Slot.SUBJECT, kind=0, weight=SOFT)
        if item.slot in {Slot.SUBJECT, Slot.PLACE} and any(start <= at < end for start, end in wheres):
            return replace(item, slot=Slot.WHERE, kind=0, weight=max(item.weight, THING))
        return item

    @staticmethod
    def _denial(words: list[str], place: int) -> int:
        """Return the weight of a denial; 没报的 only calls those who are late."""
        late = place + 1 < len(words) and words[place + 1] == "的"
        return SOFT if late or words[place - 1].startswith("没") else THING

    @staticmethod
    def _is_counted(plain: str, at: int, word: str) -> bool:
        """Tell whether people are counted: 1名讲解员, 主持人2名."""
        return bool(_COUNTED.fullmatch(plain, max(0, at - 2), at) or _COUNTED.match(plain, at + len(word)))

    def _exclusive(self, word: str, readable: dict[int, str]) -> Iterator[Item]:
        for group, alternative in self._lexicon.exclusive[word]:
            value = self._mark("=" + alternative)
            readable[value] = word
            yield Item(Slot.STATE, value, THING, self._mark(group))

    def _named_place(self, words: list[str], place: int) -> Item | None:
        """Make 石门 and 村 one place, which excludes other named villages."""
        if not place or words[place] not in NAMED:
            return None
        name = words[place - 1]
        lex = self._lexicon
        meaning = lex.meaning.get(name)
        known = self._known(name) and not (meaning is not None and meaning.kind == "officer")
        if len(name) < 2 or known or name in lex.acts or name in lex.topic:
            return None
        kind = words[place].removesuffix("区") if words[place] == "片区" else words[place]
        return Item(Slot.PLACE, self._mark(name + kind), THING, self._mark("名" + kind))
