"""The filter of a layer: its own content, softened or sharpened.

As with modes, a filter needs to know nothing of other layers: the sum still commutes, and a stack can hold the result.
"""

from __future__ import annotations

from dataclasses import dataclass

from .fields import Fields

RADIUS_MIN, RADIUS_MAX = 0.5, 100.0
AMOUNT_MIN, AMOUNT_MAX = -1.0, 3.0


@dataclass(frozen=True)
class LayerFilter:
    """Unsharp masking: ``content + amount * (content - blurred content)``.

    Attributes:
        radius: standard deviation of the Gaussian that blurs, photo pixels, 0.5..100.
        amount: -1..3: -1 leaves the blurred content, what is above 0 sharpens; 0 does nothing.
    """

    radius: float
    amount: float

    @property
    def effective(self) -> LayerFilter | None:
        """The same with both numbers in their range; None if it does nothing."""
        amount = float(min(max(self.amount, AMOUNT_MIN), AMOUNT_MAX))
        return LayerFilter(float(min(max(self.radius, RADIUS_MIN), RADIUS_MAX)), amount) if amount else None


def read_filter(fields: Fields) -> LayerFilter | None:
    """The filter of a layer in a manifest or project; None where it is missing, as in older files.

    Raises:
        FieldError: it is no filter, or a number is out of range.
    """
    found = fields.optional("filter")
    if found is None:
        return None
    radius = found.number("radius", RADIUS_MIN, RADIUS_MAX)
    return LayerFilter(radius, found.number("amount", AMOUNT_MIN, AMOUNT_MAX)).effective
