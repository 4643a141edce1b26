"""What hides people: a keyed hash for identity, and sealing for what must be read back. The key is a file."""

import base64
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from bot.errors import ConfigError, StoreError

KEY_BYTES = 32


class Vault:
    """Hashes and seals under one key that never enters the database."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._content_key = hmac.digest(key, b"jianfu content", "sha256")
        sealing = hmac.digest(key, b"jianfu sealing", "sha256")
        self._fernet = Fernet(base64.urlsafe_b64encode(sealing))

    @classmethod
    def open(cls, path: Path) -> "Vault":
        """Read the key, or make one on first use (readable by its owner only). Raises ConfigError."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                pass
            else:
                with os.fdopen(descriptor, "w", encoding="ascii") as file:
                    file.write(secrets.token_hex(KEY_BYTES) + "\n")
            key = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except OSError as error:
            msg = f"密钥文件 {path} 读写不了（{error.strerror}）：请检查 data_dir 或 privacy.key_file 的权限"
            raise ConfigError(msg) from error
        except (ValueError, UnicodeDecodeError) as error:
            msg = f"密钥文件 {path} 内容不对：应为 64 位十六进制数；请从备份恢复，否则已存的人员无法对应"
            raise ConfigError(msg) from error
        if len(key) < KEY_BYTES:
            msg = f"密钥文件 {path} 太短：应为 64 位十六进制数；请从备份恢复"
            raise ConfigError(msg)
        return cls(key)

    @property
    def fingerprint(self) -> str:
        """A word to tell keys apart by, which gives nothing of the key away."""
        return self.hash("jianfu fingerprint")[:16]

    @property
    def item_key(self) -> bytes:
        """The key under which words of notices are hashed."""
        return hmac.digest(self._key, b"jianfu items", "sha256")

    def hash(self, *parts: str) -> str:
        """Return the keyed hash (hex) of some strings."""
        data = "\0".join(parts).encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, data, "sha256").hex()

    def person_key(self, platform: str, native_id: str) -> str:
        """Return what a person is stored under."""
        return self.hash("person", platform, native_id)

    def content_key(self, *parts: str) -> str:
        """Return a short keyed hash that tells the same content from other content (80 bits)."""
        data = "\0".join(parts).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=10, key=self._content_key).hexdigest()

    def seal(self, text: str) -> bytes:
        """Encrypt a text that must be read back by us only."""
        return self._fernet.encrypt(text.encode("utf-8", "surrogatepass"))

    def unseal(self, data: bytes) -> str:
        """Decrypt. Raises StoreError when it was sealed under another key."""
        try:
            return self._fernet.decrypt(data).decode("utf-8", "surrogatepass")
        except InvalidToken as error:
            msg = "数据用另一把密钥封存，读不了：请恢复原来的密钥文件"
            raise StoreError(msg) from error


_MASKS = (
    (re.compile(r"(?<![0-9])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])\d{5}[\dXx](?![0-9])"), "［身份证号］"),
    (re.compile(r"(?<!\d)(?:\d[ -]?){15,18}\d(?!\d)"), "［银行卡号］"),
    (re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)"), "［手机号］"),
    (re.compile(r"(?<!\d)0\d{2,3}[- ]\d{7,8}(?!\d)"), "［电话］"),
)


def mask(text: str) -> str:
    """Return the text with ID numbers, bank cards and phones replaced."""
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    return text
