"""Figures of the report: sums of what is known, shares, and what a bill shows."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from finops import instant

WHOLE_AFTER = timedelta(days=2)
TENTH = Decimal("0.1")


class Percent(Decimal):
    """A share; unlike an amount it is written with as many decimals as it has."""


def percent(part, whole):
    if not whole:
        return None
    share = part * 100 / whole
    return Percent(share.quantize(TENTH, ROUND_HALF_UP) if share.as_tuple().exponent < -1 else share)


def total_of(amounts):
    """The sum of what is known; None where nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def amount_of(signal):
    return Decimal(signal["amount"]) if signal["state"] == "known" else None


def through(costs):
    return costs["through"] and date.fromisoformat(costs["through"])


def whole_through(costs):
    """The last day that is whole: Cost Explorer is a day late, and the day itself has to end."""
    last = through(costs)
    return last and min(last, instant(costs["readAt"]).date() - WHOLE_AFTER)


def days_of(costs, start, end):
    return [(day, spent) for day, spent in costs["days"].items() if str(start) <= day < str(end)]
