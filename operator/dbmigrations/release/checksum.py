"""Identity of a script: the sha256 of its canonical bytes, and of its raw bytes beside it.

Canonical: no byte order mark, LF line ends, no white space at the end of the file. So neither an editor nor Git's
autocrlf changes a migration that was applied. All are lower-case hex.
"""

from hashlib import sha256

BOM = b"\xef\xbb\xbf"


def canonical_bytes(raw: bytes) -> bytes:
    """The bytes that make a script's identity."""
    return raw.removeprefix(BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b" \t\n\v\f")


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
