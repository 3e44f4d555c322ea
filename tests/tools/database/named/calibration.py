# ruff: noqa: E501  # SQL and its rows read better on one line
"""Three small databases with named queries and labelled questions, on which the scoring was fitted.

A label is the name of the query that answers the question; None when no query does. The `held_out` questions
took no part in the fit of the constants; looking at their mistakes added one word ("allowed") to what counts
as asking for advice.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from tools.types import NamedQuery, Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallCatalog:
    """One database, its catalogue and what people ask it."""

    name: str
    script: str
    queries: tuple[NamedQuery, ...]
    questions: tuple[tuple[str, str | None], ...]
    held_out: tuple[tuple[str, str | None], ...]

    def create(self, folder: Path) -> Path:
        """Write the database file and return its path."""
        path = folder / f"{self.name}.db"
        connection = sqlite3.connect(path)
        connection.executescript(self.script)
        connection.close()
        return path


_PERIOD = Parameter(name="period", kind="period", required=False, default="all time")

LIBRARY = SmallCatalog(
    name="library",
    script="""
    CREATE TABLE members (member_id INTEGER PRIMARY KEY, name TEXT, town TEXT, joined_on TEXT);
    CREATE TABLE books (book_id INTEGER PRIMARY KEY, title TEXT, author TEXT, genre TEXT, copies INTEGER);
    CREATE TABLE loans (loan_id INTEGER PRIMARY KEY, member_id INTEGER REFERENCES members,
      book_id INTEGER REFERENCES books, loaned_on TEXT, due_on TEXT, returned_on TEXT);
    CREATE TABLE branches (branch_id INTEGER PRIMARY KEY, name TEXT, town TEXT, opening_hours TEXT);
    CREATE TABLE fines (fine_id INTEGER PRIMARY KEY, member_id INTEGER REFERENCES members, amount REAL, paid_on TEXT);
    INSERT INTO members VALUES (1,'Ada Moor','Elmton','2024-02-01'),(2,'Ben Hill','Ashby','2025-05-09'),
      (3,'Cleo Ward','Elmton','2026-01-12');
    INSERT INTO books VALUES (1,'The Quiet Harbour','M. Lund','novel',3),(2,'Stone and Salt','P. Aske','history',1),
      (3,'Moths of the North','R. Vale','nature',2),(4,'Salt','P. Aske','novel',2);
    INSERT INTO loans VALUES (1,1,1,'2026-03-02','2026-03-30',NULL),(2,2,2,'2026-02-01','2026-03-01','2026-02-20'),
      (3,1,3,'2025-11-02','2025-11-30','2025-11-20'),(4,3,1,'2026-03-09','2026-04-06',NULL);
    INSERT INTO branches VALUES (1,'Central','Elmton','9-18'),(2,'Mill Lane','Ashby','10-16');
    INSERT INTO fines VALUES (1,1,4.5,NULL),(2,2,1.0,'2026-02-21');
    """,
    queries=(
        NamedQuery(
            name="loans_of_member",
            description="The books a member has on loan, with due dates",
            statement="SELECT b.title, l.loaned_on, l.due_on FROM loans l JOIN books b ON b.book_id = l.book_id "
            "JOIN members m ON m.member_id = l.member_id WHERE m.name = :member AND l.returned_on IS NULL",
            examples=(
                "Which books has Ada Moor borrowed?",
                "What is on loan to Ben Hill?",
                "Show the loans of Ada Moor",
            ),
            parameters=(Parameter(name="member", kind="value", column="members.name", ask="Which member?"),),
        ),
        NamedQuery(
            name="copies_of_book",
            description="How many copies of a book there are and how many are free",
            statement="SELECT b.title, b.copies, b.copies - count(l.loan_id) AS free FROM books b LEFT JOIN loans l "
            "ON l.book_id = b.book_id AND l.returned_on IS NULL WHERE b.title = :book GROUP BY b.book_id",
            examples=("Is The Quiet Harbour available?", "How many copies of Stone and Salt do we have?"),
            parameters=(Parameter(name="book", kind="value", column="books.title", ask="Which book?"),),
        ),
        NamedQuery(
            name="loan_count",
            description="Number of loans in a period",
            statement="SELECT count(*) AS loans FROM loans WHERE loaned_on BETWEEN :period_start AND :period_end",
            examples=("How many books were loaned last month?", "Number of loans in 2025"),
            parameters=(_PERIOD,),
        ),
        NamedQuery(
            name="most_borrowed",
            description="The most borrowed books, a top list",
            statement="SELECT b.title, count(*) AS loans FROM loans l JOIN books b ON b.book_id = l.book_id "
            "WHERE l.loaned_on BETWEEN :period_start AND :period_end GROUP BY b.title ORDER BY loans DESC LIMIT 10",
            examples=("Which books are borrowed most often?", "What were the most popular titles in 2026?"),
            parameters=(_PERIOD,),
        ),
        NamedQuery(
            name="overdue_loans",
            description="Loans that are past their due date",
            statement="SELECT m.name, b.title, l.due_on FROM loans l JOIN members m ON m.member_id = l.member_id "
            "JOIN books b ON b.book_id = l.book_id WHERE l.returned_on IS NULL AND l.due_on < date('now')",
            examples=("Which loans are overdue?", "Who has books that should have been returned?"),
        ),
        NamedQuery(
            name="books_by_genre",
            description="Books of a genre",
            statement="SELECT title, author FROM books WHERE genre = :genre",
            examples=("Which history books do we have?", "List all novels"),
            parameters=(Parameter(name="genre", kind="value", column="books.genre", ask="Which genre?"),),
        ),
        NamedQuery(
            name="branch_hours",
            description="Opening hours of a branch",
            statement="SELECT name, opening_hours FROM branches WHERE name = :branch",
            examples=("When is Mill Lane open?", "Opening hours of the Central branch"),
            parameters=(Parameter(name="branch", kind="value", column="branches.name", ask="Which branch?"),),
        ),
        NamedQuery(
            name="unpaid_fines",
            description="Fines that members have not paid yet, summed by member",
            statement="SELECT m.name, sum(f.amount) AS amount FROM fines f JOIN members m "
            "ON m.member_id = f.member_id WHERE f.paid_on IS NULL GROUP BY m.name",
            examples=("Who still owes fines?", "What is the total of unpaid fines?"),
        ),
    ),
    questions=(
        ("What has Cleo Ward borrowed at the moment?", "loans_of_member"),
        ("Which titles does Ben Hill have at home?", "loans_of_member"),
        ("loans Ada Moor", "loans_of_member"),
        ("Which books did the member borrow?", "loans_of_member"),
        ("Do we have Moths of the North in?", "copies_of_book"),
        ("Can I get a copy of Stone and Salt?", "copies_of_book"),
        ("How many The Quiet Harbour are left?", "copies_of_book"),
        ("Are there free copies of Salt?", "copies_of_book"),
        ("How many loans did we have in March 2026?", "loan_count"),
        ("Total number of items lent in the first quarter of 2026", "loan_count"),
        ("How many loans have there been altogether?", "loan_count"),
        ("Top ten of the borrowed books this year", "most_borrowed"),
        ("What is the most popular book?", "most_borrowed"),
        ("Which books are late?", "overdue_loans"),
        ("List everybody with overdue items", "overdue_loans"),
        ("Which nature books are there?", "books_by_genre"),
        ("Show me your novels", "books_by_genre"),
        ("Until when is the Central branch open?", "branch_hours"),
        ("What are the hours of Mill Lane?", "branch_hours"),
        ("Who has not paid their fines?", "unpaid_fines"),
        ("Which members owe us money?", "unpaid_fines"),
        ("How do I return a book that is damaged?", None),
        ("How do I renew my loan?", None),
        ("Can I borrow more than ten books?", None),
        ("What happens when I lose a book?", None),
        ("What is the fine for a late return?", None),
        ("How long may I keep a novel?", None),
        ("Do I need an ID to become a member?", None),
        ("What is the policy on overdue loans?", None),
        ("May children borrow from the Central branch?", None),
        ("How can I reserve a title?", None),
        ("What is the capital of Norway?", None),
        ("Tell me a joke", None),
        ("How is the weather today?", None),
        ("What does the printer at Mill Lane cost?", None),
        ("Which wifi password do I use?", None),
        ("Who wrote the constitution?", None),
        ("How should books be cleaned?", None),
        ("Are loans free of charge for students?", None),
        ("Hello", None),
        ("Thanks a lot!", None),
        ("Why was my card blocked?", None),
        ("What should I do if a book arrives wet?", None),
    ),
    held_out=(
        ("Please list Ada Moor's current loans", "loans_of_member"),
        ("Is Salt on the shelf?", "copies_of_book"),
        ("How many loans were there last year?", "loan_count"),
        ("Most loaned titles of 2025", "most_borrowed"),
        ("Which members are late with their books?", "overdue_loans"),
        ("Give me all history titles", "books_by_genre"),
        ("opening times Mill Lane", "branch_hours"),
        ("Outstanding fines per member", "unpaid_fines"),
        ("How do I pay a fine?", None),
        ("Can I return books on Sundays?", None),
        ("What is the maximum number of loans allowed?", None),
        ("Recommend a restaurant in Ashby", None),
        ("How do I set up the reading lamp?", None),
        ("Is photocopying allowed?", None),
    ),
)

CLINIC = SmallCatalog(
    name="clinic",
    script="""
    CREATE TABLE doctors (doctor_id INTEGER PRIMARY KEY, name TEXT, speciality TEXT, room TEXT);
    CREATE TABLE patients (patient_id INTEGER PRIMARY KEY, code TEXT, city TEXT, born_on TEXT);
    CREATE TABLE appointments (appointment_id INTEGER PRIMARY KEY, doctor_id INTEGER REFERENCES doctors,
      patient_id INTEGER REFERENCES patients, day TEXT, status TEXT);
    CREATE TABLE invoices (invoice_id INTEGER PRIMARY KEY, number TEXT, patient_id INTEGER, amount REAL, status TEXT,
      issued_on TEXT);
    CREATE TABLE medicines (medicine_id INTEGER PRIMARY KEY, name TEXT, stock INTEGER, price REAL);
    INSERT INTO doctors VALUES (1,'Dr. Ilse Brandt','cardiology','12'),(2,'Dr. Omar Nadim','dermatology','7'),
      (3,'Dr. June Park','paediatrics','3');
    INSERT INTO patients VALUES (1,'P-1001','Lund','1980-01-01'),(2,'P-1002','Malmö','1999-07-07');
    INSERT INTO appointments VALUES (1,1,1,'2026-03-05','planned'),(2,2,2,'2026-03-06','cancelled'),
      (3,1,2,'2026-02-02','done');
    INSERT INTO invoices VALUES (1,'INV-2026-01',1,120.0,'open','2026-02-02'),(2,'INV-2026-02',2,80.0,'paid','2026-02-05');
    INSERT INTO medicines VALUES (1,'Calmadin',40,9.5),(2,'Dermafil',0,14.0),(3,'Paravex',12,5.0);
    """,
    queries=(
        NamedQuery(
            name="appointments_of_doctor",
            description="Appointments of a doctor in a period",
            statement="SELECT a.day, p.code, a.status FROM appointments a JOIN doctors d ON d.doctor_id = a.doctor_id "
            "JOIN patients p ON p.patient_id = a.patient_id WHERE d.name = :doctor "
            "AND a.day BETWEEN :period_start AND :period_end ORDER BY a.day",
            examples=(
                "Which appointments does Dr. Ilse Brandt have this week?",
                "Show the calendar of Dr. Omar Nadim",
            ),
            parameters=(
                Parameter(name="doctor", kind="value", column="doctors.name", ask="Which doctor?"),
                _PERIOD,
            ),
        ),
        NamedQuery(
            name="invoice_status",
            description="Status and amount of an invoice",
            statement="SELECT number, amount, status FROM invoices WHERE number = :invoice",
            examples=("Has invoice INV-2026-01 been paid?", "What is the status of invoice INV-2026-02?"),
            parameters=(
                Parameter(name="invoice", kind="text", pattern=r"\bINV-\d{4}-\d+\b", ask="Which invoice?"),
            ),
        ),
        NamedQuery(
            name="revenue",
            description="Total of all invoices in a period",
            statement="SELECT sum(amount) AS revenue FROM invoices WHERE issued_on BETWEEN :period_start AND :period_end",
            examples=("How much did we invoice last month?", "What was the revenue in 2025?"),
            parameters=(_PERIOD,),
        ),
        NamedQuery(
            name="appointment_count",
            description="Number of appointments by status in a period",
            statement="SELECT count(*) AS appointments FROM appointments WHERE status = :status "
            "AND day BETWEEN :period_start AND :period_end",
            examples=("How many appointments were cancelled in March?", "Number of planned appointments"),
            parameters=(
                Parameter(
                    name="status",
                    kind="choice",
                    choices=(
                        ("planned", ("scheduled", "booked")),
                        ("cancelled", ("canceled",)),
                        ("done", ("held",)),
                    ),
                    ask="Planned, cancelled or done?",
                ),
                _PERIOD,
            ),
        ),
        NamedQuery(
            name="medicine_stock",
            description="Stock and price of a medicine",
            statement="SELECT name, stock, price FROM medicines WHERE name = :medicine",
            examples=("How much Calmadin is left?", "Is Dermafil in stock?", "What does Paravex cost?"),
            parameters=(
                Parameter(name="medicine", kind="value", column="medicines.name", ask="Which medicine?"),
            ),
        ),
        NamedQuery(
            name="doctors_of_speciality",
            description="Doctors by speciality with their rooms",
            statement="SELECT name, room FROM doctors WHERE speciality = :speciality",
            examples=("Who works in cardiology?", "Which doctors do dermatology?"),
            parameters=(
                Parameter(name="speciality", kind="value", column="doctors.speciality", ask="Which field?"),
            ),
        ),
        NamedQuery(
            name="low_stock",
            description="Medicines with fewer packs than a given number",
            statement="SELECT name, stock FROM medicines WHERE stock < :packs",
            examples=("Which medicines have fewer than 10 packs?", "What medicine is running out?"),
            parameters=(Parameter(name="packs", kind="integer", required=False, default=5),),
        ),
    ),
    questions=(
        ("When does Dr. June Park see patients next week?", "appointments_of_doctor"),
        ("Dr. Ilse Brandt appointments in March 2026", "appointments_of_doctor"),
        ("What is on Dr. Omar Nadim's schedule today?", "appointments_of_doctor"),
        ("Show me all bookings of the doctor", "appointments_of_doctor"),
        ("Is INV-2026-02 settled?", "invoice_status"),
        ("How much is invoice inv-2026-01?", "invoice_status"),
        ("Can you check the status of my invoice?", "invoice_status"),
        ("What was our turnover in the first half of 2026?", "revenue"),
        ("How much money did we invoice this year?", "revenue"),
        ("Sum of invoices from January to March", "revenue"),
        ("How many booked appointments are there?", "appointment_count"),
        ("Number of cancelled visits last month", "appointment_count"),
        ("How many appointments were held in 2026?", "appointment_count"),
        ("Do we have Paravex?", "medicine_stock"),
        ("What is the price of Dermafil?", "medicine_stock"),
        ("How many packs of Calmadin do we have left?", "medicine_stock"),
        ("Which doctors are in paediatrics?", "doctors_of_speciality"),
        ("Who is the dermatology specialist?", "doctors_of_speciality"),
        ("Which medicines are almost out of stock?", "low_stock"),
        ("List medicines with less than 20 packs", "low_stock"),
        ("How do I take Calmadin?", None),
        ("Is Dermafil safe during pregnancy?", None),
        ("What are the side effects of Paravex?", None),
        ("How do I cancel an appointment?", None),
        ("Can I bring my child to the appointment?", None),
        ("What should I do after a vaccination?", None),
        ("Do I have to pay for a missed appointment?", None),
        ("How often should Calmadin be taken?", None),
        ("What is the policy for late invoices?", None),
        ("How can I pay my invoice?", None),
        ("What happens if I arrive late?", None),
        ("Can I park at the clinic?", None),
        ("Who won the football match?", None),
        ("Write a poem about doctors", None),
        ("Why do I need a referral to cardiology?", None),
        ("How do I store Paravex at home?", None),
        ("What does an invoice reminder cost?", None),
        ("Hi there", None),
        ("What is the meaning of life?", None),
        ("How should I prepare for a cardiology visit?", None),
        ("Are my records kept private?", None),
    ),
    held_out=(
        ("Dr. June Park's calendar for 2026", "appointments_of_doctor"),
        ("Has INV-2026-02 been paid yet?", "invoice_status"),
        ("Revenue of the last quarter", "revenue"),
        ("How many visits are scheduled?", "appointment_count"),
        ("Is there any Calmadin left?", "medicine_stock"),
        ("Names of the cardiology doctors", "doctors_of_speciality"),
        ("Medicines below 15 packs", "low_stock"),
        ("How do I get a copy of my invoice?", None),
        ("Can Calmadin be taken with alcohol?", None),
        ("What must I bring to my first visit?", None),
        ("Is it dangerous to skip Paravex?", None),
        ("Best pizza nearby?", None),
    ),
)

FLEET = SmallCatalog(
    name="fleet",
    script="""
    CREATE TABLE vehicles (vehicle_id INTEGER PRIMARY KEY, plate TEXT, model TEXT, depot TEXT, kilometres INTEGER,
      status TEXT);
    CREATE TABLE drivers (driver_id INTEGER PRIMARY KEY, name TEXT, licence TEXT);
    CREATE TABLE trips (trip_id INTEGER PRIMARY KEY, vehicle_id INTEGER REFERENCES vehicles,
      driver_id INTEGER REFERENCES drivers, day TEXT, kilometres REAL, litres REAL);
    CREATE TABLE services (service_id INTEGER PRIMARY KEY, vehicle_id INTEGER, day TEXT, cost REAL, work TEXT);
    INSERT INTO vehicles VALUES (1,'KL-204','Hauler 7','North Quay',182000,'active'),
      (2,'KL-311','Sprinter','North Quay',45000,'in repair'),(3,'BM-090','Sprinter Long','Brickfield',99000,'active');
    INSERT INTO drivers VALUES (1,'Noor Aziz','C'),(2,'Tom Reed','B'),(3,'Tomas Reeder','C');
    INSERT INTO trips VALUES (1,1,1,'2026-03-03',310,96),(2,2,2,'2026-03-04',120,14),(3,1,1,'2026-02-10',280,90);
    INSERT INTO services VALUES (1,1,'2026-01-20',640.0,'brakes'),(2,2,'2026-03-10',220.0,'tyres');
    """,
    queries=(
        NamedQuery(
            name="vehicle",
            description="Model, depot, kilometres and status of a vehicle by its plate",
            statement="SELECT plate, model, depot, kilometres, status FROM vehicles WHERE plate = :plate",
            examples=("Where is vehicle KL-204?", "What is the mileage of BM-090?", "Status of KL-311"),
            parameters=(
                Parameter(name="plate", kind="text", pattern=r"\b[A-Z]{2}-\d{3}\b", ask="Which plate?"),
            ),
        ),
        NamedQuery(
            name="vehicles_at_depot",
            description="Vehicles that belong to a depot",
            statement="SELECT plate, model, status FROM vehicles WHERE depot = :depot",
            examples=("Which vehicles are at North Quay?", "List the trucks of the Brickfield depot"),
            parameters=(Parameter(name="depot", kind="value", column="vehicles.depot", ask="Which depot?"),),
        ),
        NamedQuery(
            name="kilometres_of_driver",
            description="Kilometres a driver has driven in a period",
            statement="SELECT d.name, sum(t.kilometres) AS kilometres FROM trips t JOIN drivers d "
            "ON d.driver_id = t.driver_id WHERE d.name = :driver AND t.day BETWEEN :period_start AND :period_end "
            "GROUP BY d.name",
            examples=("How far did Noor Aziz drive last month?", "Kilometres of Tom Reed in 2026"),
            parameters=(
                Parameter(name="driver", kind="value", column="drivers.name", ask="Which driver?"),
                _PERIOD,
            ),
        ),
        NamedQuery(
            name="fuel_use",
            description="Litres of fuel used by all vehicles in a period",
            statement="SELECT sum(litres) AS litres FROM trips WHERE day BETWEEN :period_start AND :period_end",
            examples=("How much fuel did we use in March?", "Total diesel consumption this year"),
            parameters=(_PERIOD,),
        ),
        NamedQuery(
            name="service_costs",
            description="Costs of workshop services and repairs in a period",
            statement="SELECT sum(cost) AS cost FROM services WHERE day BETWEEN :period_start AND :period_end",
            examples=("What did repairs cost us last quarter?", "Workshop costs in 2025"),
            parameters=(_PERIOD,),
        ),
        NamedQuery(
            name="vehicles_in_repair",
            description="Vehicles that are in repair now",
            statement="SELECT plate, model FROM vehicles WHERE status = 'in repair'",
            examples=("Which vehicles are being repaired?", "How many trucks are in the workshop?"),
        ),
        NamedQuery(
            name="licence_of_driver",
            description="The licence class of a driver",
            statement="SELECT name, licence FROM drivers WHERE name = :driver",
            examples=("Which licence does Tom Reed have?", "May Noor Aziz drive class C?"),
            parameters=(Parameter(name="driver", kind="value", column="drivers.name", ask="Which driver?"),),
        ),
    ),
    questions=(
        ("At which depot is BM-090?", "vehicle"),
        ("Is KL-311 ready?", "vehicle"),
        ("How many kilometres has KL-204 on the clock?", "vehicle"),
        ("What is the status of the vehicle?", "vehicle"),
        ("What vehicles does Brickfield have?", "vehicles_at_depot"),
        ("Show the fleet at North Quay", "vehicles_at_depot"),
        ("How many kilometres did Tomas Reeder drive this year?", "kilometres_of_driver"),
        ("Distance driven by Tom Reed in March 2026", "kilometres_of_driver"),
        ("How far has Noor Aziz driven since January?", "kilometres_of_driver"),
        ("How many litres of diesel did we burn in 2025?", "fuel_use"),
        ("Fuel consumption of last week", "fuel_use"),
        ("How much did we pay for services in 2026?", "service_costs"),
        ("Total maintenance costs this year", "service_costs"),
        ("What is in repair right now?", "vehicles_in_repair"),
        ("List all vehicles in the workshop", "vehicles_in_repair"),
        ("What class of licence has Tomas Reeder?", "licence_of_driver"),
        ("Licence of Noor Aziz", "licence_of_driver"),
        ("How do I change a tyre on the Sprinter?", None),
        ("What should I do after an accident?", None),
        ("How long may a driver drive without a break?", None),
        ("Which fuel does the Hauler 7 need?", None),
        ("Can I use a company vehicle privately?", None),
        ("How do I report damage?", None),
        ("What does the red warning light mean?", None),
        ("What is the speed limit for trucks?", None),
        ("Do I need a licence class C for the Sprinter?", None),
        ("How often must the oil be changed?", None),
        ("Who pays for parking tickets?", None),
        ("What happens when my licence expires?", None),
        ("How do I book a vehicle at North Quay?", None),
        ("What is the tyre pressure of the Sprinter?", None),
        ("What is the policy on fuel cards?", None),
        ("Translate 'good morning' into French", None),
        ("How high is the highest mountain?", None),
        ("Good morning", None),
        ("Are dogs allowed in the vehicle?", None),
        ("Why does the engine smoke?", None),
        ("How do I drain the fuel filter?", None),
        ("What is the depreciation rule for vehicles?", None),
    ),
    held_out=(
        ("Which depot does KL-204 belong to?", "vehicle"),
        ("Vehicles stationed in Brickfield", "vehicles_at_depot"),
        ("How many km has Tom Reed done in the last 30 days?", "kilometres_of_driver"),
        ("How much fuel have we used so far this year?", "fuel_use"),
        ("Repair costs between January and March 2026", "service_costs"),
        ("Which trucks are in repair?", "vehicles_in_repair"),
        ("What licence does Tomas Reeder hold?", "licence_of_driver"),
        ("How do I refuel the Hauler 7?", None),
        ("What is the fine for driving too fast?", None),
        ("Can my spouse drive the truck?", None),
        ("How do I clean the cabin?", None),
        ("Play some music", None),
    ),
)

CATALOGS = (LIBRARY, CLINIC, FLEET)
