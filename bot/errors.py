"""Every error that jianfu raises on purpose; each message says what is wrong and what would be right.

JianfuError
├── ConfigError            a setting that cannot be used
├── RuleError              a rule file that cannot be used, with its line
├── PluginError            a plugin that cannot be loaded
├── StoreError             the database
│   ├── SchemaVersionError     its schema is not the one this program knows
│   └── StoreUnavailableError  it cannot be written now (disk full, read-only, gone)
├── ChannelError           a gateway
│   ├── GatewayUnavailableError  cannot be reached, or refuses us
│   ├── PayloadError             an event whose content cannot be read: dead-lettered
│   ├── SendRefusedError         surely not sent
│   └── SendUncertainError       perhaps sent: never sent again by itself
├── ImportFormatError      a file that no reader understands
└── UsageError             a command line or chat command that cannot be carried out
"""


class JianfuError(Exception):
    """Base of all errors raised on purpose."""


class ConfigError(JianfuError):
    """A setting that cannot be used; names the key, the value and what would be right."""


class RuleError(JianfuError):
    """A rule file that cannot be used; names file, line and what would be right."""


class PluginError(JianfuError):
    """A plugin that cannot be loaded."""


class StoreError(JianfuError):
    """The database refused."""


class SchemaVersionError(StoreError):
    """The database has a schema that this program does not know."""


class StoreUnavailableError(StoreError):
    """The database cannot be written now; trying again later may work."""


class ChannelError(JianfuError):
    """A gateway refused or failed."""


class GatewayUnavailableError(ChannelError):
    """The gateway cannot be reached, or refuses us."""


class PayloadError(ChannelError):
    """An event whose content cannot be read; the event is dead-lettered with this reason."""


class SendRefusedError(ChannelError):
    """The message was surely not sent."""


class SendUncertainError(ChannelError):
    """The message was perhaps sent; it must not be sent again without a person's decision."""


class ImportFormatError(JianfuError):
    """A file that no reader understands; says what was seen and which formats are read."""


class UsageError(JianfuError):
    """A command that cannot be carried out as it was given."""
