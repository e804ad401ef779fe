"""Numbers typed by people: "1.5", "1,5", "150 %", or arithmetic with the old value as x: "x*2", "-x", "x+0.1"."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable

_MAX_LENGTH = 60

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}


def evaluate(text: str, old: float) -> float:
    """The number a person typed.

    Args:
        text: a number or arithmetic with + - * / and brackets; ``x`` is the old value; a decimal comma and the signs
            ×, ÷, − are understood; a final % divides by a hundred.
        old: the value of ``x``.

    Raises:
        ValueError: it is not arithmetic, or its result is not a finite number.
    """
    cleaned = text.strip().lower().replace(",", ".").translate(str.maketrans("×÷−", "*/-"))
    percent = cleaned.endswith("%")
    cleaned = cleaned.removesuffix("%").strip()
    if not cleaned or len(cleaned) > _MAX_LENGTH:
        raise ValueError(f"not a number: {text!r}")
    try:
        value = _value(ast.parse(cleaned, mode="eval").body, old)
    except (SyntaxError, ZeroDivisionError, OverflowError, RecursionError, MemoryError) as error:
        raise ValueError(f"not a number: {text!r}") from error
    if not math.isfinite(value):
        raise ValueError(f"not a number: {text!r}")
    return value / 100 if percent else value


def _value(node: ast.expr, old: float) -> float:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name) and node.id == "x":
        return old
    if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        return _UNARY[type(node.op)](_value(node.operand, old))
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _BINARY[type(node.op)](_value(node.left, old), _value(node.right, old))
    raise ValueError("only + - * / and x")
