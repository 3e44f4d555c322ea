"""Invents support tickets: about returns and late parcels, and about everything else."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from agent.demo.seed_course import SNAPSHOT, Course, add_working_days
from agent.demo.seed_lists import TICKET_SUBJECTS
from agent.demo.seed_rows import Customer, Order, Ticket

_PRIORITIES = {"low": 25, "normal": 60, "high": 15}
_AFTER_DELIVERY = {"usage": 38, "parts": 22, "repair": 28, "billing": 12}
_WITHOUT_ORDER = {"usage": 40, "parts": 45, "billing": 15}


def tickets_about(random: Random, order: Order, course: Course) -> list[Ticket]:
    """Invent the tickets that one order led to, mostly none."""
    if course.is_late and course.shipment and random.random() < 0.7:
        opened_on = add_working_days(course.shipment.shipped_on, random.randint(5, 7))
        return _filed(random, order.customer_id, order.order_id, opened_on, topic="delivery")
    if course.claim and random.random() < 0.55:
        return _filed(random, order.customer_id, order.order_id, course.claim.requested_on, topic="return")
    if order.status == "delivered" and random.random() < 0.09:
        opened_on = order.ordered_on + timedelta(days=random.randint(8, 500))
        topic = random.choices(list(_AFTER_DELIVERY), list(_AFTER_DELIVERY.values()))[0]
        return _filed(random, order.customer_id, order.order_id, opened_on, topic=topic)
    return []


def general_tickets(random: Random, customers: Sequence[Customer], *, count: int) -> list[Ticket]:
    """Invent tickets that are about no order."""
    tickets: list[Ticket] = []
    for customer in random.sample(customers, count):
        opened_on = max(customer.created_on, date(2023, 1, 2)) + timedelta(days=random.randint(0, 400))
        topic = random.choices(list(_WITHOUT_ORDER), list(_WITHOUT_ORDER.values()))[0]
        tickets.extend(_filed(random, customer.customer_id, None, opened_on, topic=topic))
    return tickets


def _filed(
    random: Random, customer_id: int, order_id: int | None, opened_on: date, *, topic: str
) -> list[Ticket]:
    if opened_on > SNAPSHOT:
        return []
    closed_on: date | None = add_working_days(opened_on, random.choice((0, 1, 1, 1, 2, 2, 3, 4, 6, 8)))
    status = "closed"
    is_stuck = random.random() < 0.06 and (SNAPSHOT - opened_on).days < 60
    if is_stuck or (closed_on and closed_on > SNAPSHOT):
        closed_on, status = None, random.choice(("open", "waiting"))
    return [
        Ticket(
            customer_id=customer_id,
            order_id=order_id,
            opened_on=opened_on,
            closed_on=closed_on,
            topic=topic,
            priority=random.choices(list(_PRIORITIES), list(_PRIORITIES.values()))[0],
            status=status,
            subject=random.choice(TICKET_SUBJECTS[topic]),
        )
    ]
