"""`jianfu rules`: lists and checks the rules."""

from pathlib import Path
from typing import Annotated

import typer

from bot.classify.loader import load_rules
from bot.cli.classify import build_classifier
from bot.errors import RuleError

rules_app = typer.Typer(help="查看和检查规则", no_args_is_help=True)


@rules_app.callback()
def _rules() -> None:
    """查看和检查规则。"""


@rules_app.command("check")
def check(
    file: Annotated[
        Path | None, typer.Argument(help="本县自己的规则文件（TOML）；不给则只检查自带规则")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="只报问题")] = False,
) -> None:
    """列出规则，并检查格式、引用和每条规则的例句。"""
    extra = [file] if file else []
    try:
        rules = load_rules(extra)
    except RuleError as error:
        typer.echo(f"错误：{error}", err=True)
        raise typer.Exit(2) from error
    classifier = build_classifier(extra, rules_alone=True)
    wrong = 0
    for rule in rules.rules:
        if not quiet:
            goal = rule.label or "去掉 " + "、".join(rule.drops)
            typer.echo(f"{rule.id}\t{goal}\t{rule.comment}\t例：{rule.example[0]}")
        for text, wanted in [*((t, True) for t in rule.example), *((t, False) for t in rule.counter)]:
            fired = any(hit.rule_id == rule.id for hit in classifier.explain(text, *rule.kinds[:1]).hits)
            if fired != wanted:
                wrong += 1
                what = "例句没有触发" if wanted else "反例却触发了"
                typer.echo(f"{rules.sources[rule.id]}: 规则 {rule.id} {what}：{text}", err=True)
    if wrong:
        raise typer.Exit(1)
    typer.echo(
        f"{len(rules.rules)} 条规则，{len(rules.concepts)} 个概念，{len(rules.guards)} 个前提，检查通过"
    )
