"""The rows of the tables that grow with the orders, in the order of their columns.

They are tuples, so that they go into the database as they are. Rows without an id get one when written.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple


class Customer(NamedTuple):
    """A row of `customers`."""

    customer_id: int
    name: str
    email: str
    city: str
    country: str
    created_on: date
    segment: str


class Order(NamedTuple):
    """A row of `orders`."""

    order_id: int
    order_number: str
    customer_id: int
    ordered_on: date
    status: str
    channel: str
    total: float
    discount_code: str | None


class Line(NamedTuple):
    """A row of `order_lines`."""

    order_id: int
    product_id: int
    quantity: int
    unit_price: int


class Shipment(NamedTuple):
    """A row of `shipments`, without its id."""

    order_id: int
    carrier: str
    tracking_number: str
    shipped_on: date
    delivered_on: date | None
    status: str


class Return(NamedTuple):
    """A row of `returns`, without its id."""

    order_id: int
    product_id: int
    requested_on: date
    reason: str
    status: str
    refund_amount: float | None


class Ticket(NamedTuple):
    """A row of `tickets`, without its id."""

    customer_id: int
    order_id: int | None
    opened_on: date
    closed_on: date | None
    topic: str
    priority: str
    status: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """All rows that were invented, by table."""

    customers: list[Customer] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
