"""`jianfu rules corrections`: what people labelled otherwise, for rules to learn from."""

from bot.cli.common import ConfigOption, opened
from bot.store.corrections import listing


def corrections(config: ConfigOption = None) -> None:
    """列出群里用“误判”改正过的文字：规则可以从中学习。"""
    with opened(config) as store, store.database.read() as session:
        rows = listing(session)
    for text, by_people, by_rules in rows:
        print(f"{by_rules}\t→ {by_people}\t{text.replace(chr(10), chr(92) + 'n')}")
    if not rows:
        print("还没有人改正过。")
