"""Files and servers that exports come from, as a stream of UTF-8 with a head to know the format by."""

import codecs
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import httpx

from bot.errors import ImportFormatError
from bot.importers.base import Head
from bot.importers.encoding import detect

HEAD_BYTES = 128 * 1024
CHUNK_BYTES = 128 * 1024
SIBLING_BYTES = 64 * 1024 * 1024

# Raw control characters are an error in JSON and nothing in text; tab and line ends stay.
_CONTROLS = bytes(c if c >= 0x20 or c in b"\t\n\r" else 0x20 for c in range(256))

Progress = Callable[[int], None]


def nothing(_count: int) -> None:
    """Take no notice of progress."""


class Decoded(io.RawIOBase):
    """Chunks of bytes in any encoding as UTF-8; what cannot be decoded becomes U+FFFD."""

    def __init__(self, chunks: Iterator[bytes], encoding: str) -> None:
        super().__init__()
        self._chunks = chunks
        self._decode = codecs.getincrementaldecoder(encoding)("replace").decode
        self._buffer = b""
        self._ended = False

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]  # any writable buffer in fact
        """Fill the target; 0 at the end."""
        while not self._buffer and not self._ended:
            chunk = next(self._chunks, b"")
            self._ended = not chunk
            text = self._decode(chunk, self._ended)
            self._buffer = text.encode("utf-8", "replace").translate(_CONTROLS)
        size = min(len(target), len(self._buffer))
        target[:size] = self._buffer[:size]
        self._buffer = self._buffer[size:]
        return size


def _head(name: str, data: bytes, *, whole: bool, encoding: str | None) -> Head:
    if encoding is None:
        raise ImportFormatError(f"{name} 不是文本文件：请先解压，或改用 JSON、CSV、TXT 导出")
    text = codecs.getincrementaldecoder(encoding)("replace").decode(data, final=whole)
    return Head(text=text, encoding=encoding, whole=whole)


class FileSource:
    """A file on this machine."""

    def __init__(self, path: Path, progress: Progress = nothing) -> None:
        self.name = str(path)
        self._path = path
        self._progress = progress
        self._reached = 0
        self._head: Head | None = None

    @property
    def size(self) -> int:
        """Its bytes."""
        return self._path.stat().st_size

    @property
    def head(self) -> Head:
        """The beginning, decoded. Raises ImportFormatError when it is not text or cannot be read."""
        if self._head is None:
            try:
                with self._path.open("rb") as file:
                    data = file.read(HEAD_BYTES)
                    whole = len(data) < HEAD_BYTES
                    sample, rest = data, data
                    while sample.isascii() and b"\0" not in sample and len(rest) == HEAD_BYTES:
                        rest = file.read(HEAD_BYTES)  # the first Chinese character tells the encoding
                        sample = rest or sample
            except OSError as error:
                raise ImportFormatError(
                    f"{self.name} 读不了（{error.strerror}）：请检查路径和权限"
                ) from error
            encoding = detect(data, whole=whole)
            if sample is not data and encoding == "utf-8":
                encoding = detect(_from_line(sample), whole=len(rest) < HEAD_BYTES)
            self._head = _head(self.name, data, whole=whole, encoding=encoding)
        return self._head

    def open(self) -> BinaryIO:
        """Return the bytes from the start, as UTF-8."""
        return io.BufferedReader(Decoded(self._chunks(), self.head.encoding), CHUNK_BYTES)

    def skip_rest(self) -> None:
        """Tell progress of the bytes that will not be read."""
        try:
            left = self._path.stat().st_size - self._reached
        except OSError:
            return
        self._progress(max(left, 0))
        self._reached += max(left, 0)

    def sibling(self, name: str) -> str | None:
        """Return the text of a file beside this one, None when there is none that can be read."""
        path = self._path.parent / name
        try:
            if path.stat().st_size > SIBLING_BYTES:
                return None
            return path.read_text(encoding="utf-8-sig", errors="replace")
        except OSError:
            return None

    def _chunks(self) -> Iterator[bytes]:
        position = 0
        with self._path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                position += len(chunk)
                if position > self._reached:  # some formats are begun twice
                    self._progress(position - self._reached)
                    self._reached = position
                yield chunk


class UrlSource:
    """What a chatlog server on this machine or network answers. Read once, from one request."""

    def __init__(self, url: str, client: httpx.Client, progress: Progress = nothing) -> None:
        self.name = url.split("?", 1)[0]
        self._progress = progress
        self._stream = self._answer(url, client)
        self._begun: list[bytes] = []
        self._head: Head | None = None

    @property
    def head(self) -> Head:
        """The beginning, decoded. Raises ImportFormatError when the server does not answer with text."""
        if self._head is None:
            size, whole = 0, False
            while size < HEAD_BYTES and not whole:
                chunk = next(self._stream, b"")
                whole = not chunk
                size += len(chunk)
                self._begun.append(chunk)
            data = b"".join(self._begun)
            self._head = _head(self.name, data, whole=whole, encoding=detect(data, whole=whole))
        return self._head

    def open(self) -> BinaryIO:
        """Return the answer from its start, as UTF-8; a second call finds only what is left."""
        encoding = self.head.encoding
        return io.BufferedReader(Decoded(self._chunks(), encoding), CHUNK_BYTES)

    def sibling(self, name: str) -> str | None:  # noqa: ARG002 (the contract's)
        """Return None: a server has no files beside its answer."""
        return None

    def _chunks(self) -> Iterator[bytes]:
        while self._begun:
            if chunk := self._begun.pop(0):
                yield chunk
        yield from self._stream

    def _answer(self, url: str, client: httpx.Client) -> Iterator[bytes]:
        try:
            with client.stream("GET", url) as response:
                if response.status_code != httpx.codes.OK:
                    msg = f"{self.name} 返回 {response.status_code}：请检查地址，并在浏览器中打开同一地址核对"
                    raise ImportFormatError(msg)
                for chunk in response.iter_bytes(CHUNK_BYTES):
                    self._progress(len(chunk))
                    yield chunk
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            kind = type(error).__name__
            raise ImportFormatError(f"{self.name} 连不上或中途断开（{kind}）：请确认服务已启动") from error


def _from_line(data: bytes) -> bytes:
    """Return the bytes from the first line end on, so that no character is cut at the front."""
    return data[data.find(b"\n") + 1 :]


def chatlog_url(url: str) -> str:
    """Return the address with `format=json` where a chatlog address names no format: its default is plain text."""
    parsed = httpx.URL(url)
    if parsed.path.rstrip("/").endswith("/api/v1/chatlog") and "format" not in parsed.params:
        return str(parsed.copy_merge_params({"format": "json"}))
    return url


def is_url(path: str) -> bool:
    """Whether a path is the address of a server."""
    return path.startswith(("http://", "https://"))
