"""What can be typed: commands, options and their help."""

from __future__ import annotations

import argparse
from pathlib import Path

from bsgui import __version__
from bsgui.core.blend_mode import MODES, BlendMode
from bsgui.core.errors import UsageError
from bsgui.core.layer_filter import AMOUNT_MAX, AMOUNT_MIN, RADIUS_MAX, RADIUS_MIN, LayerFilter
from bsgui.core.tint import Tint, tint_of_text

from .frames import FORM as FRAME_FORM
from .frames import typed_frame
from .lab_parser import add_lab
from .styles import FORM, typed_style

COMMANDS = ("decompose", "recombine", "verify", "find", "models", "train", "evaluate", "analyze", "lab")

_DESCRIPTION = "Take photos apart into signed branch layers that add up to the photo exactly."
_EPILOG = """\
“bsgui COMMAND --help” explains a command.
A photo that is called like a command opens as “bsgui ./decompose”.

exit status:
  0 good                    3 a photo or stack could not be read
  1 could not be written    4 model trouble
  2 usage                   130 interrupted
"""
_DECOMPOSE = """\
Write each photo's layers to DIR/<photo>/: <photo>_00_base.png,
<photo>_01_<branch>.png …, <photo>_residual.png, the composite, manifest.json.
With several photos the good ones are written, the others named on stderr.
"""
_DECOMPOSE_EXAMPLES = """\
examples:
  bsgui decompose cat.jpg --out layers
  bsgui decompose *.jpg --out layers --seed 3 --json > report.jsonl
  bsgui decompose scan.tif --out layers --size 512 --device cpu --overwrite
  bsgui decompose cat.jpg --out layers --adapt 60
  bsgui decompose cat.jpg --out layers --style 2=dog:7@0.5 --style "Fine detail=cat"

--style gives one branch another style than the photo's: LAYER is its number (2),
its id (branch-2) or its name; DOMAIN is one of the model's, nothing for the
photo's own; ALPHA blends from the photo's own style (0) to the other one (1).
The composite shows the styles; the layer own-style takes back what they change.

  bsgui decompose cat.jpg --out layers --frame 1200,800,600
  bsgui decompose *.jpg --out layers --frame auto

  bsgui decompose face.jpg --out layers --frame auto --split-light

--split-light makes what the light has more of on one side of a framed face a layer
of its own, “Side light”: at gain -1 the lamp stands on the other side.

--frame takes only a part of the photo apart; the rest stays in base and residual.
X,Y is its middle, in pixels of the upright photo; SIZE its side, or WIDTHxHEIGHT;
ANGLE turns it clockwise, in degrees. “auto” frames the face, cat or dog that is
found (the most certain one), and takes the whole photo where there is none.
"""
_FRAME_HELP = "take only this part apart, or the face, cat or dog that is found"
_STYLE_HELP = "another style for one branch, or a blend with it; repeatable"
_RECOMBINE = """\
Add the layers of a stack up to a picture, as the manifest says or with other
gains. An untouched 16-bit stack gives the photo: bit for bit for an 8-bit
photo, within 1/65535 for a 16-bit one.
"""
_RECOMBINE_EXAMPLES = """\
LAYER is a layer's id (branch-2), its index (2) or its name (“Fur”).

examples:
  bsgui recombine layers/cat --out cat_again.png
  bsgui recombine layers/cat --out soft.png --gain branch-2=0.5 --hide residual
  bsgui recombine layers/cat --out lights.tif --only base --only branch-1
  bsgui recombine layers/face --out evening.jpg --tint Light=#ffc080
  bsgui recombine layers/cat --out photo.png --gain own-style=1   # of --style

--tint multiplies the layer's red, green and blue so that what is grey in it gets
that colour and no other brightness; #ffffff takes a tint away.
--mode says what of the layer counts: add (all of it), lighten or darken (what
brightens or darkens the picture), luminosity or colour.
--filter softens the layer (amounts from -1 to 0; -1 is the plain blur) or sharpens
it (up to 3), within a radius of 0.5 to 100 pixels: Skin=-0.6:12; amount 0 is none.
"""
_VERIFY = """\
Check a stack: every file's checksum and size, and that the layers add up to
the photo (without --photo: to the sum's checksum and the composite).
Status 3 when something does not fit.
"""
_FIND = """\
List the faces, cats and dogs that are found in photos: kind, how sure it is,
and the frame as “bsgui decompose --frame” takes it. Status 3 when a photo
could not be read.
"""
_TRAIN = """\
Train a model as a configuration file says.
Several processes: torchrun --nproc-per-node N -m bsgui train CONFIG
"""
_EVALUATE = """\
Measure a model on photos: fidelity, redundancy, cancellation, identity,
energy shares.
"""
_ANALYZE = """\
Measure what each branch of a model became an expert in, with 95 % confidence
intervals, beside a wavelet split of the same photos. With --out: report.html
(one file, all figures in it) and analysis.json.
"""
_ANALYZE_EXAMPLES = """\
examples:
  bsgui analyze --model general --photos pets/index.csv --out analysis
  bsgui analyze --model general --photos my_photos --against untrained
  bsgui analyze --weights runs/plain/plain.safetensors --photos my_photos --json
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands; its namespace has ``command``."""
    parser = argparse.ArgumentParser(
        prog="bsgui",
        usage="bsgui [PHOTO|STACK]\n       bsgui COMMAND [option]…",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"bsgui {__version__}")
    commands = parser.add_subparsers(prog="bsgui", dest="command", required=True, metavar="COMMAND", title="commands")
    for add in (
        _add_decompose,
        _add_recombine,
        _add_verify,
        _add_find,
        _add_models,
        _add_train,
        _add_evaluate,
        _add_analyze,
        add_lab,
    ):
        add(commands)
    return parser


