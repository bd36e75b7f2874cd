"""What a subscription costs, by the contract: what the database's ``services_price`` is held against."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def price_of(full_price: Decimal, discount_percent: int) -> Decimal:
    """``full_price`` less the discount, in cents, half up."""
    exact = full_price - full_price * discount_percent / 100
    return exact.quantize(CENT, ROUND_HALF_UP)
