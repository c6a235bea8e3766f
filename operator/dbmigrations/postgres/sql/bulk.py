r"""Reading a large script without its data: the lines of COPY … FROM STDIN stay in the file, the rest is its text.

The text keeps the line `\.` behind each block, so that it splits as the whole file would. The file is read once, in
windows that end with a line; a statement that does not end in its window is looked at again in one of twice the size.
"""

import codecs
import re
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from dbmigrations.postgres.sql.errors import SqlInvalidError, UnterminatedError
from dbmigrations.postgres.sql.statements import END_OF_DATA, data_begins, next_statement
from dbmigrations.release.files import LargeText, UnreadableError
from dbmigrations.release.migration import BulkData

PIECE = 1 << 20
"""Bytes that are read at a time."""

_END_OF_DATA = re.compile(END_OF_DATA.pattern.encode(), re.MULTILINE)


def read_large(path: Path, limit: int) -> LargeText:
    """The text of a script that is valid UTF-8, and where its data is.

    What cannot be read as SQL stays in the text, for whoever splits it to say what is wrong.

    Args:
        path: the file.
        limit: characters of text that may be kept.

    Raises:
        UnreadableError: more would have to be kept.
        OSError, UnicodeDecodeError: the file cannot be read, or was changed meanwhile.
    """
    with path.open("rb") as stream:
        if stream.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            stream.seek(0)
        return _Reader(path, stream, limit).read()


@dataclass
class _Reader:
    path: Path
    stream: BinaryIO
    limit: int
    window: str = ""
    done: int = 0  # of the window's characters: they are kept, or data
    kept: list[str] = field(default_factory=list)
    length: int = 0  # of what is kept
    bulk: list[BulkData] = field(default_factory=list)
    at_end: bool = False

    def read(self) -> LargeText:
        self._widen()
        while self._take_whole_statements() and not self.at_end:
            self._widen()
        self._keep_up_to(len(self.window))
        while rest := self.stream.read(PIECE):  # behind what cannot be read as SQL
            self._refuse_more_than_the_limit(len(rest))
            self.kept.append(rest.decode(errors="replace"))
        return LargeText("".join(self.kept), tuple(self.bulk))

    def _widen(self) -> None:
        """Twice as much text as is still to be understood, and to the end of a line."""
        self.window, self.done = self.window[self.done :], 0
        raw = self.stream.read(max(PIECE, len(self.window))) + self.stream.readline(self.limit)
        self._refuse_more_than_the_limit((len(self.window) + len(raw)) // 4)
        self.at_end = not raw.endswith(b"\n")
        self.window += raw.decode()

    def _take_whole_statements(self) -> bool:
        """Keep what is whole in the window. False: this cannot be read as SQL."""
        try:
            while bounds := next_statement(self.window, self.done):
                if bounds.after == bounds.end and not self.at_end:  # its semicolon is still to come
                    return True
                begin = data_begins(self.window, bounds)
                self._keep_up_to(bounds.after if begin is None else begin)
                if begin is not None:
                    self._leave_data_out()
        except UnterminatedError:
            return True
        except SqlInvalidError:
            return False
        return True

    def _keep_up_to(self, end: int) -> None:
        self._refuse_more_than_the_limit(end - self.done)
        self.kept.append(self.window[self.done : end])
        self.length += end - self.done
        self.done = end

    def _refuse_more_than_the_limit(self, more: int) -> None:
        if self.length + more > self.limit:
            message = f"is larger than {self.limit >> 20} MiB, not counting the data of COPY … FROM STDIN"
            raise UnreadableError(message, "load data with COPY, or divide the script")

    def _leave_data_out(self) -> None:
        """Pass over the data that begins here, and go on with the line that ends it."""
        closing = END_OF_DATA.search(self.window, self.done)
        if closing is not None and (closing.end() < len(self.window) or self.window.endswith("\n")):
            start = self._place()
            data = self.window[self.done : closing.start()].encode()
            self._note(start, len(data), data.count(b"\n"), sha256(data).hexdigest())
            self.done = closing.start()
            self._keep_up_to(closing.end())
        else:
            self._leave_out_beyond_the_window()

    def _leave_out_beyond_the_window(self) -> None:
        start = self._place()
        self.stream.seek(start)
        self.window, self.done = "", 0
        length, lines, digest = 0, 0, sha256()
        at_line_start = True
        closing = None
        while closing is None and (piece := self.stream.read(PIECE) + self.stream.readline(PIECE)):
            first_line = 0 if at_line_start else piece.find(b"\n") + 1 or len(piece)
            closing = _END_OF_DATA.search(piece, first_line)
            data = piece if closing is None else piece[: closing.start()]
            digest.update(data)
            length += len(data)
            lines += data.count(b"\n")
            at_line_start = piece.endswith(b"\n")
        self._note(start, length, lines, digest.hexdigest())
        self.stream.seek(start + length)
        self._widen()
        if closing is not None:
            self._keep_up_to(len(closing.group()))

    def _place(self) -> int:
        """Where in the file that is which is not done yet, in bytes."""
        return self.stream.tell() - len(self.window[self.done :].encode())

    def _note(self, start: int, length: int, lines: int, digest: str) -> None:
        self.bulk.append(BulkData(self.path, start, length, lines, digest, self.length))
