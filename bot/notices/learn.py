"""Makes the points of the scale from pairs that people judged; run again whenever observations or pairs change.

    python -m bot.notices.learn tests/corpus/duplicates_*.tsv [--check] [--out PATH]

Needs scikit-learn (`pip install jianfu[learn]`). Boosted trees: every row asks a question, then
another. To the pairs come, at a lower weight, texts of different pairs (another matter) and texts with a greeting
around them (the same). Pairs that a slot already sets apart teach nothing about the matter and are left out.
`--check` leaves each file out in turn and prints what is reached on it.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from bot.notices.alignment import align
from bot.notices.compare import slots_differ
from bot.notices.evidence import observe
from bot.notices.features import extract
from bot.notices.lexicon import lexicon
from bot.notices.scale import Scale, parse
from bot.notices.slots import Slot
from bot.notices.vocabulary import RARE

ZONE = ZoneInfo("Asia/Shanghai")
POSTED = datetime(2026, 11, 4, 9, tzinfo=ZONE)
LIGHT = 0.5  # the weight of a pair that was put together here
BEFORE = (
    "", "转发：", "【转发】", "@所有人 ", "再次提醒：", "各位：", "温馨提示：", "[重要] ", "县里通知：",
    "各位辛苦了，天冷注意保暖。另外，", "刚开完会，传达一件事：", "大家早上好！今天事情多，先说一件，",
    "不好意思又打扰各位。", "根据上级要求，", "昨天说的事再说一遍，",
)  # fmt: skip
AFTER = (
    "", "，谢谢", "！", "🙏", "，请知悉", "，收到请回复", "。", "，辛苦各位", "，收到请回复，谢谢",
    "。有问题打我电话", "，逾期通报", "，请大家抓紧", "。不清楚的私聊我，我在办公室", "。大家下乡路上慢点开车",
)  # fmt: skip
LEAN = 0.2  # points against: suppressing another notice is worse than missing the same one
TREES = 400  # rows of the scale


@dataclass(frozen=True, slots=True)
class Row:
    """What a pair shows."""

    file: str
    seen: dict[str, float]
    same: bool
    weight: float
    apart: bool  # a slot sets the two apart


def look(file: str, a: str, b: str, weight: float, *, same: bool) -> Row:
    """Observe a pair."""
    one, two = extract(a, POSTED, ZONE), extract(b, POSTED, ZONE)
    found = align(one, two)
    return Row(file, observe(one, two, found), same, weight, slots_differ(one, two, found))


def read(path: Path) -> list[tuple[str, str, bool]]:
    """Read lines a, b, same below a header."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    cells = [line.replace("\\n", "\n").split("\t") for line in lines if line]
    return [(a, b, same == "1") for a, b, same, *_ in cells]


def rows(path: Path) -> Iterator[Row]:
    """Yield what the pairs of a file show, and those that are put together from them."""
    pairs = read(path)
    random = Random(path.name)  # noqa: S311 (nothing secret)
    for number, (a, b, same) in enumerate(pairs):
        yield look(path.name, a, b, 1.0, same=same)
        others = [text for place, pair in enumerate(pairs) if place != number for text in pair[:2]]
        yield look(path.name, a, random.choice(others), LIGHT, same=False)
        letters = set(pairwise(a))
        near = max(others, key=lambda text: len(letters.intersection(pairwise(text))) / len(text))
        if len(letters.intersection(pairwise(near))) < len(letters) / 2:
            yield look(path.name, a, near, LIGHT, same=False)
        dressed = random.choice(BEFORE) + a.rstrip("。！") + random.choice(AFTER)
        first, second = random.sample((a, dressed), 2)
        yield look(path.name, first, second, LIGHT, same=True)
        for text, right in ((exclude(a, random), False), (reword(a, random), True)):
            if text:
                yield look(path.name, a, text, LIGHT, same=right)
        for text in (b, dressed) if same else (dressed,):
            exchanged = exchange(a, text, random.choice(others), random)
            if exchanged:
                yield look(path.name, a, exchanged, LIGHT, same=False)


def exchange(a: str, b: str, other: str, random: Random) -> str | None:
    """Return b with words that it shares with a, one or all, exchanged for some of another notice."""
    mine, yours = _topics(a), _topics(b)
    shared = [word for word in mine if word in yours and word in b]
    strange = [word for word in _topics(other) if word not in a and word not in b]
    if not shared or not strange:
        return None
    chosen = sorted(shared) if random.random() < 0.5 else [random.choice(sorted(shared))]
    for word in chosen:
        b = b.replace(word, random.choice(sorted(strange)))
    return b


def exclude(text: str, random: Random) -> str | None:
    """Return the text with a word exchanged for one that excludes it: 领取 for 归还."""
    groups = lexicon().exclusive
    found = [word for word in groups if len(word) > 1 and word in text]
    if not found:
        return None
    word = random.choice(sorted(found))
    names = {name for name, _ in groups[word]}
    mine = {spelling for _, spelling in groups[word]}
    others = sorted({own for pairs in groups.values() for name, own in pairs if name in names} - mine)
    return text.replace(word, random.choice(others)) if others else None


