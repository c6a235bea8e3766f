"""Identity of a script: the sha256 of its canonical bytes, and of its raw bytes beside it.

Canonical: no byte order mark, LF line ends, no white space at the end of the file. So neither an editor nor Git's
autocrlf changes a migration that was applied. All are lower-case hex.
"""

from dataclasses import dataclass
from hashlib import sha256

BOM = b"\xef\xbb\xbf"


_SPACE_AT_THE_END = b" \t\n\v\f"


def canonical_bytes(raw: bytes) -> bytes:
    """The bytes that make a script's identity."""
    return raw.removeprefix(BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(_SPACE_AT_THE_END)


def canonical(raw: bytes) -> str:
    """The checksum that history, plans and comparisons use."""
    return sha256(canonical_bytes(raw)).hexdigest()


def of_bytes(raw: bytes) -> str:
    """The checksum of the bytes as they are: what Prisma records."""
    return sha256(raw).hexdigest()


def line_end_variants(raw: bytes) -> frozenset[str]:
    """The raw checksums that Prisma takes for this script: as it is, with LF and with CRLF line ends."""
    unix = raw.replace(b"\r\n", b"\n")
    return frozenset(of_bytes(variant) for variant in (raw, unix, unix.replace(b"\n", b"\r\n")))


@dataclass(frozen=True, slots=True)
class Checksums:
    """All checksums of one script."""

    canonical: str
    raw: str
    accepted: frozenset[str]
    """As `line_end_variants` has them."""


def of_script(raw: bytes) -> Checksums:
    """The checksums of a script that is in memory."""
    return Checksums(canonical(raw), of_bytes(raw), line_end_variants(raw))


class Digest:
    """The same for a script that is read piece by piece: feed all pieces, then ask."""

    def __init__(self) -> None:
        self._raw, self._lf, self._crlf, self._canonical = sha256(), sha256(), sha256(), sha256()
        self._trimmed = self._canonical.copy()  # up to the last character that is no white space
        self._held = b""  # a CR whose LF may be in the next piece
        self._first = True

    def feed(self, piece: bytes) -> None:
        """The next bytes of the file; the first piece has at least three, where the file does."""
        self._raw.update(piece)
        text = self._held + piece
        self._held = b"\r" if text.endswith(b"\r") else b""
        self._take(text.removesuffix(b"\r"))

    def checksums(self) -> Checksums:
        """After the last piece."""
        held, self._held = self._held, b""
        self._take(held)
        variants = (self._raw, self._lf, self._crlf)
        return Checksums(
            self._trimmed.hexdigest(), self._raw.hexdigest(), frozenset(each.hexdigest() for each in variants)
        )

    def _take(self, text: bytes) -> None:
        unix = text.replace(b"\r\n", b"\n")
        self._lf.update(unix)
        self._crlf.update(unix.replace(b"\n", b"\r\n"))
        if self._first:
            unix = unix.removeprefix(BOM)
            self._first = False
        lines = unix.replace(b"\r", b"\n")
        body = lines.rstrip(_SPACE_AT_THE_END)
        if body:
            self._canonical.update(body)
            self._trimmed = self._canonical.copy()
        self._canonical.update(lines[len(body) :])
