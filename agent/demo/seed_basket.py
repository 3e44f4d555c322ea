"""Fills a basket as a customer of that day would, and prices it by the terms of that day."""

from dataclasses import dataclass
from datetime import date
from random import Random

from agent.demo.seed_lists import DISCOUNT_PERCENT, PRODUCTS, Product

_OUTSIDE_EU = ("United Kingdom", "Norway", "Switzerland")
_NEW_CUSTOMER_WANTS = {"espresso machine": 46, "grinder": 26, "supplies": 28}
_OLD_CUSTOMER_WANTS = {"espresso machine": 7, "grinder": 12, "supplies": 81}
_WHOLESALE_WANTS = {"espresso machine": 30, "grinder": 25, "supplies": 45}
_NOT_FOR_CAFES = ("Rowan", "Pip")
_LARGE_ORDER_MACHINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """What is ordered together, and the discount it gets."""

    lines: tuple[tuple[Product, int], ...]
    """Products with their quantities; each product once."""
    discount_code: str | None = None

    @property
    def is_heavy(self) -> bool:
        """Whether it needs the two-person carrier."""
        return any(item.weight > 15 for item, _ in self.lines)

    @property
    def discount_percent(self) -> int:
        """What the discount code takes off."""
        return DISCOUNT_PERCENT[self.discount_code] if self.discount_code else 0


def price_on(item: Product, day: date) -> int:
    """Return the list price in EUR of an earlier day; it was raised at the start of 2024 and of 2025."""
    raises_since = max(0, 2025 - day.year)
    return round(item.price * (1 - 0.035 * raises_since))


def total_on(basket: Basket, day: date, country: str) -> float:
    """Return the order total in EUR: lines, minus discount, plus the shipping fee of the day."""
    cents = 100 * sum(quantity * price_on(item, day) for item, quantity in basket.lines)
    cents -= (cents * basket.discount_percent + 50) // 100
    free_from = 75 if day >= date(2026, 1, 15) else 99
    if cents < 100 * free_from:
        cents += 990 if country in _OUTSIDE_EU else 690
    return cents // 100 if cents % 100 == 0 else cents / 100


def fill_basket(random: Random, day: date, *, first_order: bool) -> Basket:
    """Fill the basket of a private customer."""
    wants = _pick(random, _NEW_CUSTOMER_WANTS if first_order else _OLD_CUSTOMER_WANTS)
    main = _choose(random, [item for item in _sold_on(day) if _kind(item) == wants])
    lines = {main: random.choice((1, 1, 1, 2, 2, 3)) if wants == "supplies" else 1}
    chance = {"espresso machine": 0.45, "grinder": 0.2, "supplies": 0.4}[wants]
    while random.random() < chance:
        lines.setdefault(_choose(random, [item for item in _sold_on(day) if _goes_with(item, main)]), 1)
    return Basket(lines=tuple(lines.items()), discount_code=_private_discount(random, day, first_order))


def fill_wholesale_basket(random: Random, day: date) -> Basket:
    """Fill the basket of a café: several machines or grinders, or supplies by the dozen."""
    wants = _pick(random, _WHOLESALE_WANTS)
    choices = [item for item in _sold_on(day) if _kind(item) == wants and item.name not in _NOT_FOR_CAFES]
    main = _choose(random, choices)
    if wants != "espresso machine":
        quantity = random.randint(2, 6) if wants == "grinder" else random.randint(6, 36)
        return Basket(lines=((main, quantity),))
    quantity = random.choice((5, 5, 5, 6, 6, 8, 10, 20, 24))
    code = "TRADE18" if quantity >= _LARGE_ORDER_MACHINES else "TRADE12"
    return Basket(lines=((main, quantity),), discount_code=code)


def _pick(random: Random, weights: dict[str, int]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]


def _choose(random: Random, items: list[Product]) -> Product:
    return random.choices(items, [item.popularity for item in items])[0]


def _sold_on(day: date) -> list[Product]:
    return [item for item in PRODUCTS if item.launched_on <= day <= item.sold_until]


def _kind(item: Product) -> str:
    return item.category if item.category in {"espresso machine", "grinder"} else "supplies"


def _goes_with(item: Product, main: Product) -> bool:
    if _kind(item) == "espresso machine" or _kind(main) == _kind(item) == "grinder":
        return False
    # Supplies ordered alone are for a machine bought earlier, which may be any.
    return not item.fits or main.name in item.fits or _kind(main) == "supplies"


def _private_discount(random: Random, day: date, first_order: bool) -> str | None:
    draw = random.random()
    seasonal = {4: "SPRING10", 10: "AUTUMN12"}.get(day.month)
    if day.month == 11 and day.day >= 20:
        seasonal = "BLACK15"
    if seasonal and draw < 0.3:
        return seasonal
    if draw > 0.96:
        return "STUDENT8"
    return "CREMA5" if first_order and draw > 0.8 else None
