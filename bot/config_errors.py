"""What is wrong with a setting, in the words of the one who wrote it."""

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, SecretStr, ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

SECRET_KEYS = frozenset({"token", "url"})

RIGHT = {
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "int_from_float": "应为整数",
    "float_parsing": "应为数字",
    "float_type": "应为数字",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "string_type": "应为带引号的文字",
    "tuple_type": "应为方括号括起的列表",
    "list_type": "应为方括号括起的列表",
    "dict_type": "应为一个表",
    "model_type": "应为一个表，如 [channel]",
    "model_attributes_type": "应为一个表，如 [channel]",
    "time_parsing": "应为时刻，如 08:30",
    "time_type": "应为时刻，如 08:30",
    "path_type": "应为路径",
    "too_short": "项数太少",
    "too_long": "项数太多",
}


def explain(error: ValidationError, path: Path | None) -> str:
    """Return one line for each wrong setting: the key, the value and what would be right."""
    where = f"配置文件 {path}" if path else "配置"
    lines = [f"{where} 有 {error.error_count()} 处不对："]
    lines += [f"  {_line(detail)}" for detail in error.errors(include_url=False)]
    return "\n".join(lines)


def _line(detail: "ErrorDetails") -> str:
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"{key}：没有这个设置{_near(detail['loc'])}"
    right = RIGHT.get(detail["type"]) or _right(detail)
    value = _shown(detail["loc"], detail["input"])
    return f"{key} = {value}：{right}" if value else f"{key}：{right}"


def _right(detail: "ErrorDetails") -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "literal_error":
            return f"应为 {str(context.get('expected', '')).replace(' or ', ' 或 ')} 之一"
        case "greater_than_equal":
            return f"不得小于 {context.get('ge')}"
        case "greater_than":
            return f"应大于 {context.get('gt')}"
        case "less_than_equal":
            return f"不得大于 {context.get('le')}"
        case "value_error":
            return str(context.get("error", detail["msg"]))
        case "missing":
            return "缺少这个设置"
        case _:
            return str(detail["msg"])


def _shown(loc: tuple[int | str, ...], value: Any) -> str:
    if isinstance(value, SecretStr) or (loc and loc[-1] in SECRET_KEYS):
        return "（内容不显示）"
    if isinstance(value, dict | BaseModel):
        return ""
    return repr(value)[:80]


def _near(loc: tuple[int | str, ...]) -> str:
    from bot.config import Config  # noqa: PLC0415 (config imports this module)

    fields = Config.model_fields
    for part in loc[:-1]:
        field = fields.get(str(part))
        annotation = field.annotation if field else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return ""
        fields = annotation.model_fields
    near = difflib.get_close_matches(str(loc[-1]), fields, n=1, cutoff=0.5)
    return f"；是否要写 {near[0]}？" if near else f"；可用的有：{'、'.join(fields)}"
