"""Orders written by hand, so that questions about them have known answers."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """The shipment of a fixed order."""

    carrier: str
    shipped_on: date
    delivered_on: date | None = None
    status: str = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The return of a fixed order's first line."""

    requested_on: date
    reason: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedOrder:
    """An order written by hand, so that a question about it has a known answer."""

    customer: tuple[str, str, str]
    """Name, city, country."""
    ordered_on: date
    lines: tuple[tuple[str, int], ...]
    """SKU and quantity."""
    status: str
    parcel: Parcel | None = None
    claim: Claim | None = None
    discount_code: str | None = None
    complaint: str | None = None
    """Subject of an open delivery ticket."""


def _on(month: int, day: int, year: int = 2026) -> date:
    return date(year, month, day)


FIXED_ORDERS = (
    FixedOrder(
        customer=("Greta Halvorsen", "Hamburg", "Germany"),
        ordered_on=_on(10, 28),
        lines=(("FH-M20", 1),),
        status="shipped",
        parcel=Parcel(carrier="DHL", shipped_on=_on(10, 29), status="delayed"),
        complaint="Birch was due last week",
    ),
    FixedOrder(
        customer=("Tove Brandell", "Gothenburg", "Sweden"),
        ordered_on=_on(10, 15),
        lines=(("FH-M12", 1),),
        status="delivered",
        parcel=Parcel(carrier="Postnord", shipped_on=_on(10, 16), delivered_on=_on(10, 20)),
    ),
    FixedOrder(
        customer=("Marten Oosterhuis", "Utrecht", "Netherlands"),
        ordered_on=_on(11, 15),
        lines=(("FH-M32", 1),),
        status="pending",
    ),
    FixedOrder(
        customer=("Imogen Ashdown", "Bristol", "United Kingdom"),
        ordered_on=_on(10, 12),
        lines=(("FH-G22", 1),),
        status="shipped",
        parcel=Parcel(carrier="Royal Mail", shipped_on=_on(10, 13), status="lost"),
        complaint="Grinder never arrived",
    ),
    FixedOrder(
        customer=("Lukas Ehrenfels", "Vienna", "Austria"),
        ordered_on=_on(9, 7),
        lines=(("FH-G32", 1), ("FH-A22", 1)),
        status="delivered",
        parcel=Parcel(carrier="DHL", shipped_on=_on(9, 8), delivered_on=_on(9, 10)),
    ),
    FixedOrder(
        customer=("Amelie Rochebrune", "Lyon", "France"),
        ordered_on=_on(10, 1),
        lines=(("FH-M40", 1),),
        status="delivered",
        parcel=Parcel(carrier="GLS", shipped_on=_on(10, 2), delivered_on=_on(10, 6)),
        claim=Claim(requested_on=_on(11, 2), reason="not as expected", status="received"),
    ),
    FixedOrder(
        customer=("Nils Aakervik", "Bergen", "Norway"),
        ordered_on=_on(8, 17),
        lines=(("FH-G10", 1),),
        status="returned",
        parcel=Parcel(carrier="Bring", shipped_on=_on(8, 18), delivered_on=_on(8, 21)),
        claim=Claim(requested_on=_on(9, 14), reason="changed mind", status="refunded"),
    ),
    FixedOrder(
        customer=("Bettina Wolkensteiner", "Zurich", "Switzerland"),
        ordered_on=_on(2, 12, 2024),
        lines=(("FH-M05", 1),),
        status="delivered",
        parcel=Parcel(carrier="DHL", shipped_on=_on(2, 13, 2024), delivered_on=_on(2, 16, 2024)),
    ),
    FixedOrder(
        customer=("Sander Vaartveld", "Rotterdam", "Netherlands"),
        ordered_on=_on(11, 20, 2024),
        lines=(("FH-M30", 1), ("FH-A40", 1)),
        status="delivered",
        parcel=Parcel(carrier="DHL", shipped_on=_on(11, 21, 2024), delivered_on=_on(11, 26, 2024)),
    ),
    FixedOrder(
        customer=("Freja Lindeborg", "Aarhus", "Denmark"),
        ordered_on=_on(2, 10, 2025),
        lines=(("FH-M30", 1),),
        status="delivered",
        parcel=Parcel(carrier="DHL", shipped_on=_on(2, 11, 2025), delivered_on=_on(2, 14, 2025)),
    ),
    FixedOrder(
        customer=("Ottavia Belmonti", "Turin", "Italy"),
        ordered_on=_on(11, 3),
        lines=(("FH-M10", 1), ("FH-A30", 1)),
        status="cancelled",
    ),
    FixedOrder(
        customer=("Sigrid Tveiten", "Oslo", "Norway"),
        ordered_on=_on(11, 11),
        lines=(("FH-M30", 1),),
        status="shipped",
        parcel=Parcel(carrier="Bring", shipped_on=_on(11, 12), status="in transit"),
    ),
    FixedOrder(
        customer=("Konrad Fuchsberger", "Leipzig", "Germany"),
        ordered_on=_on(3, 9),
        lines=(("FH-B01", 4),),
        status="delivered",
        parcel=Parcel(carrier="DHL", shipped_on=_on(3, 10), delivered_on=_on(3, 12)),
        claim=Claim(requested_on=_on(3, 20), reason="changed mind", status="rejected"),
        discount_code="CREMA5",
    ),
)
