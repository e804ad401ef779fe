from __future__ import annotations

import hashlib
import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from bsgui.core.errors import PhotoReadError
from bsgui.imageio import icc
from bsgui.imageio.limits import USUAL_LIMITS, ReadLimits
from bsgui.imageio.read_photo import photo_from_array, read_photo


def picture(height: int = 20, width: int = 30) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows * 255 // height, columns * 255 // width, (rows + columns) * 3 % 256], -1).astype(np.uint8)


def deep_picture() -> NDArray[np.uint16]:
    return np.random.default_rng(3).integers(0, 65536, (20, 30, 3), np.uint16)


def save(path: Path, pixels: Any, mode: str | None = None, **options: Any) -> Path:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path, **options)
    return path


def write_tiff16(path: Path, pixels: NDArray[np.uint16], orientation: int = 1, extra: int | None = None) -> Path:
    """An uncompressed 16-bit TIFF, written by hand: Pillow has none."""
    height, width, channels = pixels.shape
    data = pixels.astype("<u2").tobytes()
    tags: list[tuple[int, int, int, int]] = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, channels, 8), (259, 3, 1, 1), (262, 3, 1, 2),
        (273, 4, 1, 16), (274, 3, 1, orientation), (277, 3, 1, channels), (278, 4, 1, height), (279, 4, 1, len(data)),
    ]  # fmt: skip
    if extra is not None:
        tags.append((338, 3, 1, extra))
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    # The bits per sample do not fit their tag, so they lie between the header and the pixels.
    bits = struct.pack("<4H", 16, 16, 16, 16)
    path.write_bytes(b"II*\0" + struct.pack("<I", 16 + len(data)) + bits + data + directory)
    return path


