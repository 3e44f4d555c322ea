"""Lists from which the sample database is made: products, places, names, wordings, fixed orders."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One article of the price list."""

    sku: str
    name: str
    category: str
    price: int
    """Current price in EUR."""
    launched_on: date
    weight: float
    """Kilograms, without packaging."""
    popularity: int
    """Relative sales within the category."""
    fits: tuple[str, ...] = ()
    """Products it is made for; empty means all."""
    sold_until: date = date.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """Where customers live, and what they are called there."""

    name: str
    share: int
    """Percent of the customers."""
    carriers: tuple[str, ...]
    """The usual one first."""
    cities: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _item(
    sku: str,
    name: str,
    category: str,
    price: int,
    launched_on: str,
    weight: float,
    popularity: int,
    fits: tuple[str, ...] = (),
    sold_until: date = date.max,
) -> Product:
    return Product(
        sku=sku,
        name=name,
        category=category,
        price=price,
        launched_on=date.fromisoformat(launched_on),
        weight=weight,
        popularity=popularity,
        fits=fits,
        sold_until=sold_until,
    )


_MACHINE, _GRINDER, _ACCESSORY = "espresso machine", "grinder", "accessory"
_PART, _CONSUMABLE, _COFFEE = "spare part", "consumable", "coffee"
_58_MM = ("Birch", "Cedar", "Cedar Pro")
_54_MM = ("Alder", "Alder Plus")

PRODUCTS = (
    _item("FH-M05", "Hazel", _MACHINE, 279, "2016-09-05", 4.2, 16, sold_until=date(2024, 3, 29)),
    _item("FH-M10", "Alder", _MACHINE, 449, "2019-03-11", 6.8, 24),
    _item("FH-M12", "Alder Plus", _MACHINE, 579, "2022-02-07", 7.1, 30),
    _item("FH-M20", "Birch", _MACHINE, 999, "2018-10-01", 19.0, 15),
    _item("FH-M30", "Cedar", _MACHINE, 1649, "2021-05-17", 24.0, 9),
    _item("FH-M32", "Cedar Pro", _MACHINE, 2149, "2024-09-16", 25.0, 7),
    _item("FH-M40", "Rowan", _MACHINE, 1199, "2023-04-24", 11.5, 13),
    _item("FH-G10", "Pip", _GRINDER, 119, "2020-06-08", 0.62, 28),
    _item("FH-G20", "Moss", _GRINDER, 229, "2019-11-04", 2.9, 22),
    _item("FH-G22", "Moss SD", _GRINDER, 289, "2023-02-13", 2.6, 18),
    _item("FH-G30", "Tarn", _GRINDER, 549, "2021-09-06", 7.4, 12),
    _item("FH-G32", "Tarn Zero", _GRINDER, 629, "2024-03-04", 6.9, 14),
    _item("FH-A01", "Descaling powder", _CONSUMABLE, 14, "2016-09-05", 0.22, 24),
    _item("FH-A02", "Cleaning tablets", _CONSUMABLE, 12, "2018-10-01", 0.1, 26),
    _item("FH-A03", "Water filter cartridge", _CONSUMABLE, 19, "2019-03-11", 0.15, 22, (*_54_MM, *_58_MM)),
    _item("FH-A04", "Water filter cartridge for Rowan", _CONSUMABLE, 21, "2023-04-24", 0.16, 8, ("Rowan",)),
    _item("FH-A10", "Group gasket 58 mm", _PART, 8, "2018-10-01", 0.02, 14, _58_MM),
    _item("FH-A11", "Group gasket 54 mm", _PART, 7, "2019-03-11", 0.02, 13, _54_MM),
    _item("FH-A12", "Steam tip 2-hole", _PART, 15, "2019-03-11", 0.03, 8, (*_54_MM, *_58_MM)),
    _item("FH-A50", "Burr set 40 mm", _PART, 39, "2019-11-04", 0.18, 5, ("Moss", "Moss SD")),
    _item("FH-A51", "Burr set 64 mm", _PART, 79, "2021-09-06", 0.41, 4, ("Tarn", "Tarn Zero")),
    _item("FH-A20", "Bottomless portafilter 58 mm", _ACCESSORY, 69, "2019-05-06", 0.55, 10, _58_MM),
    _item("FH-A21", "Bottomless portafilter 54 mm", _ACCESSORY, 59, "2020-02-03", 0.48, 11, _54_MM),
    _item("FH-A22", "Tamper 58.5 mm", _ACCESSORY, 39, "2019-05-06", 0.42, 12, _58_MM),
    _item("FH-A23", "Tamper 54 mm", _ACCESSORY, 35, "2020-02-03", 0.36, 12, _54_MM),
    _item("FH-A30", "Knock box", _ACCESSORY, 29, "2017-03-06", 0.9, 18),
    _item("FH-A31", "Milk jug 350 ml", _ACCESSORY, 22, "2017-03-06", 0.25, 16),
    _item("FH-A32", "Milk jug 600 ml", _ACCESSORY, 26, "2017-03-06", 0.34, 13),
    _item("FH-A40", "Plumb-in kit", _ACCESSORY, 129, "2021-05-17", 1.3, 3, ("Cedar", "Cedar Pro")),
    _item("FH-B01", "Espresso subscription beans", _COFFEE, 16, "2020-10-05", 0.25, 30),
)

