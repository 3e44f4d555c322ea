"""Words in the names of tables and columns: synonyms, abbreviations, and words that say little.

Data only; groups of synonyms are symmetric. No word here belongs to one database.
"""

from graph.reasoning.local.sql.lexicon import word_set

SYNONYMS = (
    "store shop",
    "nation country nationality",
    "title name",
    "person people individual",
    "staff employee worker",
    "gender sex",
    "salary wage pay income earn",
    "weight weigh mass",
    "acceleration accelerate",
    "price cost",
    "kind type category",
    "teacher instructor professor lecturer",
    "company firm corporation business",
    "movie film",
    "car vehicle automobile",
    "customer client buyer",
    "product item article",
    "id identifier identification key",
    "identity id",
    "amount quantity",
    "location place",
    "phone telephone mobile cell",
    "zip postcode postal zipcode",
    "maximum max highest",
    "minimum min lowest",
    "average avg mean",
    "total sum",
    "start begin beginning",
    "end finish ending",
    "open opening",
    "source origin departure depart leave from",
    "destination dest arrival arrive",
    "email mail",
    "birthday birth dob born",
    "duration length",
    "address residence",
    "abbreviation abbrev abbr",
    "code abbreviation",
    "enrolment enrollment enroll enrol registration",
    "pet animal",
    "maker manufacturer producer",
    "state province",
    "surname last family",
    "class course",
    "match game",
    "spend expense spent",
    "photo picture image",
    "author writer",
    "boss manager supervisor",
    "order purchase",
    "invoice bill",
    "stock inventory",
    "city town",
    "website url homepage",
    "section chapter",
    "reservation booking",
    "grade mark",
    "percentage percent share",
    "injury injured",
    "death killed",
)
"""Groups of words of which one may stand for another in the name of a table or column."""

ABBREVIATIONS = {
    "no": "number",
    "num": "number",
    "nbr": "number",
    "nr": "number",
    "qty": "quantity",
    "amt": "amount",
    "desc": "description",
    "descr": "description",
    "addr": "address",
    "dept": "department",
    "yr": "year",
    "tel": "telephone",
    "src": "source",
    "dest": "destination",
    "dst": "destination",
    "avg": "average",
    "max": "maximum",
    "min": "minimum",
    "pct": "percent",
    "lat": "latitude",
    "lng": "longitude",
    "lon": "longitude",
    "cust": "customer",
    "prod": "product",
    "emp": "employee",
    "cat": "category",
    "pwd": "password",
    "fname": "first name",
    "lname": "last name",
    "mname": "middle name",
    "org": "organization",
    "firstname": "first name",
    "lastname": "last name",
    "fullname": "full name",
    "username": "user name",
    "dob": "date birth",
    "mpg": "mpg",
    "hp": "horsepower",
    "cnt": "count",
    "ref": "reference",
    "acct": "account",
    "stu": "student",
    "ids": "id",
    "uid": "id",
    "qtr": "quarter",
    "mgr": "manager",
    "temp": "temperature",
    "zipcode": "zip",
    "postcode": "postcode",
    "zip_code": "zip",
    "hometown": "hometown",
    "ctry": "country",
}
"""Parts of identifiers that stand for whole words."""

PLAIN = word_set("reference tbl table dim fact data list info information record details main")
"""Words in names of tables that say nothing about what the rows are."""

GENERIC = word_set("id name code number date year time value title type amount description text level status")
"""Words in names of columns that people leave out."""

NAMING = ("name", "title", "full name", "label")
"""How a column is called that names its row."""

ROLES = {
    "from": word_set(
        "from depart departing departure departures leave leaves leaving left origin source start starting "
        "departed"
    ),
    "to": word_set(
        "to into arrive arriving arrival arrivals arrives land lands landing destination go goes going "
        "reach reaches toward towards arrived landed"
    ),
}
"""Words that choose among several references to one table; the references' own names choose as well."""

DEMONYMS = dict(
    pair.split(":")
    for pair in word_set(
        "american:united_states|us|usa|america british:united_kingdom|uk|britain french:france "
        "german:germany italian:italy spanish:spain portuguese:portugal dutch:netherlands|holland "
        "belgian:belgium swiss:switzerland austrian:austria polish:poland czech:czech_republic|czechia "
        "hungarian:hungary romanian:romania bulgarian:bulgaria greek:greece turkish:turkey russian:russia "
        "ukrainian:ukraine swedish:sweden norwegian:norway danish:denmark finnish:finland irish:ireland "
        "scottish:scotland welsh:wales english:england canadian:canada mexican:mexico brazilian:brazil "
        "argentinian:argentina chilean:chile colombian:colombia chinese:china japanese:japan "
        "korean:korea|south_korea indian:india indonesian:indonesia thai:thailand vietnamese:vietnam "
        "australian:australia egyptian:egypt african:africa european:europe asian:asia israeli:israel "
        "iranian:iran saudi:saudi_arabia nigerian:nigeria kenyan:kenya"
    )
)
"""Adjectives of places → the names of the places, as a column may hold them."""
