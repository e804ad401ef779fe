import numpy as np
import pytest

from bsgui.core.errors import UsageError
from bsgui.core.tint import NO_TINT, TINT_MAX, colour_of, hue_and_strength, tint_of, tint_of_text

LUMA = (0.299, 0.587, 0.114)


@pytest.mark.parametrize("hue", range(0, 360, 15))
@pytest.mark.parametrize("strength", [0.0, 0.01, 0.4, 1.0])
def test_a_tint_keeps_the_luma_of_grey_and_says_what_it_was_made_of(hue: float, strength: float) -> None:
    tint = tint_of(hue, strength)
    assert np.dot(LUMA, tint) == pytest.approx(1, abs=2e-6)
    assert 0 <= min(tint) <= max(tint) <= TINT_MAX + 1e-6
    again = hue_and_strength(tint)
    assert again[1] == pytest.approx(strength, abs=1e-5)
    if strength:
        assert again[0] == pytest.approx(hue, abs=0.02)


def test_no_strength_is_no_tint_and_orange_is_warm() -> None:
    assert tint_of(123, 0) == NO_TINT
    red, green, blue = tint_of(30, 0.5)
    assert red > green > blue
    assert colour_of(tint_of(30, 0.5)) == pytest.approx((1, 0.75, 0.5), abs=1e-5)


def test_colours_in_words() -> None:
    assert tint_of_text(" #FFFFFF ") == NO_TINT
    assert tint_of_text("808080") == NO_TINT
    assert hue_and_strength(tint_of_text("#0000ff")) == pytest.approx((240, 1))


@pytest.mark.parametrize("text", ["", "#fff", "red", "#ffb07g", "#ffb0700", "#000000", "ff b070"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        tint_of_text(text)
