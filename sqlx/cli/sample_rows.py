"""What stands in the sample database: three years of a bookshop, the same on every machine.

All chance comes from one seeded generator, and nothing from the clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from random import Random
from typing import Any, TypeAlias

Row: TypeAlias = tuple[Any, ...]

SEED = 20230101
FIRST_DAY = date(2023, 1, 1)
DAYS = 1096  # to the end of 2025
CUSTOMERS, AUTHORS, BOOKS, EMPLOYEES, ORDERS, REVIEWS = 4000, 700, 1800, 24, 14_000, 6000

CENT = Decimal("0.01")
MONTHS = (0.9, 0.8, 0.9, 0.9, 1.0, 0.9, 1.0, 0.8, 1.0, 1.1, 1.5, 2.2)  # how busy each month is

# country, cities, given names, family names: people and addresses of one place go together
REGIONS = (
    ("Germany", "Berlin Hamburg München Köln Leipzig Görlitz", "Anna Jürgen Lena Björn Käthe Max Sophie Günther",
     "Müller Schmidt Schröder Weiß Krüger Böhm Vogel Schäfer Groß Lange"),
    ("France", "Paris Lyon Nîmes Besançon Orléans Lille", "Chloé René Zoé François Inès Hugo Aimée Noël",
     "Martin Lefèvre Garçon Dubois Durand Mercier Fournier Hébert Bérard Roux"),
    ("Poland", "Kraków Łódź Gdańsk Poznań Wrocław", "Zofia Łukasz Małgorzata Paweł Agnieszka Michał",
     "Nowak Wójcik Kamiński Zieliński Dąbrowski Wiśniewski Mazur Górski"),
    ("Spain", "Madrid Málaga Cádiz Logroño Córdoba", "Lucía José Begoña Álvaro Sofía Martín Inés",
     "García Muñoz Ibáñez Peña López Ordóñez Vázquez Núñez"),
    ("Ireland", "Dublin Cork Galway Sligo", "Aoife Seán Niamh Ciarán Gráinne Liam",
     "O'Brien Murphy Byrne O'Neill Ryan Walsh"),
    ("Czechia", "Praha Brno Plzeň Olomouc", "Jiří Tereza Ondřej Eliška Matěj Růžena",
     "Novák Dvořák Černý Procházka Němec Kučera"),
    ("Greece", "Αθήνα Πάτρα Βόλος", "Ελένη Νίκος Μαρία Γιώργος", "Παπαδόπουλος Νικολάου Γεωργίου Αλεξίου"),
    ("Japan", "東京 京都 大阪 札幌", "陽葵 蓮 結衣 湊 さくら 大翔", "佐藤 鈴木 高橋 田中 渡辺 伊藤"),
)  # fmt: skip
STREETS = (
    "Station Road|Mill Lane|Church Street|Harbour Row|Park Avenue|Linden Walk|Market Square|Old Bridge|Garden Close"
)
CATEGORIES = {
    "Fiction": "Novels|Crime|Science Fiction|Fantasy|Short Stories|Poetry",
    "Knowledge": "History|Science|Mathematics|Computing|Philosophy|Economics",
    "Life": "Cooking|Gardening|Travel|Health|Music|Art",
    "Children": "Picture Books|First Readers|Young Adult",
}
PUBLISHERS = (
    "Halfmoon Press|Lantern & Daughters|Nordlicht Verlag|Éditions du Héron|Casa Olivo|Tidewater Books|Grey Otter|"
    "Wydawnictwo Żuraw|Quill and Anchor|桜書房|Three Bridges|Papyrus Athens|Kestrel House|Little Comet"
)
QUALITIES = (
    "Silent|Last|Hidden|Golden|Broken|Invisible|Northern|Burning|Forgotten|Patient|Ninth|Paper|Glass|Wandering|Blue|"
    "Quiet|Second|Crooked|Distant|Borrowed|Winter|Salt|Velvet|Restless|Honest|Iron|Early|Unwritten|Green|Lost"
)
THINGS = (
    "Garden|River|Lighthouse|Road|Orchard|Map|Archive|Harbour|Clockmaker|Library|Island|Bridge|Comet|Letter|Kitchen|"
    "Mountain|Theatre|Compass|Forest|Violin|Station|Mirror|Beekeeper|Cathedral|Meadow|Engine|Translator|Tide|Atlas|Key"
)
TITLES = (
    "The {quality} {thing}|{thing} of the {quality} {other}|A Short History of the {thing} and the {other}|"
    "{thing} & {other}|Learning the {quality} {thing}|The {thing} Keeper's {quality} {other}|"
    "{quality} {thing}, {quality} {other}|Der {thing} und das {other}|Un {thing} à {other}"
)
JOBS = "Bookseller|Bookseller|Bookseller|Warehouse Clerk|Customer Service|Buyer"
CARRIERS = "Parcelwing|Northpost|Kurier 24|Bicycle"
PRAISE = {  # rating -> titles, texts
    5: ("Wonderful|Wunderbar!|Un chef-d'œuvre|最高でした|Could not stop",
        "Read it in one night. ❤|Das beste Buch des Jahres.|Gave it to everyone I know."),
    4: ("Very good|Sehr schön|Recommended", "A slow start, then a delight.|Beautifully made, too.|Une belle surprise."),
    3: ("All right|Mixed feelings", "Good ideas, uneven chapters.|Ganz nett."),
    2: ("Hm|Expected more", "The index is missing.|Too long by half."),
    1: ("Not for me|Schade", "Arrived damaged.|I gave up on page 40."),
}  # fmt: skip
NOTES = "Please wrap as a gift|Leave with the neighbour|Ring twice|Bitte nicht knicken!|Après 18 h, s'il vous plaît"


class Bookshop:
    """The rows of every table, in an order in which what is referred to comes first."""

    def __init__(self) -> None:
        self._random = Random(SEED)
        self.categories = self._categories()
        self.publishers = [(key, name, self._place()[0]) for key, name in enumerate(PUBLISHERS.split("|"), 1)]
        self.authors = [self._author(key) for key in range(1, AUTHORS + 1)]
        self.books = [self._book(key) for key in range(1, BOOKS + 1)]
        self.book_authors = list(self._book_authors())
        self.employees = [self._employee(key) for key in range(1, EMPLOYEES + 1)]
        self.customers = self._customers()
        self.addresses = list(self._addresses())
        self.orders: list[Row] = []
        self.order_lines: list[Row] = []
        self.payments: list[Row] = []
        self.shipments: list[Row] = []
        self._take_orders()
        self.reviews = self._reviews()

    def tables(self) -> dict[str, list[Row]]:
        """Table name -> rows."""
        return {name: rows for name, rows in vars(self).items() if not name.startswith("_")}

    def _pick(self, words: str, separator: str = "|") -> str:
        return self._random.choice(words.split(separator))

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _place(self) -> Row:
        """Country, city, given name and family name of one region; the first are the most frequent."""
        country, cities, given, family = REGIONS[int(len(REGIONS) * self._random.random() ** 1.6)]
        return country, self._pick(cities, " "), self._pick(given, " "), self._pick(family, " ")

    def _day(self, first: date, last: date) -> date:
        return first + timedelta(self._random.randrange((last - first).days + 1))

    # -- what is sold

    def _categories(self) -> list[Row]:
        rows: list[Row] = [(key, None, name) for key, name in enumerate(CATEGORIES, 1)]
        for parent, names in enumerate(CATEGORIES.values(), 1):
            rows += [(key, parent, name) for key, name in enumerate(names.split("|"), len(rows) + 1)]
        return rows

    def _author(self, key: int) -> Row:
        country, _, given, family = self._place()
        born = self._random.randrange(1880, 1996) if self._chance(0.85) else None
        return key, f"{given} {family}", born, country

    def _book(self, key: int) -> Row:
        thing, other = self._random.sample(THINGS.split("|"), 2)
        title = self._pick(TITLES).format(quality=self._pick(QUALITIES), thing=thing, other=other)
        subtitle = f"Notes on a {self._pick(QUALITIES)} {self._pick(THINGS)}" if self._chance(0.25) else None
        category = self._random.randrange(len(CATEGORIES) + 1, len(self.categories) + 1)
        price = Decimal(self._random.randrange(5, 46)) + Decimal(self._random.choice((50, 90, 95, 99))) / 100
        isbn = _isbn(978_000_000_000 + key * 549_755 % 1_000_000_000)
        published = self._day(date(1955, 1, 1), date(2022, 12, 31))
        pages = int(self._random.triangular(48, 980, 290))
        stock = 0 if self._chance(0.06) else self._random.randrange(1, 80)
        publisher = self._random.randrange(1, len(self.publishers) + 1)
        return key, isbn, title, subtitle, category, publisher, published, pages, price, stock

    def _book_authors(self) -> Iterator[Row]:
        for book in self.books:
            count = 1 if self._chance(0.84) else self._random.choice((2, 2, 3))
            for position, author in enumerate(self._random.sample(range(AUTHORS), count), 1):
                yield book[0], author + 1, position

    # -- who sells and who buys

    def _employee(self, key: int) -> Row:
        _, _, given, family = self._place()
        job = "Owner" if key == 1 else "Manager" if key <= 4 else self._pick(JOBS)
        manager = None if key == 1 else 1 if key <= 4 else self._random.randrange(2, 5)
        salary = Decimal({"Owner": 84_000, "Manager": 61_000}.get(job, 34_000) + self._random.randrange(80) * 100)
        return key, f"{given} {family}", job, manager, self._day(date(2009, 3, 1), FIRST_DAY), salary

    def _customers(self) -> list[Row]:
        joined = sorted(
            self._day(FIRST_DAY - timedelta(400), FIRST_DAY + timedelta(DAYS - 1)) for _ in range(CUSTOMERS)
        )
        return [self._customer(key, day) for key, day in enumerate(joined, 1)]

    def _customer(self, key: int, joined: date) -> Row:
        country, _, given, family = self._place()
        phone = (
            f"+{self._random.randrange(30, 99)} {self._random.randrange(10**8, 10**9)}" if self._chance(0.6) else None
        )
        birthday = self._day(date(1938, 1, 1), date(2006, 12, 31)) if self._chance(0.45) else None
        return key, given, family, f"reader{key}@example.com", phone, birthday, country, joined, self._chance(0.35)

    def _addresses(self) -> Iterator[Row]:
        key = 0
        cities = {country: names for country, names, _, _ in REGIONS}
        for customer in self.customers:
            for kind in ("home", "work") if self._chance(0.2) else ("home",):
                key += 1
                street = f"{self._pick(STREETS)} {self._random.randrange(1, 180)}"
                city = self._pick(cities[customer[6]], " ")
                yield key, customer[0], kind, street, f"{self._random.randrange(1000, 99999):05}", city, customer[6]

    # -- what happened

    def _take_orders(self) -> None:
        addresses: dict[int, list[int]] = {}
        for address in self.addresses:
            addresses.setdefault(address[1], []).append(address[0])
        joined = [customer[7] for customer in self.customers]
        popularity = list(accumulate(1 / (rank + 8) for rank in range(BOOKS)))
        by_rank = self._random.sample(range(BOOKS), BOOKS)
        for key, moment in enumerate(self._moments(), 1):
            known = bisect_right(joined, moment.date())
            customer = int(known * self._random.random() ** 1.4) + 1
            ranks = self._random.choices(
                range(BOOKS), cum_weights=popularity, k=self._random.choice((1, 1, 2, 2, 3, 5))
            )
            books = [self.books[by_rank[rank]] for rank in dict.fromkeys(ranks)]
            self._take_order(key, moment, customer, self._random.choice(addresses[customer]), books)

    def _moments(self) -> list[datetime]:
        """When orders came in: more every year, most before the holidays, few at night."""
        days = [FIRST_DAY + timedelta(number) for number in range(DAYS)]
        busy = list(accumulate((1 + number / DAYS) * MONTHS[day.month - 1] for number, day in enumerate(days)))
        taken = self._random.choices(days, cum_weights=busy, k=ORDERS)
        return sorted(
            datetime.combine(day, time()) + timedelta(seconds=int(self._random.triangular(0, 86_399, 68_000)))
            for day in taken
        )

    def _take_order(self, key: int, moment: datetime, customer: int, address: int, books: list[Row]) -> None:
        total = Decimal(0)
        for line, book in enumerate(books, 1):
            quantity = self._random.choices((1, 2, 3, 10), (88, 8, 3, 1))[0]
            discount = self._random.choices((0, 10, 25), (85, 11, 4))[0]
            price = (book[8] * (100 - discount) / 100).quantize(CENT)
            total += price * quantity
            self.order_lines.append((key, line, book[0], quantity, price, discount))
        shipping = Decimal(0) if total >= 40 else Decimal("3.90")
        status = self._status(moment)
        clerk = self._random.randrange(5, EMPLOYEES + 1) if self._chance(0.3) else None
        note = self._pick(NOTES) if self._chance(0.05) else None
        self.orders.append((key, customer, address, clerk, moment, status, shipping, note))
        if status not in ("new", "cancelled"):
            self._settle(key, moment, status, total + shipping)

    def _status(self, moment: datetime) -> str:
        age = (FIRST_DAY + timedelta(DAYS) - moment.date()).days
        if age <= 10:
            return self._pick("new|paid|shipped|shipped")
        return self._random.choices(("delivered", "returned", "cancelled"), (93, 3, 4))[0]

    def _settle(self, order: int, moment: datetime, status: str, amount: Decimal) -> None:
        """Payment, shipment, and the money back for what was returned."""
        paid = moment + timedelta(minutes=self._random.choice((0, 1, 2, 5, 3000)))
        method = self._random.choices(("card", "transfer", "invoice", "voucher"), (60, 20, 15, 5))[0]
        self.payments.append((len(self.payments) + 1, order, method, amount, paid))
        if status == "paid":
            return
        shipped = paid + timedelta(hours=self._random.randrange(4, 60))
        delivered = None if status == "shipped" else shipped + timedelta(hours=self._random.randrange(20, 150))
        tracking = f"{self._random.randrange(10**11):011}" if self._chance(0.9) else None
        self.shipments.append((len(self.shipments) + 1, order, self._pick(CARRIERS), tracking, shipped, delivered))
        if status == "returned" and delivered is not None:
            back = delivered + timedelta(days=self._random.randrange(2, 20))
            self.payments.append((len(self.payments) + 1, order, method, -amount, back))

    def _reviews(self) -> list[Row]:
        """One review at most of a customer and a book, of something that was delivered."""
        delivered = {shipment[1]: shipment[5] for shipment in self.shipments if shipment[5] is not None}
        bought = {(line[2], self.orders[line[0] - 1][1]): line[0] for line in self.order_lines if line[0] in delivered}
        chosen = self._random.sample(list(bought.items()), REVIEWS)
        written = sorted(
            (delivered[order] + timedelta(hours=self._random.randrange(8, 900)), *who) for who, order in chosen
        )
        return [self._review(key, *which) for key, which in enumerate(written, 1)]

    def _review(self, key: int, moment: datetime, book: int, customer: int) -> Row:
        rating = self._random.choices((5, 4, 3, 2, 1), (44, 30, 14, 7, 5))[0]
        titles, bodies = PRAISE[rating]
        title = self._pick(titles) if self._chance(0.8) else None
        body = self._pick(bodies) if self._chance(0.6) else None
        return key, book, customer, rating, title, body, moment


def _isbn(twelve: int) -> str:
    """Twelve digits and the check digit of ISBN-13."""
    digits = str(twelve)
    check = -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10
    return f"{digits}{check}"
