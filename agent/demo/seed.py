"""Writes the sample database `shop`: three years of an invented espresso-machine seller, always the same.

The data is a snapshot taken at the end of 2026-11-15. `orders.total` is the sum of the lines, minus the
percentage of the discount code, plus the shipping fee of the day the order was placed.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from agent.demo.seed_lists import CENTRES, FIXED_STOCK, PRODUCTS, WAREHOUSES, Product
from agent.demo.seed_orders import make_shop
from tools.errors import ConfigurationError

_SEED = 20261116

_SCHEMA = """
CREATE TABLE products (
    product_id INTEGER PRIMARY KEY,
    sku TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    category TEXT NOT NULL CHECK (
        category IN ('espresso machine', 'grinder', 'accessory', 'spare part', 'consumable', 'coffee')
    ),
    price NUMERIC NOT NULL,
    launched_on TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('current', 'discontinued')),
    weight_kg NUMERIC NOT NULL
);
CREATE TABLE stock (
    product_id INTEGER NOT NULL REFERENCES products,
    warehouse TEXT NOT NULL CHECK (warehouse IN ('Ljungskile', 'Rotterdam', 'Leeds')),
    quantity INTEGER NOT NULL CHECK (quantity >= 0),
    restock_on TEXT,
    PRIMARY KEY (product_id, warehouse)
);
CREATE TABLE customers (
    customer_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    city TEXT NOT NULL,
    country TEXT NOT NULL,
    created_on TEXT NOT NULL,
    segment TEXT NOT NULL CHECK (segment IN ('private', 'wholesale'))
);
CREATE TABLE orders (
    order_id INTEGER PRIMARY KEY,
    order_number TEXT NOT NULL UNIQUE,
    customer_id INTEGER NOT NULL REFERENCES customers,
    ordered_on TEXT NOT NULL,
    status TEXT NOT NULL
        CHECK (status IN ('pending', 'paid', 'shipped', 'delivered', 'cancelled', 'returned')),
    channel TEXT NOT NULL CHECK (channel IN ('web', 'phone', 'wholesale')),
    total NUMERIC NOT NULL,
    discount_code TEXT
);
CREATE TABLE order_lines (
    order_id INTEGER NOT NULL REFERENCES orders,
    product_id INTEGER NOT NULL REFERENCES products,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_price NUMERIC NOT NULL,
    PRIMARY KEY (order_id, product_id)
);
CREATE TABLE shipments (
    shipment_id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL UNIQUE REFERENCES orders,
    carrier TEXT NOT NULL CHECK (carrier IN ('Postnord', 'DHL', 'GLS', 'Royal Mail', 'Bring')),
    tracking_number TEXT NOT NULL,
    shipped_on TEXT NOT NULL,
    delivered_on TEXT,
    status TEXT NOT NULL CHECK (status IN ('in transit', 'delivered', 'delayed', 'lost'))
);
CREATE TABLE returns (
    return_id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL UNIQUE REFERENCES orders,
    product_id INTEGER NOT NULL REFERENCES products,
    requested_on TEXT NOT NULL,
    reason TEXT NOT NULL
        CHECK (reason IN ('changed mind', 'damaged', 'faulty', 'wrong item', 'not as expected')),
    status TEXT NOT NULL CHECK (status IN ('open', 'received', 'refunded', 'rejected')),
    refund_amount NUMERIC
);
CREATE TABLE service_centres (
    centre_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    city TEXT NOT NULL,
    country TEXT NOT NULL,
    phone TEXT NOT NULL,
    services TEXT NOT NULL
);
CREATE TABLE tickets (
    ticket_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers,
    order_id INTEGER REFERENCES orders,
    opened_on TEXT NOT NULL,
    closed_on TEXT,
    topic TEXT NOT NULL CHECK (topic IN ('delivery', 'return', 'repair', 'billing', 'usage', 'parts')),
    priority TEXT NOT NULL CHECK (priority IN ('low', 'normal', 'high')),
    status TEXT NOT NULL CHECK (status IN ('open', 'waiting', 'closed')),
    subject TEXT NOT NULL
);
CREATE INDEX orders_by_customer ON orders (customer_id);
CREATE INDEX orders_by_date ON orders (ordered_on);
CREATE INDEX order_lines_by_product ON order_lines (product_id);
CREATE INDEX shipments_by_status ON shipments (status);
CREATE INDEX returns_by_product ON returns (product_id);
CREATE INDEX returns_by_date ON returns (requested_on);
CREATE INDEX customers_by_date ON customers (created_on);
CREATE INDEX tickets_by_status ON tickets (status);
CREATE INDEX tickets_by_customer ON tickets (customer_id);
CREATE INDEX tickets_by_order ON tickets (order_id);
"""


def seed(path: Path) -> None:
    """Write the sample database to a file, replacing what is there.

    Takes about a second. The file appears complete or not at all.

    Args:
        path: The SQLite file; missing folders are made.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    draft = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        _write(draft)
        draft.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(
            f"cannot write the sample database {str(path)!r}: {error}; choose a folder that can be written"
        ) from error


def _write(path: Path) -> None:
    random = Random(_SEED)  # noqa: S311 - sample data, and it must be repeatable
    shop = make_shop(random)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN")
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        _insert(connection, "products", [_product_row(row, item) for row, item in enumerate(PRODUCTS, 1)])
        _insert(connection, "stock", _stock_rows(random))
        _insert(connection, "service_centres", [(row, *centre) for row, centre in enumerate(CENTRES, 1)])
        _insert(connection, "customers", shop.customers)
        _insert(connection, "orders", shop.orders)
        _insert(connection, "order_lines", shop.lines)
        _insert(connection, "shipments", [(number, *row) for number, row in enumerate(shop.shipments, 1)])
        _insert(connection, "returns", [(number, *row) for number, row in enumerate(shop.returns, 1)])
        _insert(connection, "tickets", [(number, *row) for number, row in enumerate(shop.tickets, 1)])
        connection.execute("COMMIT")


def _insert(connection: sqlite3.Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    values = [tuple(cell.isoformat() if isinstance(cell, date) else cell for cell in row) for row in rows]
    marks = ", ".join("?" * len(values[0]))
    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)  # noqa: S608 - our own table names


def _product_row(product_id: int, item: Product) -> tuple[Any, ...]:
    status = "current" if item.sold_until == date.max else "discontinued"
    return (
        product_id,
        item.sku,
        item.name,
        item.category,
        item.price,
        item.launched_on,
        status,
        item.weight,
    )


def _stock_rows(random: Random) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for product_id, item in enumerate(PRODUCTS, 1):
        for warehouse in WAREHOUSES:
            usual = random.randint(6, 60) if item.price >= 100 else random.randint(20, 400)
            if item.sold_until != date.max:
                usual = 0
            rows.append((product_id, warehouse, *FIXED_STOCK.get((item.name, warehouse), (usual, None))))
    return rows
