"""From bytes to text: UTF-8 that PostgreSQL can take, or where it is not."""

import codecs

from dbmigrations.release import checksum


class UnreadableError(Exception):
    """A file that is there, or ought to be, and cannot be taken. `remedy` says what helps; it may be empty."""

    def __init__(self, message: str, remedy: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.line = line
        self.column = column


def decode(raw: bytes) -> str:
    """The text of a file, without a byte order mark and otherwise as written.

    Raises:
        UnreadableError: not UTF-8, or it holds a NUL, which no PostgreSQL statement may; with line and column.
    """
    checking = Checking()
    return checking.take(raw) + checking.finish()


class Checking:
    """Decodes a file piece by piece, and says where it is no text that PostgreSQL could take."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._bytes = 0  # decoded so far, the byte order mark included
        self._line = 1
        self._column = 1
        self._wide = False
        self._first = True

    def take(self, raw: bytes) -> str:
        """The text of the next bytes; the first piece has at least three, where the file does. Raises as `decode`."""
        return self._decoded(raw, final=False)

    def finish(self) -> str:
        """What was still to come. Raises as `decode`."""
        return self._decoded(b"", final=True)

    def _decoded(self, raw: bytes, *, final: bool) -> str:
        if self._first:
            self._wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            self._first = False
            if raw.startswith(checksum.BOM):
                self._bytes = len(checksum.BOM)
                raw = raw.removeprefix(checksum.BOM)
        pending = self._decoder.getstate()[0]
        try:
            text = self._decoder.decode(raw, final)
        except UnicodeDecodeError as error:
            self._advance((pending + raw)[: error.start].decode("utf-8"))
            raise self._no_text(error.object[error.start], error.start) from None
        if "\0" in text:
            before = text[: text.index("\0")]
            self._advance(before)
            remedy = "it is UTF-16: save it as UTF-8" if self._looks_wide(text) else "remove it"
            offset = self._bytes + len(before.encode())
            raise UnreadableError(f"holds a NUL byte, at byte {offset:,}", remedy, self._line, self._column)
        self._advance(text)
        self._bytes += len(pending) + len(raw) - len(self._decoder.getstate()[0])
        return text

    def _no_text(self, byte: int, start: int) -> UnreadableError:
        remedy = "it is UTF-16: save it as UTF-8" if self._wide else "save it as UTF-8"
        message = f"is not UTF-8: 0x{byte:02x} at byte {self._bytes + start:,}"
        return UnreadableError(message, remedy, self._line, self._column)

    @staticmethod
    def _looks_wide(text: str) -> bool:
        """ASCII in UTF-16 without a byte order mark: every other byte is NUL."""
        halves = set(text[:8:2]), set(text[1:8:2])
        return len(text) > 1 and {"\0"} in halves and any("\0" not in half for half in halves)

    def _advance(self, text: str) -> None:
        newlines = text.count("\n")
        self._line += newlines
        self._column = len(text) - text.rfind("\n") if newlines else self._column + len(text)