WAREHOUSES = ("Ljungskile", "Rotterdam", "Leeds")

# (product, warehouse) -> quantity and the day on which more arrive.
FIXED_STOCK: dict[tuple[str, str], tuple[int, str | None]] = {
    ("Cedar Pro", "Leeds"): (0, "2026-12-04"),
    ("Cedar Pro", "Rotterdam"): (3, None),
    ("Tarn Zero", "Ljungskile"): (0, "2026-11-27"),
    ("Tarn Zero", "Rotterdam"): (0, "2026-12-01"),
    ("Tarn Zero", "Leeds"): (0, "2026-12-09"),
    ("Burr set 64 mm", "Leeds"): (0, "2026-11-24"),
    ("Water filter cartridge for Rowan", "Rotterdam"): (0, "2026-11-20"),
    ("Bottomless portafilter 54 mm", "Ljungskile"): (4, None),
    ("Plumb-in kit", "Leeds"): (2, None),
    ("Alder Plus", "Ljungskile"): (37, None),
    ("Alder Plus", "Rotterdam"): (52, None),
    ("Alder Plus", "Leeds"): (18, None),
}

# Percent off. TRADE12 and TRADE18 are the wholesale terms from 5 and from 20 machines.
DISCOUNT_PERCENT = {
    "CREMA5": 5,
    "STUDENT8": 8,
    "SPRING10": 10,
    "AUTUMN12": 12,
    "BLACK15": 15,
    "TRADE12": 12,
    "TRADE18": 18,
}

# Name, city, country, phone, services.
CENTRES = (
    ("Fernhill Workshop", "Ljungskile", "Sweden", "+46 522 555 010", "repair, warranty, descaling, trade-in"),
    ("Söder Espresso Service", "Stockholm", "Sweden", "+46 8 555 0141", "repair, warranty, descaling"),
    (
        "Elbwerk Kaffeetechnik",
        "Hamburg",
        "Germany",
        "+49 40 555 0118",
        "repair, warranty, descaling, trade-in",
    ),
    ("Isarwerk Maschinenservice", "Munich", "Germany", "+49 89 555 0162", "repair, warranty, descaling"),
    ("Grachten Koffieservice", "Amsterdam", "Netherlands", "+31 20 555 0127", "repair, warranty, descaling"),
    ("Atelier Mouture", "Paris", "France", "+33 1 55 50 01 33", "repair, warranty, descaling"),
    ("Atelier des Deux Rives", "Lyon", "France", "+33 4 55 50 01 48", "repair, warranty"),
    ("Southwark Brew Works", "London", "United Kingdom", "+44 20 5550 0155", "repair, warranty, descaling"),
    (
        "Aire Valley Espresso Repairs",
        "Leeds",
        "United Kingdom",
        "+44 113 555 0171",
        "repair, warranty, trade-in",
    ),
    ("Fjord Kaffeservice", "Oslo", "Norway", "+47 555 01 104", "repair, warranty, descaling"),
    ("Limmat Kaffeewerkstatt", "Zurich", "Switzerland", "+41 44 555 01 19", "repair, warranty, descaling"),
    ("Donau Kaffeetechnik", "Vienna", "Austria", "+43 1 555 0136", "repair, warranty, descaling"),
    ("Havnens Kaffeværksted", "Copenhagen", "Denmark", "+45 55 50 01 22", "repair, warranty"),
    ("Officina Naviglio", "Milan", "Italy", "+39 02 555 0144", "repair, warranty, descaling"),
)

TICKET_SUBJECTS = {
    "delivery": ("Parcel not here yet", "Tracking does not move", "Please change the delivery day"),
    "return": ("Return label wanted", "Has my return arrived?", "When will I get my refund?"),
    "repair": ("Machine does not heat", "Leak under the machine", "Pump is loud", "Grinder blocked"),
    "billing": ("Invoice with VAT number", "Charged twice?", "Discount code did not work"),
    "usage": ("Shot runs too fast", "How often to descale?", "Which grind setting?", "Milk does not foam"),
    "parts": ("Which gasket fits?", "Burr set for my grinder", "Spare water tank", "Is the drip tray sold?"),
}

