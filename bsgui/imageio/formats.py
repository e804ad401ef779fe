"""Which formats are read, and what a file that is not read looks to be."""

from __future__ import annotations

# Formats whose Pillow readers are plain decoders. Not here: EPS, PDF, WMF (they run interpreters), and containers
# that Pillow only identifies (BUFR, GRIB, HDF5, MPEG).
READABLE = (
    "JPEG", "PNG", "TIFF", "WEBP", "BMP", "DIB", "GIF", "AVIF", "PPM", "QOI", "TGA", "JPEG2000", "ICO", "SGI",
    "PCX", "DDS", "ICNS", "MSP", "SUN", "XBM", "XPM",
)  # fmt: skip

_PICTURE_MAGIC = (
    b"\xff\xd8\xff", b"\x89PNG", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+", b"GIF8", b"BM", b"qoif",
    b"\x00\x00\x01\x00", b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51",
)  # fmt: skip
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_OTHER_MAGIC = {
    b"%PDF": "PDF documents",
    b"%!PS": "PostScript files",
    b"8BPS": "Photoshop documents",
    b"gimp xcf": "GIMP documents",
    b"FUJIFILMCCD-RAW": "camera raw files",
    b"\x76\x2f\x31\x01": "OpenEXR pictures",
    b"\xff\x0a": "JPEG XL pictures",
    b"\x00\x00\x00\x0cJXL ": "JPEG XL pictures",
    b"PK\x03\x04": "zip archives and documents",
    b"<svg": "SVG drawings",
}


def looks_like_a_picture(head: bytes) -> bool:
    """Whether a file that starts so claims to be in one of the formats that are read."""
    return (
        head.startswith(_PICTURE_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP") or head[4:12] == b"ftypavif"
    )


def unsupported_kind(head: bytes) -> str:
    """What kind of file starts so, in the plural ("HEIC pictures"), when it is a known one that is not read; or ""."""
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "HEIC pictures"
    if head[4:8] == b"ftyp" and head[8:12] != b"avif":
        return "videos of this kind"
    return next((kind for magic, kind in _OTHER_MAGIC.items() if head.startswith(magic)), "")
