"""All commands of the program in one place."""

from typing import Annotated

import typer

from bot import __version__
from bot.cli.classify import classify
from bot.cli.compare import compare
from bot.cli.corrections import corrections
from bot.cli.db import db_app
from bot.cli.demo import demo
from bot.cli.digest import digest
from bot.cli.doctor import doctor
from bot.cli.evaluate import evaluate
from bot.cli.export import export
from bot.cli.import_history import import_history
from bot.cli.rules import rules_app
from bot.cli.run import run

app = typer.Typer(
    name="jianfu",
    help="减负：量出工作群的负担，并减去一部分。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"jianfu {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    _show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="显示版本")
    ] = False,
) -> None:
    pass


app.command()(run)
app.command()(demo)
app.command()(digest)
app.command("import")(import_history)
app.command()(export)
app.command()(doctor)
app.add_typer(db_app, name="db")
app.command()(classify)
app.command("eval")(evaluate)
app.command()(compare)
rules_app.command("corrections")(corrections)
app.add_typer(rules_app, name="rules")
