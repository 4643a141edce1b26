"""Classify 20,000 mixed messages against a loop of `jieba.lcut` over the same ones.

Alternates the two, so that a busy machine slows both, and prints the median of five ratios for each
tokenizer. The mix: our corpora with other numbers and names in every copy, so that hardly any two long
messages are equal, and a third short receipts, as work groups have them. Run:

    python tests/bench/bench_classify.py
"""

import logging
import random
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import jieba

from bot.classify.classifier import Classifier
from bot.classify.loader import load_rules
from bot.classify.tokenizer import make_tokenizer

CORPUS = Path(__file__).parents[1] / "corpus"
COUNT = 20_000
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


def ratios(classifier: Classifier, messages: list[str]) -> list[float]:
    """Return how many times as many messages a second the classifier takes, once a round."""
    found = []
    for _ in range(ROUNDS):
        classifier.update()  # forget what it remembers of the round before
        start = time.perf_counter()
        for message in messages:
            jieba.lcut(message)
        middle = time.perf_counter()
        for message in messages:
            classifier.classify(message)
        end = time.perf_counter()
        found.append((middle - start) / (end - middle))
    return found


def main() -> int:
    """Print a line for each tokenizer; 1 when a goal is missed."""
    logging.getLogger("jieba").setLevel(logging.CRITICAL)
    messages = mixed_messages(COUNT)
    rules = load_rules()
    jieba.lcut("先读词典")
    missed = 0
    print(
        f"{COUNT} messages, {len(set(messages))} different, {sum(map(len, messages)) / COUNT:.1f} characters each"
    )
    with tempfile.TemporaryDirectory() as cache:
        for kind in ("rjieba", "jieba"):
            classifier = Classifier(rules, make_tokenizer(kind, rules.words, Path(cache)))
            for message in messages[:500]:
                classifier.classify(message)
            rounds = ratios(classifier, messages)
            median = statistics.median(rounds)
            missed += median < GOALS[kind]
            shown = " ".join(f"{ratio:.2f}" for ratio in rounds)
            print(f"{kind:<7} median {median:.2f} of {shown} (goal {GOALS[kind]})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