def build_window_parser() -> argparse.ArgumentParser:
    """Build the parser of ``bsgui [PHOTO|STACK]``; its namespace has ``command`` None and ``path``."""
    parser = argparse.ArgumentParser(prog="bsgui", epilog=f"commands: {', '.join(COMMANDS)}", allow_abbrev=False)
    parser.add_argument(
        "path", nargs="?", metavar="PHOTO|STACK", type=Path, help="a photo, a stack's folder or a project"
    )
    parser.set_defaults(command=None)
    return parser


_Commands = argparse._SubParsersAction  # argparse has no public name for it.


def _add(
    commands: _Commands[argparse.ArgumentParser], name: str, short: str, text: str, examples: str = ""
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=short,
        description=text,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    assert isinstance(parser, argparse.ArgumentParser)
    return parser


def _add_decompose(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _add(commands, "decompose", "take photos apart into PNG layers", _DECOMPOSE, _DECOMPOSE_EXAMPLES)
    option = parser.add_argument
    option("photos", nargs="+", type=Path, metavar="PHOTO", help="photo files")
    option("--out", type=Path, required=True, metavar="DIR", help="folder that gets one folder per photo")
    option("--model", default="auto", metavar="ID|auto", help="see “bsgui models”; auto: by what is in the photo")
    option("--domain", default="", metavar="NAME", help="style of all branches: one of the model's domains (its first)")
    option("--seed", type=_natural, default=0, metavar="N", help="style drawn for the domain (%(default)s)")
    option("--split-light", action="store_true", help="of a framed face: the light from the side as a layer")
    option("--style", action="append", default=[], type=typed_style, metavar=FORM, help=_STYLE_HELP)
    option("--frame", type=typed_frame, metavar=FRAME_FORM, help=_FRAME_HELP)
    option("--size", type=_positive, metavar="PX", help="long side of what the network sees (the model's own)")
    option("--depth", type=int, choices=(8, 16), default=16, help="bits: 16 is exact, 8 a preview (%(default)s)")
    devices = ("auto", "cpu", "cuda", "mps")
    option("--device", choices=devices, default="auto", help="where the network runs (%(default)s)")
    option(
        "--adapt",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="train on each photo alone, so long at most, until the residual is nearly empty",
    )
    option("--max-megapixels", type=_megapixels, metavar="MP", help="refuse larger photos (200)")
    option("--overwrite", action="store_true", help="replace folders that are already there")
    _add_json(parser, "one object per written photo, one a line, on stdout")


def _add_recombine(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _add(commands, "recombine", "add a stack's layers up to a picture", _RECOMBINE, _RECOMBINE_EXAMPLES)
    option = parser.add_argument
    option("stack", type=Path, metavar="STACK", help="a stack's folder, or its manifest.json")
    option("--out", type=Path, required=True, metavar="IMAGE", help="PNG, TIFF, JPEG or WebP by its suffix")
    option("--gain", action="append", default=[], type=_gain, metavar="LAYER=VALUE", help="-2 … 3; repeatable")
    option("--tint", action="append", default=[], type=_tint, metavar="LAYER=#RRGGBB", help="colour; repeatable")
    option("--mode", action="append", default=[], type=_mode, metavar="LAYER=MODE", help="see below; repeatable")
    option("--filter", action="append", default=[], type=_filter, metavar="LAYER=AMOUNT:RADIUS", help="repeatable")
    option("--hide", action="append", default=[], metavar="LAYER", help="leave a layer out; repeatable")
    option("--only", action="append", default=[], metavar="LAYER", help="leave all others out; repeatable")
    option("--overwrite", action="store_true", help="replace IMAGE if it is already there")


def _add_verify(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _add(commands, "verify", "check a stack's files and their sum", _VERIFY)
    parser.add_argument("stack", type=Path, metavar="STACK", help="a stack's folder, or its manifest.json")
    parser.add_argument("--photo", type=Path, metavar="PHOTO", help="the photo the layers must add up to")
    _add_json(parser, "one object on stdout")


def _add_find(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _add(commands, "find", "find faces, cats and dogs", _FIND)
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="photo files")
    _add_json(parser, "one object per photo, one a line, on stdout")


def _add_models(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _add(commands, "models", "list the models", "List the models with their domains, branches and figures.")
    _add_json(parser, "one array of the models' cards on stdout")


def _add_train(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _add(commands, "train", "train a model", _TRAIN)
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the configuration file")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (the configuration's)")


def _add_evaluate(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _add(commands, "evaluate", "measure a model on photos", _EVALUATE)
    parser.add_argument("--model", required=True, metavar="ID", help="model id, see “bsgui models”")
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR|INDEX.csv", help="what to measure on")
    parser.add_argument("--split", default="test", metavar="NAME", help="of the index (%(default)s)")
    parser.add_argument("--size", type=_positive, default=128, metavar="PX", help="side of the squares (%(default)s)")
    parser.add_argument("--domain", default="", metavar="NAME", help="one of the model's domains (the model's first)")
    parser.add_argument("--seed", type=_natural, default=0, metavar="N", help="style drawn (%(default)s)")
    parser.add_argument("--realism", action="store_true", help="also train a classifier on re-blends (minutes)")
    _add_json(parser, "one object on stdout")


def _add_analyze(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _add(commands, "analyze", "report on a model's specialization", _ANALYZE, _ANALYZE_EXAMPLES)
    option = parser.add_argument
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--model", metavar="ID", help="model id, see “bsgui models”")
    what.add_argument("--weights", type=Path, metavar="FILE", help="weights without a card (.safetensors)")
    option("--photos", type=Path, required=True, metavar="DIR|INDEX.csv", help="what to measure on")
    option("--split", default="test", metavar="NAME", help="of the index (%(default)s); “” takes all its photos")
    option("--most", type=_positive, default=200, metavar="N", help="photos, evenly spaced (%(default)s)")
    option("--size", type=_positive, default=128, metavar="PX", help="side of the squares (%(default)s)")
    option("--domain", default="", metavar="NAME", help="one of the model's domains (the model's first)")
    option("--seed", type=_natural, default=0, metavar="N", help="style, and all random draws (%(default)s)")
    option("--styles", type=_natural, default=2, metavar="N", help="other seeds to compare with (%(default)s)")
    option(
        "--against",
        action="append",
        default=[],
        metavar="ID|FILE|untrained",
        help="another network beside it; repeatable",
    )
    option("--realism", action="store_true", help="also train a classifier on re-blends (minutes)")
    option("--relit", type=Path, metavar="PACKS", help="folder with faces256 and bench: also the light share")
    option("--out", type=Path, metavar="FOLDER", help="folder for the report")
    _add_json(parser, "one object on stdout")


def _add_json(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--json", action="store_true", help=what)


def _natural(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return number


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a size")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number <= 86400:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return number


def _megapixels(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not a number of megapixels")
    return number


def _gain(text: str) -> tuple[str, float]:
    from bsgui.core.layers import GAIN_MAX, GAIN_MIN

    layer, _, value = text.rpartition("=")
    try:
        gain = float(value)
    except ValueError:
        gain = float("nan")
    if not layer or not GAIN_MIN <= gain <= GAIN_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not LAYER=VALUE with a value from {GAIN_MIN:g} to {GAIN_MAX:g}")
    return layer, gain


def _mode(text: str) -> tuple[str, BlendMode]:
    layer, _, mode = text.rpartition("=")
    for known in MODES:
        if layer and mode == known:
            return layer, known
    raise argparse.ArgumentTypeError(f"{text!r} is not LAYER=MODE with one of {', '.join(MODES)}")


def _filter(text: str) -> tuple[str, LayerFilter | None]:
    layer, _, numbers = text.rpartition("=")
    amount, _, radius = numbers.partition(":")
    try:
        asked = LayerFilter(float(radius), float(amount))
    except ValueError:
        asked = LayerFilter(float("nan"), float("nan"))
    is_good = AMOUNT_MIN <= asked.amount <= AMOUNT_MAX and RADIUS_MIN <= asked.radius <= RADIUS_MAX
    if not layer or not is_good:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not LAYER=AMOUNT:RADIUS with an amount from {AMOUNT_MIN:g} to {AMOUNT_MAX:g} "
            f"and a radius from {RADIUS_MIN:g} to {RADIUS_MAX:g}"
        )
    return layer, asked.effective


def _tint(text: str) -> tuple[str, Tint]:
    layer, _, colour = text.rpartition("=")
    if not layer:
        raise argparse.ArgumentTypeError(f"{text!r} is not LAYER=COLOUR")
    try:
        return layer, tint_of_text(colour)
    except UsageError as error:
        raise argparse.ArgumentTypeError(error.user_message) from error
