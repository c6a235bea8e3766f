"""Data of COPY … FROM STDIN that stayed in its file, piece by piece."""

import codecs
from collections.abc import Iterator
from hashlib import sha256

from dbmigrations.postgres.errors import StatementDetails, StatementError
from dbmigrations.release.migration import BulkData

_PIECE = 1 << 18
"""Bytes: what is in memory at a time."""


def stream(data: BulkData) -> Iterator[str]:
    """The lines, in pieces that may end anywhere.

    Raises:
        StatementError: the file is not what it was when the script was read; raised before the last piece, so that
            no server takes changed data for whole.
    """
    left, digest = data.length, sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with data.file.open("rb") as file:
            file.seek(data.start)
            while left:
                piece = file.read(min(_PIECE, left))
                left -= len(piece)
                digest.update(piece)
                if not piece or (not left and digest.hexdigest() != data.sha256):
                    raise _changed()
                yield decoder.decode(piece, final=not left)
    except (OSError, UnicodeDecodeError):
        raise _changed() from None


def _changed() -> StatementError:
    primary = "the data below this COPY was changed while the migration ran: run it again"
    return StatementError(StatementDetails(sqlstate="F0000", primary=primary))
