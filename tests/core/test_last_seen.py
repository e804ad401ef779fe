from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bsgui.core.last_seen import LastSeen


def _image(value: int, size: int = 100) -> np.ndarray:
    return np.full(size, value, np.uint8)


def test_the_last_are_known_and_cannot_be_changed() -> None:
    seen: LastSeen[np.ndarray] = LastSeen(1000)
    for number in range(100):
        assert seen.keep(number, _image(number))[0] == number
    for number in range(90, 100):
        image = seen.get(number)
        assert image is not None
        assert (image == number).all()
        with pytest.raises(ValueError, match="read-only"):
            image[0] = 1
    assert sum(seen.get(number) is not None for number in range(100)) <= 20


def test_what_is_asked_for_outlives_what_is_not() -> None:
    seen: LastSeen[np.ndarray] = LastSeen(1000)
    seen.keep("settled", _image(7))
    for number in range(200):
        seen.keep(number, _image(number % 200))
        settled = seen.get("settled")
        assert settled is not None
        assert settled[0] == 7
    assert seen.get(0) is None


def test_what_is_too_large_is_not_kept() -> None:
    seen: LastSeen[np.ndarray] = LastSeen(1000)
    seen.keep("small", _image(1))
    assert seen.keep("large", _image(2, 1001))[0] == 2
    assert seen.get("large") is None
    assert seen.get("small") is not None


def test_it_stays_bounded_and_right_whatever_threads_do() -> None:
    seen: LastSeen[np.ndarray] = LastSeen(2000)

    def work(number: int) -> bool:
        known = seen.get(number % 50)
        image = seen.keep(number % 50, _image(number % 50)) if known is None else known
        return bool((image == number % 50).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(4000)))
    # Eight threads may each have kept one too many.
    assert sum(seen.get(number) is not None for number in range(50)) <= 2 * (20 + 8)