def refusal(path: Path, limits: ReadLimits = USUAL_LIMITS) -> str:
    with pytest.raises(PhotoReadError) as caught:
        read_photo(path, limits)
    message = caught.value.user_message
    assert path.name in message
    assert message.endswith(".")
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    "suffix", ["png", "tif", "bmp", "ppm", "tga", "webp", "jp2", "sgi", "ico", "qoi", "gif", "jpg", "avif"]
)
def test_reads_every_format(tmp_path: Path, suffix: str) -> None:
    options: dict[str, Any] = {
        "webp": {"lossless": True}, "jpg": {"quality": 98}, "ico": {"sizes": [(30, 20)]}, "avif": {"quality": 100},
    }.get(suffix, {})  # fmt: skip
    pixels = picture()
    if suffix == "qoi":
        path = tmp_path / "photo.qoi"
        path.write_bytes(qoi(pixels))
    else:
        path = save(tmp_path / f"photo.{suffix}", pixels, **options)
    photo = read_photo(path)
    allowed = {"gif": 40, "jpg": 12, "avif": 14}.get(suffix, 0)
    assert np.abs(photo.samples.astype(int) - pixels).mean() <= allowed / 4
    assert np.abs(photo.samples.astype(int) - pixels).max() <= allowed * 2
    assert (photo.samples.dtype, photo.alpha, photo.name, photo.path) == (np.uint8, None, path.name, path)
    assert photo.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def qoi(pixels: NDArray[np.uint8]) -> bytes:
    """The simplest encoding there is: every pixel spelled out."""
    head = b"qoif" + struct.pack(">IIBB", pixels.shape[1], pixels.shape[0], 3, 0)
    return head + b"".join(b"\xfe" + bytes(pixel) for pixel in pixels.reshape(-1, 3)) + bytes(7) + b"\x01"


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "LAB", "YCbCr", "LA", "RGBA", "I;16"])
def test_reads_every_pixel_layout(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(picture())
    if mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(image, ImageCms.createProfile("sRGB"), lab, outputMode="LAB")  # type: ignore[assignment]
    elif mode == "I;16":
        image = Image.fromarray(deep_picture()[..., 0])
    else:
        image = image.convert(mode)
    photo = read_photo(save(tmp_path / "photo.tif", image))
    expected = np.asarray(image) if mode == "I;16" else np.asarray(Image.fromarray(picture()).convert("RGB"))
    if mode in ("1", "L", "LA", "I;16"):
        assert np.array_equal(photo.samples[..., 0], photo.samples[..., 2])
    if mode == "I;16":
        assert np.array_equal(photo.samples[..., 1], expected)
    if mode in ("RGBA", "CMYK", "YCbCr"):
        assert np.abs(photo.samples.astype(int) - expected).max() <= 4
    if mode == "LAB":  # 8-bit Lab is coarse.
        assert np.abs(photo.samples.astype(int) - expected).mean() < 2
    assert photo.alpha is None


@pytest.mark.parametrize("suffix", ["png", "tiff", "ppm"])
def test_16_bits_stay_16_bits(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"deep.{suffix}"
    cv2.imwrite(str(path), deep_picture()[..., ::-1])
    photo = read_photo(path)
    assert photo.white == 65535
    assert np.array_equal(photo.samples, deep_picture())


def test_16_bit_transparency_stays(tmp_path: Path) -> None:
    pixels = np.dstack([deep_picture(), deep_picture()[..., :1]])
    cv2.imwrite(str(tmp_path / "deep.png"), pixels[..., [2, 1, 0, 3]])
    photo = read_photo(tmp_path / "deep.png")
    assert np.array_equal(photo.samples, pixels[..., :3])
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, pixels[..., 3])


def test_premultiplied_16_bit_colour_is_undone(tmp_path: Path) -> None:
    colour = np.full((2, 3, 3), 40000, np.uint16)
    stored = np.dstack([colour // 2, np.full((2, 3), 32767, np.uint16)])
    photo = read_photo(write_tiff16(tmp_path / "deep.tif", stored, extra=1))
    assert np.abs(photo.samples.astype(int) - 40000).max() <= 2


def test_12_bit_ppm_is_stretched_to_16(tmp_path: Path) -> None:
    path = tmp_path / "deep.ppm"
    path.write_bytes(b"P6 # a comment\n2 1\n4095\n" + struct.pack(">6H", 0, 1, 4095, 2048, 9999, 4094))
    assert read_photo(path).samples.tolist() == [[[0, 16, 65535], [32776, 65535, 65519]]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_at_8_and_16_bits(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = np.asarray(ImageOps.exif_transpose(with_exif(picture(), exif)))
    for suffix in ("png", "webp", "tif"):
        options = {"lossless": True} if suffix == "webp" else {}
        path = save(tmp_path / f"photo.{suffix}", picture(), exif=exif, **options)
        assert np.array_equal(read_photo(path).samples, upright), suffix
    deep = picture().astype(np.uint16) * 257
    photo = read_photo(write_tiff16(tmp_path / "deep.tif", deep, orientation))
    assert photo.white == 65535
    assert np.array_equal(photo.samples // 257, upright)
    for last in (False, True):
        photo = read_photo(png16_with_exif(tmp_path / "deep.png", deep, exif, last))
        assert photo.white == 65535
        assert np.array_equal(photo.samples // 257, upright)


def with_exif(pixels: NDArray[np.uint8], exif: Image.Exif) -> Image.Image:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", exif=exif)
    return Image.open(file)


def png16_with_exif(path: Path, pixels: NDArray[np.uint16], exif: Image.Exif, last: bool = False) -> Path:
    encoded = cv2.imencode(".png", pixels[..., ::-1])[1].tobytes()
    data = exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(data)) + b"eXIf" + data + struct.pack(">I", zlib.crc32(b"eXIf" + data))
    place = -12 if last else 33
    path.write_bytes(encoded[:place] + chunk + encoded[place:])
    return path


def test_colour_under_transparency_is_kept(tmp_path: Path) -> None:
    alpha = np.zeros((20, 30), np.uint8)
    alpha[5:] = 128
    photo = read_photo(save(tmp_path / "photo.png", np.dstack([picture(), alpha])))
    assert np.array_equal(photo.samples, picture())
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, alpha)


def test_key_and_palette_transparency_become_alpha(tmp_path: Path) -> None:
    keyed = read_photo(save(tmp_path / "keyed.png", np.zeros((2, 2, 3), np.uint8), transparency=(0, 0, 0)))
    grey = read_photo(save(tmp_path / "grey.png", np.full((2, 2), 7, np.uint16), transparency=7))
    palette = Image.new("P", (2, 2), 1)
    palette.putpalette([0, 0, 0, 200, 100, 50])
    indexed = read_photo(save(tmp_path / "indexed.png", palette, transparency=1))
    for photo in (keyed, grey, indexed):
        assert photo.alpha is not None
        assert photo.alpha.max() == 0
    assert indexed.samples[0, 0].tolist() == [200, 100, 50]


def test_opaque_alpha_is_left_out(tmp_path: Path) -> None:
    assert read_photo(save(tmp_path / "photo.png", picture(), "RGBA")).alpha is None


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_first_of_several_pictures_and_a_note(tmp_path: Path, suffix: str) -> None:
    more = [Image.fromarray(255 - picture()), Image.new("RGB", (30, 20))]
    options = {"lossless": True} if suffix == "webp" else {}
    path = save(tmp_path / f"film.{suffix}", picture(), save_all=True, append_images=more, **options)
    photo = read_photo(path)
    assert photo.notes == ("The first of 3 pictures in the file.",)
    assert np.abs(photo.samples.astype(int) - picture()).mean() < 10


def test_floats_are_read_and_what_is_no_number_is_said(tmp_path: Path) -> None:
    values = np.array([[0.0, 0.5, 1.0], [np.nan, np.inf, -np.inf]], np.float32)
    photo = read_photo(save(tmp_path / "float.tif", values))
    assert photo.samples[..., 0].tolist() == [[0, 32768, 65535], [0, 65535, 0]]
    assert photo.notes[0].startswith("3 values were not numbers or infinite")


@pytest.mark.parametrize(("high", "note"), [(255.0, "255"), (1000.0, "65535"), (100_000.0, "100000")])
def test_floats_of_other_scales_are_recognised(tmp_path: Path, high: float, note: str) -> None:
    photo = read_photo(save(tmp_path / "float.tif", np.array([[0.0, high]], np.float32)))
    assert note in photo.notes[0]
    assert photo.samples[0, 1, 0] == round(high / float(note) * 65535)


@pytest.mark.parametrize("order", ["<", ">"])
def test_colour_pfm(tmp_path: Path, order: str) -> None:
    values = np.random.default_rng(0).random((3, 5, 3), np.float32)
    head = b"PF\n5 3\n" + (b"-1.0\n" if order == "<" else b"1.0\n")
    path = tmp_path / "light.pfm"
    path.write_bytes(head + values[::-1].astype(order + "f4").tobytes())
    assert np.abs(read_photo(path).samples - values * 65535).max() <= 0.51
    path.write_bytes(path.read_bytes()[:-1])
    assert "truncated" in refusal(path)
    path.write_bytes(b"PF 900000 900000 -1.0\n")
    assert "810,000 megapixels" in refusal(path)


@pytest.mark.parametrize("channels", [3, 4])
def test_colour_tiff_of_floats(tmp_path: Path, channels: int) -> None:
    values = np.random.default_rng(0).random((20, 30, channels), np.float32)
    values[0, 0, 0], values[1, 1, 1] = np.nan, np.inf
    path = tmp_path / "light.tif"
    cv2.imwrite(str(path), values[..., [2, 1, 0, 3][:channels]])
    photo = read_photo(path)
    expected = np.nan_to_num(values, nan=0, posinf=1) * 65535
    assert np.abs(photo.samples - expected[..., :3]).max() <= 0.51
    assert (photo.alpha is not None) == (channels == 4)
    if photo.alpha is not None:
        assert np.abs(photo.alpha - expected[..., 3]).max() <= 0.51
    assert photo.notes[0].startswith("2 values were not numbers")
    assert "limit" in refusal(path, ReadLimits(max_pixels=599))
    path.write_bytes(path.read_bytes()[:-700])
    refusal(path)


def swapped_profile() -> bytes:
    """sRGB with the red and green primaries exchanged: any use of it is plain to see."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for number in range(int.from_bytes(data[128:132], "big")):
        at = 132 + 12 * number
        tag = bytes(data[at : at + 4])
        if tag in (b"rXYZ", b"gXYZ"):
            data[at : at + 4] = b"gXYZ" if tag == b"rXYZ" else b"rXYZ"
    return bytes(data)


def test_profiles_are_converted_to_srgb(tmp_path: Path) -> None:
    profile = swapped_profile()
    photo = read_photo(save(tmp_path / "photo.png", picture(), icc_profile=profile))
    assert np.abs(photo.samples.astype(int) - picture()[..., [1, 0, 2]]).max() <= 2
    assert photo.notes == ()


def test_profiles_keep_the_gradation_of_16_bits() -> None:
    deep = np.repeat(np.linspace(0, 65535, 4096).astype(np.uint16)[None, :, None], 3, 2)
    converted = icc.deep_to_srgb(deep, swapped_profile())
    assert len(np.unique(converted[..., 0])) > 3500
    assert np.abs(converted.astype(int) - deep).max() < 300
    colour = np.array([[[60000, 10000, 30000]]], np.uint16)
    assert np.abs(icc.deep_to_srgb(colour, swapped_profile()).astype(int) - [[[10000, 60000, 30000]]]).max() < 400


def test_the_table_for_other_profiles_agrees_with_curves_and_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    profile, deep = swapped_profile(), deep_picture()
    by_matrix = icc.deep_to_srgb(deep, profile)
    monkeypatch.setattr(icc, "parse_matrix_profile", lambda profile: None)
    assert np.abs(icc.deep_to_srgb(deep, profile).astype(int) - by_matrix).max() < 2 * 257


def parametric(kind: int, *values: float) -> bytes:
    return b"para" + bytes(4) + struct.pack(f">HH{len(values)}i", kind, 0, *(round(x * 65536) for x in values))


@pytest.mark.parametrize(
    "curve",
    [b"curv" + bytes(8), b"curv" + bytes(4) + struct.pack(">IH", 1, 563),
     b"curv" + bytes(4) + struct.pack(">I3H", 3, 0, 14000, 65535), parametric(0, 2.2), parametric(1, 2.2, 1, 0),
     parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)],
)  # fmt: skip
def test_every_kind_of_curve_agrees_with_littlecms(curve: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = with_curve(curve)
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2)
    expected = np.asarray(icc.to_srgb(Image.fromarray(ramp), profile)).astype(int)
    monkeypatch.delattr(icc, "_interpolate")  # The matrix is to be used, not the table.
    assert np.abs(icc.deep_to_srgb(ramp.astype(np.uint16) * 257, profile) / 257 - expected).max() < 2


def with_curve(curve: bytes) -> bytes:
    """sRGB's primaries with another tone curve, put at the end of the file."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    start = (len(data) + 3) // 4 * 4
    data += bytes(start - len(data)) + curve + bytes(-len(curve) % 4)
    for number in range(int.from_bytes(data[128:132], "big")):
        at = 132 + 12 * number
        if bytes(data[at : at + 4]) in (b"rTRC", b"gTRC", b"bTRC"):
            data[at + 4 : at + 12] = struct.pack(">II", start, len(curve))
    data[0:4] = struct.pack(">I", len(data))
    return bytes(data)


def grey_profile() -> bytes:
    """Grey with gamma 1: mid-grey becomes much lighter."""
    curve = b"curv" + bytes(4) + struct.pack(">I", 0)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    tags = struct.pack(">I", 2) + b"kTRC" + struct.pack(">II", 156, 12) + b"wtpt" + struct.pack(">II", 168, 20)
    d50 = struct.pack(">3i", 63190, 65536, 54061)
    head = struct.pack(">I4sI", 188, b"\0\0\0\0", 0x02400000) + b"mntrGRAYXYZ " + bytes(12) + b"acsp" + bytes(28) + d50
    return head.ljust(128, b"\0") + tags + curve + white


def test_grey_profiles_on_grey_pictures_of_8_and_16_bits(tmp_path: Path) -> None:
    grey = np.arange(256, dtype=np.uint8)[None]
    shallow = read_photo(save(tmp_path / "grey8.png", grey, icc_profile=grey_profile()))
    deep = read_photo(save(tmp_path / "grey16.png", grey.astype(np.uint16) * 257, icc_profile=grey_profile()))
    assert shallow.notes == deep.notes == ()
    assert abs(int(shallow.samples[0, 128, 0]) - 188) <= 1
    assert np.abs(deep.samples / 257 - shallow.samples).max() < 1


def test_a_colour_profile_on_a_grey_picture_is_used(tmp_path: Path) -> None:
    photo = read_photo(save(tmp_path / "grey.png", picture()[..., 0], icc_profile=swapped_profile()))
    assert photo.notes == ()
    assert np.abs(photo.samples[..., 0].astype(int) - picture()[..., 0]).max() <= 1


def test_c_libraries_do_not_write_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    save(tmp_path / "photo.tif", picture(200, 300), compression="tiff_lzw")
    content = bytearray((tmp_path / "photo.tif").read_bytes())
    content[200:4000] = bytes(3800)
    (tmp_path / "photo.tif").write_bytes(bytes(content))
    refusal(tmp_path / "photo.tif")
    os.write(2, b"still here")
    assert capfd.readouterr().err == "still here"


def test_an_srgb_profile_changes_no_pixel(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(read_photo(save(tmp_path / "photo.png", picture(), icc_profile=profile)).samples, picture())
    assert icc.deep_to_srgb(deep_picture(), profile).tobytes() == deep_picture().tobytes()


def test_a_damaged_profile_is_left_out_and_said(tmp_path: Path) -> None:
    photo = read_photo(save(tmp_path / "photo.png", picture(), icc_profile=b"no profile at all"))
    assert np.array_equal(photo.samples, picture())
    assert "profile" in photo.notes[0]


def test_a_grey_profile_on_a_colour_picture_is_left_out(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    photo = read_photo(save(tmp_path / "photo.png", picture(), icc_profile=lab))
    assert np.array_equal(photo.samples, picture())
    assert photo.notes


def test_limits_are_checked_before_decoding(tmp_path: Path) -> None:
    path = save(tmp_path / "photo.png", picture())
    assert "limit" in refusal(path, ReadLimits(max_bytes=100))
    message = refusal(save(tmp_path / "big.png", np.zeros((1100, 1000), np.uint8)), ReadLimits(max_pixels=1_000_000))
    assert "1.1 megapixels where the limit is 1 megapixels" in message
    assert read_photo(save(tmp_path / "fits.png", np.zeros((1000, 1000), np.uint8)), ReadLimits(max_pixels=1_000_000))


def bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(30_000, 30_000), (20_000, 11_000)])
def test_bombs_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "bomb.png").write_bytes(bomb(*size))
    assert f"{size[0] * size[1] / 1e6:.0f} megapixels where the limit is 200 megapixels" in refusal(
        tmp_path / "bomb.png"
    )


def test_what_is_no_photo_is_refused_with_its_reason(tmp_path: Path) -> None:
    cases = {
        "empty.jpg": (b"", "the file is empty"),
        "text.png": (b"Dear diary, today I took no photo.\n" * 9, "not a photo"),
        "heic.jpg": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC pictures are not supported"),
        "film.mp4": (b"\0\0\0\x18ftypisom\0\0\0\0", "videos"),
        "page.pdf": (b"%PDF-1.7\n", "PDF documents are not supported"),
        "drawing.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript files are not supported"),
        "broken.png": (b"\x89PNG\r\n\x1a\n" + b"\xff" * 99, "damaged"),
        "broken.gif": (b"GIF89a" + bytes(3), ""),
    }
    for name, (content, reason) in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        assert reason in refusal(path), name


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "tif", "bmp", "jp2", "avif"])
def test_truncated_photos_are_refused(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"photo.{suffix}", np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "truncated" in refusal(path) or "damaged" in refusal(path)


@pytest.mark.parametrize("suffix", ["png", "tiff", "ppm"])
def test_truncated_16_bit_photos_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"deep.{suffix}"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 65536, (200, 300, 3), np.uint16))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "truncated" in refusal(path) or "damaged" in refusal(path)


