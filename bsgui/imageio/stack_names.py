"""Names of exported files: they start with the photo's name and are safe on every file system."""

from __future__ import annotations

import re
import unicodedata

MANIFEST_NAME = "manifest.json"

_STEM_BYTES, _SLUG_CHARACTERS = 120, 40
_UNSAFE = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]+')
_NOT_A_WORD = re.compile(r"[^\w]+|_+")


def safe_stem(stem: str) -> str:
    """The photo's name as the beginning of a file's name: readable, no separators, at most 120 bytes."""
    cleaned = _UNSAFE.sub("_", unicodedata.normalize("NFC", stem)).strip(" .")
    # Invalid file-name bytes arrive as lone surrogates, which cannot be written to JSON.
    readable = cleaned.encode("utf-8", "replace")[:_STEM_BYTES].decode("utf-8", "ignore").replace("?", "_").strip(" .")
    return readable or "photo"


def slug(name: str, fallback: str) -> str:
    """A layer's name for a file's name: lower-case words with hyphens; ``fallback`` if nothing is left."""
    words = _NOT_A_WORD.sub("-", unicodedata.normalize("NFKC", name).lower()).strip("-")
    return words[:_SLUG_CHARACTERS].strip("-") or fallback


def layer_file_name(stem: str, index: int, name: str, layer_id: str) -> str:
    """``cat_01_fur.png``: photo, number, layer; the residual, always the last one, is ``cat_residual.png``."""
    if layer_id == "residual":
        return f"{safe_stem(stem)}_residual.png"
    return f"{safe_stem(stem)}_{index:02d}_{slug(name, layer_id)}.png"


def composite_file_name(stem: str) -> str:
    """``cat_composite.png``."""
    return f"{safe_stem(stem)}_composite.png"