COUNTRIES = (
    Country(
        name="Germany",
        share=28,
        carriers=("DHL", "GLS"),
        cities=_words("Berlin Hamburg Munich Cologne Leipzig Stuttgart Bremen Hanover Freiburg"),
        first_names=_words(
            "Anna Lukas Lena Jonas Mia Felix Clara Moritz Johanna Emil Frieda Henrik Paula Theo"
        ),
        last_names=_words(
            "Aldinger Bramkamp Dornhof Eichwald Falkner Grothe Hellweg Kesselmann Lohbeck Ravenau"
        ),
    ),
    Country(
        name="Sweden",
        share=18,
        carriers=("Postnord", "DHL"),
        cities=_words("Stockholm Gothenburg Malmö Uppsala Lund Uddevalla Örebro Linköping"),
        first_names=_words("Elsa Oskar Maja Axel Alma Viktor Ebba Gustav Signe Nils Tuva Albin Saga Ivar"),
        last_names=_words("Almdal Bergvik Dahlhem Ekmark Forslund Granvik Hedlind Klintberg Lövhult Sandhem"),
    ),
    Country(
        name="Netherlands",
        share=11,
        carriers=("DHL", "GLS"),
        cities=_words("Amsterdam Rotterdam Utrecht Eindhoven Groningen Haarlem Leiden"),
        first_names=_words("Sanne Daan Fleur Bram Lotte Sem Roos Thijs Anouk Jelle Maud Stijn"),
        last_names=_words("Boswijk Dijkhof Eikelaar Groenveld Hoogland Kerkstra Molenaar Rietveen Waterman"),
    ),
    Country(
        name="France",
        share=10,
        carriers=("GLS", "DHL"),
        cities=_words("Paris Lyon Nantes Lille Bordeaux Strasbourg Grenoble Rennes"),
        first_names=_words("Camille Hugo Manon Louis Chloé Jules Inès Arthur Léa Gabriel Zoé Antoine"),
        last_names=_words("Aubertin Beauclair Charvet Delorme Fontenay Grandval Lacroze Montreuil Rivage"),
    ),
    Country(
        name="United Kingdom",
        share=11,
        carriers=("Royal Mail", "DHL"),
        cities=_words("London Leeds Manchester Bristol Edinburgh Cardiff Brighton York"),
        first_names=_words("Alice Harry Emily Oliver Grace George Poppy Arthur Freya Noah Isla Oscar"),
        last_names=_words("Ashby Brookfield Coverdale Danby Elmhurst Fairholme Hartwell Larkfield Thornley"),
    ),
    Country(
        name="Norway",
        share=6,
        carriers=("Bring", "Postnord"),
        cities=_words("Oslo Bergen Trondheim Stavanger Tromsø Drammen"),
        first_names=_words("Ingrid Sindre Solveig Håkon Marte Eirik Synne Magnus Ragnhild Jonas"),
        last_names=_words("Bakkevik Dalseth Fjellheim Granås Haugerud Lundevold Nordvik Solberget"),
    ),
    Country(
        name="Switzerland",
        share=5,
        carriers=("DHL",),
        cities=_words("Zurich Basel Bern Geneva Lausanne Lucerne"),
        first_names=_words("Nina Reto Livia Urs Seraina Beat Flurina Luca Selina Matteo"),
        last_names=_words("Ammbühl Brunnacher Dürrenmatter Felsberg Gantenrain Hohlweg Rüttimoos Wyssbach"),
    ),
    Country(
        name="Austria",
        share=4,
        carriers=("DHL", "GLS"),
        cities=_words("Vienna Graz Linz Salzburg Innsbruck"),
        first_names=_words("Katharina Florian Magdalena Sebastian Theresa Maximilian Viktoria Valentin"),
        last_names=_words("Auerhof Bachlinger Edelbauer Hochgatter Kirchsteiger Moosleitner Steinwender"),
    ),
    Country(
        name="Denmark",
        share=4,
        carriers=("Postnord", "GLS"),
        cities=_words("Copenhagen Aarhus Odense Aalborg"),
        first_names=_words("Freja Mads Sofie Rasmus Karoline Anton Astrid Villads"),
        last_names=_words("Bakkegaard Egelund Fuglsang Højmark Kildegaard Lindholt Skovbo Vestervig"),
    ),
    Country(
        name="Italy",
        share=3,
        carriers=("GLS", "DHL"),
        cities=_words("Milan Turin Bologna Rome Florence Trieste"),
        first_names=_words("Giulia Lorenzo Chiara Matteo Elena Davide Sara Tommaso"),
        last_names=_words("Albanetti Boscarino Campofiore Ferravalle Montebruno Pratolini Valdarno"),
    ),
)
