"""Every text that users see, kept as data in `texts.toml` and filled in by Jinja2."""

import tomllib
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template, TemplateSyntaxError

from bot.errors import ConfigError


class Texts:
    """Templates by name. Raises ConfigError at construction for one that cannot be parsed."""

    def __init__(self, sources: dict[str, str]) -> None:
        environment = Environment(
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,  # noqa: S701 (chat messages are plain text)
        )
        self._templates: dict[str, Template] = {}
        for name, source in sources.items():
            try:
                self._templates[name] = environment.from_string(source)
            except TemplateSyntaxError as error:
                msg = f"文案 {name} 写错了（第 {error.lineno} 行）：{error.message}"
                raise ConfigError(msg) from error

    @classmethod
    def load(cls) -> "Texts":
        """Read the texts that come with the program."""
        data = resources.files("bot").joinpath("texts.toml").read_text(encoding="utf-8")
        return cls(tomllib.loads(data))

    @property
    def names(self) -> frozenset[str]:
        """The names of all texts."""
        return frozenset(self._templates)

    def __call__(self, name: str, /, **values: object) -> str:
        """Return a text with its values filled in, without blanks at its ends."""
        return self._templates[name].render(**values).strip()
