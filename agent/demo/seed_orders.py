"""Invents the whole history of the sample shop from one random number generator."""

from datetime import date, timedelta
from random import Random

from agent.demo.seed_basket import Basket, fill_basket, fill_wholesale_basket, price_on, total_on
from agent.demo.seed_course import PRODUCT_IDS, SNAPSHOT, Course, refund_for, run_course, tracking_number
from agent.demo.seed_fixed import FIXED_ORDERS, FixedOrder
from agent.demo.seed_lists import COUNTRIES, PRODUCTS
from agent.demo.seed_rows import Customer, Line, Order, Return, Shipment, Shop, Ticket
from agent.demo.seed_tickets import general_tickets, tickets_about

_FIRST_DAY = date(2023, 1, 2)
_ORDERS = 10_000
_CUSTOMERS = 4_000
_CUSTOMERS_BEFORE = 420
"""Customers who signed up in the two years before the first order."""
_GENERAL_TICKETS = 320
_YEARLY_GROWTH = 0.26
_SEASON = (1.0, 0.92, 0.95, 0.93, 0.88, 0.78, 0.68, 0.76, 0.97, 1.08, 1.5, 1.62)
"""Relative demand, January to December."""
_WEEKEND = 0.75
_WHOLESALE_SHARE = 0.014
_PHONE_SHARE = 0.06
_FOLDED = str.maketrans(
    {"å": "a", "ä": "a", "ö": "o", "ø": "o", "é": "e", "è": "e", "ü": "u", "æ": "ae", "ß": "ss", " ": "."}
)
_COUNTRY_BY_NAME = {country.name: country for country in COUNTRIES}
_PRODUCT_BY_SKU = {item.sku: item for item in PRODUCTS}


def make_shop(random: Random) -> Shop:
    """Invent customers, orders and what became of them, in order of date."""
    shop = Shop()
    for days in sorted(random.sample(range(730), _CUSTOMERS_BEFORE)):
        _add_customer(random, shop, _FIRST_DAY - timedelta(days=730 - days))
    orders_left = _ORDERS - len(FIXED_ORDERS)
    customers_left = _CUSTOMERS - _CUSTOMERS_BEFORE - len(FIXED_ORDERS)
    for day, fixed in _plan(random):
        if fixed:
            _add_fixed_order(random, shop, fixed)
            continue
        # Drawing this way gives exactly the wanted number of new customers, spread like the orders.
        is_new = random.random() * orders_left < customers_left
        orders_left -= 1
        customers_left -= is_new
        customer = _add_customer(random, shop, day) if is_new else random.choice(shop.customers)
        _add_order(random, shop, customer, day, is_new=is_new)
    shop.tickets.extend(general_tickets(random, shop.customers, count=_GENERAL_TICKETS))
    shop.shipments.sort(key=lambda row: (row.shipped_on, row.order_id))
    shop.returns.sort(key=lambda row: (row.requested_on, row.order_id))
    shop.tickets.sort(key=lambda row: (row.opened_on, row.customer_id, row.subject))
    return shop


def _plan(random: Random) -> list[tuple[date, FixedOrder | None]]:
    days = [_FIRST_DAY + timedelta(days=number) for number in range((SNAPSHOT - _FIRST_DAY).days + 1)]
    weights = [_demand(day) for day in days]
    drawn = random.choices(days, weights, k=_ORDERS - len(FIXED_ORDERS))
    plan: list[tuple[date, FixedOrder | None]] = [(day, None) for day in drawn]
    plan.extend((fixed.ordered_on, fixed) for fixed in FIXED_ORDERS)
    return sorted(plan, key=lambda entry: entry[0])


def _demand(day: date) -> float:
    growth: float = (1 + _YEARLY_GROWTH) ** ((day - _FIRST_DAY).days / 365.25)
    return growth * _SEASON[day.month - 1] * (_WEEKEND if day.weekday() >= 5 else 1.0)


