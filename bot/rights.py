"""Who may do what: by the role of this moment, never by a remembered one."""

from bot.events import Role
from bot.hooks import Command, MessageContext, Where, Who


def refuse(context: MessageContext, command: Command) -> str:
    """Return why a person may not use a command here; empty when allowed. Roles are read now, not remembered."""
    if command.where is Where.GROUP and context.group is None:
        return context.texts("only_in_group", command=command.name)
    if command.where is Where.PRIVATE and context.group is not None:
        return context.texts("only_in_private", command=command.name)
    if may(context, command.who):
        return ""
    return context.texts("not_allowed", command=command.name, who=context.texts(f"who_{command.who.value}"))


def may(context: MessageContext, who: Who) -> bool:
    """Tell whether a person has a right here, by the role of this moment."""
    owner = context.role is Role.OWNER or _ownerless(context)
    match who:
        case Who.ALL:
            return True
        case Who.MEMBER:
            return context.role is not None
        case Who.ADMIN:
            return owner or context.role is Role.ADMIN
        case Who.OWNER:
            return owner
        case Who.OFFICE:
            return context.office
        case Who.OWNER_OR_OFFICE:
            return owner or context.office


def _ownerless(context: MessageContext) -> bool:
    # Some gateways tell no roles at all; then nobody could ever agree, so any member may.
    if context.group is None:
        return False
    return not context.reader.has_roles(context.group.id)