def reword(text: str, random: Random) -> str | None:
    """Return the text with up to three words exchanged for others that say the same."""
    groups: dict[str, list[str]] = {}
    for word, plain in sorted(lexicon().plain.items()):
        groups.setdefault(plain, [plain]).append(word)
    found = sorted(word for word, plain in lexicon().plain.items() if len(word) > 1 and word in text)
    for word in random.sample(found, min(3, len(found))):
        text = text.replace(word, random.choice([w for w in groups[lexicon().plain[word]] if w != word]))
    return text if found else None


def _topics(text: str) -> set[str]:
    features = extract(text, POSTED, ZONE)
    rare = (i for i in features.items if i.slot is Slot.SUBJECT and i.weight >= RARE)
    return {features.readable[item.value] for item in rare if item.value in features.readable}


def boost(known: Sequence[Row], names: Sequence[str]) -> list[str]:
    """Return the lines of a scale learnt from rows."""
    from sklearn.ensemble import GradientBoostingClassifier  # noqa: PLC0415 (an extra)

    used = [row for row in known if not row.apart]
    inputs = np.array([[float(row.seen[name]) for name in names] for row in used])
    machine = GradientBoostingClassifier(
        n_estimators=TREES,
        learning_rate=0.08,
        max_depth=2,
        max_features=0.3,
        subsample=0.6,
        min_samples_leaf=20,
        random_state=0,
    )
    right = np.array([row.same for row in used])
    weights = np.array([row.weight for row in used])
    machine.fit(inputs, right, sample_weight=weights)
    share = float((right * weights).sum() / weights.sum())
    base = float(np.log(share / (1 - share))) - LEAN
    trees = (tree for (tree,) in machine.estimators_)
    return [f"base\t{base:.3f}", *(_line(tree.tree_, names, machine.learning_rate) for tree in trees)]


def _line(tree: Any, names: Sequence[str], rate: float) -> str:
    """Return one pair of questions; where nothing is asked next, the first stands again with equal points."""

    def asked(node: int) -> tuple[str, float, float, float]:
        if tree.feature[node] < 0:
            points = rate * float(tree.value[node][0][0])
            return names[tree.feature[0]], float(tree.threshold[0]), points, points
        low, high = (
            rate * float(tree.value[next_node][0][0])
            for next_node in (tree.children_left[node], tree.children_right[node])
        )
        return names[tree.feature[node]], float(tree.threshold[node]), low, high

    cells: list[str] = [names[tree.feature[0]], f"{tree.threshold[0]:.3f}"]
    for node in (tree.children_left[0], tree.children_right[0]):
        what, limit, low, high = asked(node)
        cells += [what, f"{limit:.3f}", f"{low:.4f}", f"{high:.4f}"]
    return "\t".join(cells)


def check(known: Sequence[Row], names: Sequence[str]) -> None:
    """Leave each file out in turn and print what is reached on its own pairs."""
    for file in sorted({row.file for row in known}):
        scale = parse(boost([row for row in known if row.file != file], names), "learnt")
        _print(file, scale, [row for row in known if row.file == file])


def _print(file: str, scale: Scale, here: Sequence[Row]) -> None:
    found = [(row, scale.weigh(row.seen) > 0 and not row.apart) for row in here]
    pairs = [(row.same, same) for row, same in found if row.weight == 1]
    right = sum(wanted and same for wanted, same in pairs)
    precision = right / max(sum(same for _, same in pairs), 1)
    recall = right / max(sum(wanted for wanted, _ in pairs), 1)
    made = [(row.same, same) for row, same in found if row.weight < 1]
    others = [same for wanted, same in made if not wanted]
    dressed = [same for wanted, same in made if wanted]
    print(
        f"{file:24} precision {precision:.3f} recall {recall:.3f}"
        f"; of made pairs taken for same: other matters {sum(others) / max(len(others), 1):.4f},"
        f" the same in other dress {sum(dressed) / max(len(dressed), 1):.4f}"
    )


def main() -> None:
    """Read, look, learn, write."""
    parser = argparse.ArgumentParser(description="Make the points of the scale.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "evidence.tsv")
    given = parser.parse_args()
    known = [row for path in given.files for row in rows(path)]
    names = sorted(known[0].seen)
    if given.check:
        check(known, names)
        return
    head = [
        "# Points of what two texts laid side by side show; made by bot/notices/learn.py.",
        "# A row: observation (bot/notices/evidence.py says what each is) and limit; then, for up to the limit and for",
        "# above it: observation, limit, points up to the limit, points above.",
    ]
    given.out.write_text("\n".join([*head, *boost(known, names)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
