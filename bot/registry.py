"""Loads plugins by name, explicitly. A plugin that cannot load stops the start."""

import importlib
from collections.abc import Sequence

from bot.errors import PluginError
from bot.hooks import Command, Plugin


class Registry:
    """The plugins that run, in their order."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self.plugins = tuple(plugins)
        owners: dict[str, str] = {}
        for plugin in plugins:
            for command in plugin.commands:
                for name in command.names:
                    if name in owners:
                        msg = f"插件 {plugin.name} 与 {owners[name]} 都有命令“{name}”：请停用其中一个"
                        raise PluginError(msg)
                    owners[name] = plugin.name

    @property
    def commands(self) -> Sequence[Command]:
        """All commands, in the order of their plugins."""
        return [command for plugin in self.plugins for command in plugin.commands]

    @classmethod
    def load(cls, names: Sequence[str]) -> "Registry":
        """Load plugins: a bare name is one of ours, a dotted one any module with a `plugin`. Raises PluginError."""
        if len(set(names)) != len(names):
            msg = f"plugins.enabled 有重复的名字：{'、'.join(names)}"
            raise PluginError(msg)
        return cls([_load(name) for name in names])


def _load(name: str) -> Plugin:
    path = name if "." in name else f"plugins.{name}"
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name and (error.name == path or path.startswith(error.name)):
            msg = f"没有插件 {name}：plugins.enabled 里请写 plugins/ 下的模块名，或带点的完整模块名"
        else:
            msg = f"插件 {name} 加载失败：缺少模块 {error.name}"
        raise PluginError(msg) from error
    except Exception as error:
        msg = f"插件 {name} 加载失败：{type(error).__name__}: {error}"
        raise PluginError(msg) from error
    plugin = getattr(module, "plugin", None)
    if not isinstance(plugin, Plugin):
        msg = f"插件 {name} 不完整：模块 {path} 里应有 plugin = Plugin(...)"
        raise PluginError(msg)
    return plugin