def _add_customer(random: Random, shop: Shop, created_on: date) -> Customer:
    country = random.choices(COUNTRIES, [country.share for country in COUNTRIES])[0]
    first_name, last_name = random.choice(country.first_names), random.choice(country.last_names)
    is_wholesale = random.random() < _WHOLESALE_SHARE
    name = f"Café {last_name}" if is_wholesale else f"{first_name} {last_name}"
    return _keep_customer(
        shop,
        name,
        random.choice(country.cities),
        country.name,
        created_on,
        segment="wholesale" if is_wholesale else "private",
    )


def _keep_customer(
    shop: Shop, name: str, city: str, country: str, created_on: date, *, segment: str
) -> Customer:
    customer_id = len(shop.customers) + 1
    email = f"{name.lower().translate(_FOLDED)}.{customer_id}@mail.example"
    customer = Customer(customer_id, name, email, city, country, created_on, segment)
    shop.customers.append(customer)
    return customer


def _add_order(random: Random, shop: Shop, customer: Customer, day: date, *, is_new: bool) -> None:
    if customer.segment == "wholesale":
        basket, channel = fill_wholesale_basket(random, day), "wholesale"
    else:
        basket = fill_basket(random, day, first_order=is_new)
        channel = "phone" if day.weekday() < 5 and random.random() < _PHONE_SHARE else "web"
    order_id = len(shop.orders) + 1
    country = _COUNTRY_BY_NAME[customer.country]
    course = run_course(random, basket, order_id=order_id, ordered_on=day, country=country)
    order = _keep_order(shop, customer, day, basket, course, channel=channel)
    shop.tickets.extend(tickets_about(random, order, course))


def _keep_order(
    shop: Shop, customer: Customer, day: date, basket: Basket, course: Course, *, channel: str
) -> Order:
    order_id = len(shop.orders) + 1
    order = Order(
        order_id,
        f"FH-{100_000 + order_id}",
        customer.customer_id,
        day,
        course.status,
        channel,
        total_on(basket, day, customer.country),
        basket.discount_code,
    )
    shop.orders.append(order)
    shop.lines.extend(
        Line(order_id, PRODUCT_IDS[item.sku], quantity, price_on(item, day))
        for item, quantity in basket.lines
    )
    if course.shipment:
        shop.shipments.append(course.shipment)
    if course.claim:
        shop.returns.append(course.claim)
    return order


def _add_fixed_order(random: Random, shop: Shop, fixed: FixedOrder) -> None:
    customer = _keep_customer(shop, *fixed.customer, fixed.ordered_on, segment="private")
    basket = Basket(
        lines=tuple((_PRODUCT_BY_SKU[sku], quantity) for sku, quantity in fixed.lines),
        discount_code=fixed.discount_code,
    )
    course = _fixed_course(random, fixed, basket, order_id=len(shop.orders) + 1)
    order = _keep_order(shop, customer, fixed.ordered_on, basket, course, channel="web")
    if fixed.complaint:
        shop.tickets.append(
            Ticket(
                customer_id=customer.customer_id,
                order_id=order.order_id,
                opened_on=date(2026, 11, 9),
                closed_on=None,
                topic="delivery",
                priority="high",
                status="open",
                subject=fixed.complaint,
            )
        )


def _fixed_course(random: Random, fixed: FixedOrder, basket: Basket, *, order_id: int) -> Course:
    shipment, claim = None, None
    if fixed.parcel:
        shipment = Shipment(
            order_id=order_id,
            carrier=fixed.parcel.carrier,
            tracking_number=tracking_number(random, fixed.parcel.carrier),
            shipped_on=fixed.parcel.shipped_on,
            delivered_on=fixed.parcel.delivered_on,
            status=fixed.parcel.status,
        )
    if fixed.claim:
        item = basket.lines[0][0]
        claim = Return(
            order_id=order_id,
            product_id=PRODUCT_IDS[item.sku],
            requested_on=fixed.claim.requested_on,
            reason=fixed.claim.reason,
            status=fixed.claim.status,
            refund_amount=refund_for(item, basket, fixed.ordered_on)
            if fixed.claim.status == "refunded"
            else None,
        )
    return Course(status=fixed.status, shipment=shipment, claim=claim)
