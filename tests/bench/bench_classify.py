"""Classify 20,000 mixed messages against a loop of `jieba.lcut` over the same ones.

Alternates the two, so that a busy machine slows both, and prints the median of five ratios for each tokenizer:
all messages at once (`classify_many`, as histories are imported) and one after the other (`classify`). Every
round has a classifier of its own, which has seen 2,000 other messages, as a bot has that runs for an hour. The
mix: our corpora with other numbers and names in every copy, so that hardly any two long messages are equal, and
a third short receipts, as work groups have them. Run:

    python tests/bench/bench_classify.py
"""

import gc
import logging
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import jieba

from bot.classify.classifier import Asked, Classifier
from bot.classify.loader import load_rules
from bot.classify.tokenizer import make_tokenizer

CORPUS = Path(__file__).parents[1] / "corpus"
COUNT = 20_000
SEEN = 2_000
ROUNDS = 5
GOALS = {"rjieba": 3.0, "jieba": 0.7}
RECEIPTS = (
    "收到",
    "收到！",
    "好的",
    "1",
    "收到，谢谢",
    "已收悉",
    "👌",
    "收到，马上办",
    "{}村收到",
    "@李主任 收到",
    "[图片]",
)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
NUMBER = re.compile(r"\d+")
Run = Callable[[Classifier, list[str]], None]


def mixed_messages(count: int, seed: int = 7) -> list[str]:
    """Return messages in the proportions of a work group, nearly all different."""
    rng = random.Random(seed)
    lines = [
        line.split("\t")[0].replace("\\n", "\n")
        for path in sorted(CORPUS.glob("messages_*.tsv"))
        for line in path.read_text(encoding="utf-8").splitlines()[1:]
    ]
    messages: list[str] = []
    for _ in range(count):
        if rng.random() < 1 / 3:
            messages.append(rng.choice(RECEIPTS).format(rng.choice(SURNAMES) + rng.choice("家庄沟湾坪河")))
            continue
        text = NUMBER.sub(lambda found: str(rng.randint(1, 10 ** len(found.group()) + 1)), rng.choice(lines))
        name = rng.choice(SURNAMES) + rng.choice("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超")
        messages.append(f"@{name} {text}" if rng.random() < 0.5 else f"{text} {name}")
    return messages


def ratios(make: Callable[[], Classifier], run: Run, messages: list[str]) -> list[float]:
    """Return how many times as many messages a second the classifier takes, once a round."""
    found = []
    for _ in range(ROUNDS):
        gc.collect()  # the classifiers of earlier rounds are no burden of this one
        classifier = make()
        run(classifier, mixed_messages(SEEN, seed=11))
        start = time.perf_counter()
        for message in messages:
            jieba.lcut(message)
        middle = time.perf_counter()
        run(classifier, messages)
        end = time.perf_counter()
        found.append((middle - start) / (end - middle))
    return found


def at_once(classifier: Classifier, messages: list[str]) -> None:
    """Classify all messages at once."""
    classifier.classify_many(map(Asked, messages))


def one_by_one(classifier: Classifier, messages: list[str]) -> None:
    """Classify one message after the other."""
    for message in messages:
        classifier.classify(message)


def main() -> int:
    """Print a line for each tokenizer and way; 1 when a goal, which is for all at once, is missed."""
    logging.getLogger("jieba").setLevel(logging.CRITICAL)
    messages = mixed_messages(COUNT)
    rules = load_rules()
    jieba.lcut("先读词典")
    missed = 0
    different = len(set(messages))
    print(f"{COUNT} messages, {different} different, {sum(map(len, messages)) / COUNT:.1f} characters each")
    with tempfile.TemporaryDirectory() as cache:
        for kind, goal in GOALS.items():
            tokenizer = make_tokenizer(kind, rules.words, Path(cache))
            for name, run in (("at once", at_once), ("one by one", one_by_one)):
                rounds = ratios(lambda: Classifier(rules, tokenizer), run, messages)  # noqa: B023 (used at once)
                median = statistics.median(rounds)
                missed += run is at_once and median < goal
                shown = " ".join(f"{ratio:.2f}" for ratio in rounds)
                wanted = f" (goal {goal})" if run is at_once else ""
                print(f"{kind:<7} {name:<10} median {median:.2f} of {shown}{wanted}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