def test_damage_behind_the_pixels_of_a_png_is_a_note(tmp_path: Path) -> None:
    path = save(tmp_path / "photo.png", picture())
    path.write_bytes(path.read_bytes()[:-12] + struct.pack(">I", 999) + b"teXt")
    photo = read_photo(path)
    assert np.array_equal(photo.samples, picture())
    assert "damaged" in photo.notes[0]


def test_random_damage_never_gets_past_the_door(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    sources = []
    for suffix in ("png", "jpg", "gif", "tif", "bmp", "webp", "avif", "jp2"):
        sources.append(save(tmp_path / f"photo.{suffix}", picture()).read_bytes())
    for suffix, pixels in {
        "png": deep_picture(),
        "tiff": deep_picture(),
        "ppm": deep_picture(),
        "tif": picture() / 255,
    }.items():
        cv2.imwrite(str(tmp_path / f"deep.{suffix}"), pixels.astype(np.float32) if suffix == "tif" else pixels)
        sources.append((tmp_path / f"deep.{suffix}").read_bytes())
    path = tmp_path / "damaged"
    outcomes = set()
    for content in sources * 40:
        damaged = bytearray(content)
        # Headers and tables, at either end, are where damage hurts.
        for place in (*rng.integers(0, len(damaged), 3), *rng.integers(-300, 300, 3)):
            damaged[place % len(damaged)] = rng.integers(0, 256)
        path.write_bytes(bytes(damaged))
        try:
            read_photo(path, ReadLimits(max_pixels=1_000_000))
            outcomes.add("read")
        except PhotoReadError as error:
            outcomes.add(error.user_message.partition(":")[0])
    assert outcomes == {"read", "“damaged” could not be read"}


def test_places_without_a_photo_are_refused(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "gone.jpg")
    (tmp_path / "folder.jpg").mkdir()
    assert "folder" in refusal(tmp_path / "folder.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "regular" in refusal(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoReadError, match="no such file"):
        read_photo(Path("a\0b.jpg"))


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "photo.png", picture())

    def forbid(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)
    assert "not permitted" in refusal(path)


def test_no_memory_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "photo.png", picture())

    def fail(*arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr("bsgui.imageio.decode._pixels", fail)
    assert "not enough memory" in refusal(path)


def test_pillows_limit_is_put_back(tmp_path: Path) -> None:
    before = Image.MAX_IMAGE_PIXELS
    refusal(save(tmp_path / "photo.png", picture()), ReadLimits(max_pixels=10))
    assert before == Image.MAX_IMAGE_PIXELS


def test_pixels_from_memory() -> None:
    photo = photo_from_array(np.dstack([picture(), picture()[..., 0]]), "Pasted image")
    assert np.array_equal(photo.samples, picture())
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, picture()[..., 0])
    assert (photo.name, photo.path, len(photo.sha256)) == ("Pasted image", None, 64)
    grey = photo_from_array(picture()[..., 0], "Pasted image")
    assert np.array_equal(grey.samples[..., 2], picture()[..., 0])
    assert photo_from_array(np.dstack([picture(), np.full((20, 30), 255, np.uint8)]), "x").alpha is None
    for wrong in (np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4, 3), np.float32)):
        with pytest.raises(PhotoReadError):
            photo_from_array(wrong, "x")
