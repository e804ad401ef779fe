import pytest

from bsgui.ui.layers.arithmetic import evaluate


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5", 1.5),
        ("1,5", 1.5),
        ("−2", -2),
        ("x*2", 3.0),
        ("-x", -1.5),
        ("(x+1)/2", 1.25),
        ("x ÷ 3", 0.5),
        ("2×x", 3.0),
        ("150 %", 1.5),
        ("X", 1.5),
    ],
)
def test_numbers_and_arithmetic(text: str, value: float) -> None:
    assert evaluate(text, 1.5) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["", " ", "fur", "1/0", "x**9", "__import__('os')", "x.real", "1e999", "(" * 40, "True", "1 2", "[1]", "9" * 99],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|only"):
        evaluate(text, 1.0)
