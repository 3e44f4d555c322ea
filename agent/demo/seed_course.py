"""Decides what becomes of an order: dispatch, delivery, loss, return.

Dates keep the promises of the shipping terms (working days by country) but for a few late parcels, and
returns keep the return window of their day. Public holidays are ignored.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from agent.demo.seed_basket import Basket, price_on
from agent.demo.seed_lists import PRODUCTS, Country, Product
from agent.demo.seed_rows import Return, Shipment

SNAPSHOT = date(2026, 11, 15)
"""The last day the data knows about."""
PRODUCT_IDS = {item.sku: number for number, item in enumerate(PRODUCTS, 1)}

_TRANSIT_DAYS = {"United Kingdom": (4, 6), "Norway": (3, 5), "Switzerland": (3, 5)}
_TRANSIT_DAYS_EU = (2, 4)
_TRANSIT_DAYS_HEAVY = (3, 6)
_TRACKING_PREFIX = {"Postnord": "PN", "DHL": "DH", "GLS": "GL", "Royal Mail": "RM", "Bring": "BR"}
_REASONS = {"changed mind": 30, "not as expected": 22, "faulty": 26, "damaged": 14, "wrong item": 8}
_REASONS_CONSUMABLE = {"damaged": 60, "wrong item": 40}
"""Consumables and beans cannot be sent back for dislike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What became of an order until the snapshot."""

    status: str
    shipment: Shipment | None = None
    claim: Return | None = None
    is_late: bool = False


def run_course(
    random: Random, basket: Basket, *, order_id: int, ordered_on: date, country: Country
) -> Course:
    """Let one order take its course."""
    if random.random() < 0.028:
        return Course(status="cancelled")
    shipped_on = _dispatch_day(random, ordered_on)
    if shipped_on > SNAPSHOT:
        return Course(status="pending" if random.random() < 0.35 else "paid")
    fastest, slowest = _TRANSIT_DAYS.get(country.name, _TRANSIT_DAYS_EU)
    if basket.is_heavy:
        fastest, slowest = (max(fastest, _TRANSIT_DAYS_HEAVY[0]), max(slowest, _TRANSIT_DAYS_HEAVY[1]))
    is_late = random.random() < 0.045
    days = slowest + random.randint(1, 6) if is_late else random.randint(fastest, slowest)
    arrives_on = add_working_days(shipped_on, days)
    shipment = Shipment(
        order_id=order_id,
        carrier=_carrier(random, country, heavy=basket.is_heavy),
        tracking_number="",
        shipped_on=shipped_on,
        delivered_on=None,
        status="in transit",
    )
    shipment = shipment._replace(tracking_number=tracking_number(random, shipment.carrier))
    overdue = add_working_days(shipped_on, slowest) < SNAPSHOT
    if random.random() < 0.0025 and add_working_days(shipped_on, slowest + 10) < SNAPSHOT:
        # A lost parcel is refunded, which ends the order.
        return Course(status="cancelled", shipment=shipment._replace(status="lost"), is_late=True)
    if arrives_on > SNAPSHOT:
        status = "delayed" if overdue else "in transit"
        return Course(status="shipped", shipment=shipment._replace(status=status), is_late=overdue)
    shipment = shipment._replace(status="delivered", delivered_on=arrives_on)
    claim = _claim(random, basket, shipment, ordered_on)
    status = "returned" if claim and is_whole_order_back(basket, claim) else "delivered"
    return Course(status=status, shipment=shipment, claim=claim, is_late=is_late)


def is_whole_order_back(basket: Basket, claim: Return) -> bool:
    """Tell whether the refunded product was all there was in the order."""
    return claim.status == "refunded" and len(basket.lines) == 1 and basket.lines[0][1] == 1


def tracking_number(random: Random, carrier: str) -> str:
    """Invent a tracking number in the carrier's form."""
    return f"{_TRACKING_PREFIX[carrier]}{random.randrange(10**9):09d}"


def refund_for(item: Product, basket: Basket, ordered_on: date) -> float:
    """Return what one piece cost in EUR after the order's discount."""
    cents = 100 * price_on(item, ordered_on)
    cents -= (cents * basket.discount_percent + 50) // 100
    return cents // 100 if cents % 100 == 0 else cents / 100


def add_working_days(day: date, count: int) -> date:
    """Return the working day that comes `count` working days after a day."""
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def _dispatch_day(random: Random, ordered_on: date) -> date:
    draw = random.random()
    is_too_late_today = ordered_on.weekday() >= 5 or draw < 0.38  # weekend, or after 14:00
    day = add_working_days(ordered_on, 1) if is_too_late_today else ordered_on
    return add_working_days(day, random.randint(2, 9)) if draw > 0.96 else day  # waited for stock


def _carrier(random: Random, country: Country, *, heavy: bool) -> str:
    if heavy:
        return "Bring" if country.name == "Norway" else "DHL"
    return country.carriers[0] if random.random() < 0.78 else country.carriers[-1]


def _claim(random: Random, basket: Basket, shipment: Shipment, ordered_on: date) -> Return | None:
    if random.random() > 0.052 or shipment.delivered_on is None:
        return None
    item = random.choice(basket.lines)[0]
    reasons = _REASONS_CONSUMABLE if item.category in {"consumable", "coffee"} else _REASONS
    reason = random.choices(list(reasons), list(reasons.values()))[0]
    requested_on = shipment.delivered_on + timedelta(days=_days_until_claim(random, reason, ordered_on))
    if requested_on > SNAPSHOT:
        return None
    status = _claim_status(random, (SNAPSHOT - requested_on).days)
    refund = refund_for(item, basket, ordered_on) if status == "refunded" else None
    return Return(shipment.order_id, PRODUCT_IDS[item.sku], requested_on, reason, status, refund)


def _days_until_claim(random: Random, reason: str, ordered_on: date) -> int:
    if reason == "faulty":
        return random.randint(5, 400)
    if reason == "damaged":
        return random.randint(0, 2)
    if reason == "wrong item":
        return random.randint(0, 7)
    if ordered_on >= date(2026, 3, 1):
        return random.randint(1, 45)
    return random.randint(1, 30 if ordered_on >= date(2024, 1, 1) else 14)


def _claim_status(random: Random, age_days: int) -> str:
    if age_days < 7:
        return "open"
    if age_days < 16:
        return random.choice(("open", "received"))
    if age_days < 26:
        return random.choice(("received", "refunded", "refunded"))
    return "rejected" if random.random() < 0.09 else "refunded"
