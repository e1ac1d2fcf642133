"""Generates the customers of the benchmarks: the same in every run and on both databases."""

import hashlib
import json
import random
import sqlite3
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import bulk

GIVEN_NAMES = ["Amara", "Zofie", "Grace", "Liam", "Rosa", "Uma", "Wei", "Yusuf"]
FAMILY_NAMES = ["Dubois", "Bauer", "Costa", "Jensen", "Rossi", "Tanaka", "Wang", "Petrov", "Kowalski", "Haddad", "Silva"]
PASSWORD = "correct horse battery"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)

# The custom field that every customer has a value of.
FIELD = {"ownerType": "customer", "fieldKey": "tier", "name": "Tier", "fieldType": "short_text"}


def psql(url, sql):
    command = ["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", url]
    return subprocess.run(command, input=sql, check=True, capture_output=True, text=True).stdout


def make_durable(url):
    """Enables durable commits, which the throwaway server disables: the benchmarks include their cost."""
    for setting in ["fsync = on", "synchronous_commit = on", "full_page_writes = on"]:
        psql(url, f"ALTER SYSTEM SET {setting}")
    psql(url, "SELECT pg_reload_conf()")


def password_hash(server, read_hash):
    """Registers a customer with PASSWORD, and returns the hash that patron stored."""
    server.post("/api/customers", {"full_name": "Template", "email": "template@example.com", "password": PASSWORD})
    return read_hash()


def define_field(server):
    """Creates the definition of the custom field."""
    server.post("/api/metafield-definitions", FIELD, server.token)


def load_postgres(url, server, customers):
    bulk.load(url, prepare_postgres(url, server), customers)


def prepare_postgres(url, server):
    """Creates what the customers of a new database need, and returns the hash of their password."""
    define_field(server)
    hash_ = password_hash(server, lambda: psql(url, "SELECT password FROM customer").strip())
    psql(url, "DELETE FROM customer")
    return hash_


def timestamp(seconds):
    return (START - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000+00:00")


def address(number):
    """Telephone number, first line, city and postcode of a customer."""
    city = "Austin" if number % 2 == 0 else f"Town {number % 5000}"
    return f"+1 555 {number:08}", f"Market Street {1 + number % 300}", city, str(10000 + number % 90000)


def address_keys(number):
    """The keys of country, province, city, postcode and telephone number."""
    telephone, _, city, postcode = address(number)
    return "us", "us-tx", city.lower(), postcode, telephone.replace("+", "").replace(" ", "")


def tier(number):
    return "silver" if number % 100 else f"vip {number % 10000}"


def row(number, hash_):
    given = GIVEN_NAMES[number % len(GIVEN_NAMES)]
    name = f"{given} {FAMILY_NAMES[number // len(GIVEN_NAMES) % len(FAMILY_NAMES)]} {number // 88}"
    email = f"customer{number}@example.com"
    telephone, line, city, postcode = address(number)
    text = "\n".join([name, email, telephone, postcode, city, line, address_keys(number)[-1]]).lower()
    last_sign_in_at = timestamp(number * 7919 % 31536000) if number % 3 else None
    meta_data = json.dumps({"custom": {"tier": tier(number)}})
    identifier = hashlib.md5(str(number).encode()).digest()
    return (identifier, 1, 1, email, email, hash_, name, text, timestamp(number), timestamp(number), meta_data, 1,
            last_sign_in_at, 1, number)


def address_row(number):
    telephone, line, city, postcode = address(number)
    identifier = hashlib.md5(f"a{number}".encode()).digest()
    return (identifier, number, row(number, None)[6], telephone, line, city, postcode, "US-TX", "US", 1, *address_keys(number))


def load_sqlite(file, server, customers):
    define_field(server)
    db = sqlite3.connect(file, timeout=60)
    hash_ = password_hash(server, lambda: db.execute("SELECT password FROM customer").fetchone()[0])
    numbers = range(1, customers + 1)

    def insert(table, columns, rows):
        marks = ", ".join("?" * len(columns.split(",")))
        db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)

    with db:
        db.execute("DELETE FROM customer")
        insert("customer", "uuid, status, group_id, email, email_key, password, full_name, search_text, created_at, updated_at, "
               "meta_data, version, last_sign_in_at, metafields_indexed, customer_id", (row(number, hash_) for number in numbers))
        insert("customer_address", "uuid, customer_id, full_name, telephone, address_1, city, postcode, province, country, "
               "is_default, country_key, province_key, city_key, postcode_key, telephone_key", map(address_row, numbers))
        insert("customer_metafield_value", "name, value_key, customer_id",
               (("custom.tier", f"s{tier(number)}", number) for number in numbers))
    db.execute("ANALYZE")
    db.close()


def write_lines(file, texts):
    file.write_text("\n".join(texts) + "\n")
    return file


def samples_sqlite(file, folder, count):
    db = sqlite3.connect(file)
    rows = db.execute("SELECT uuid FROM customer ORDER BY random() LIMIT ?", (count,)).fetchall()
    db.close()
    return [write_lines(folder / "uuids", (str(uuid.UUID(bytes=value)) for (value,) in rows))]


def samples(url, server, folder, count, tokens, page):
    """Writes the files that the scripts of wrk read: uuids, cursors, tokens, keywords."""
    rows = psql(url, f"SELECT uuid, email FROM customer ORDER BY random() LIMIT {count}").split()
    rows = [text.split("|") for text in rows]

    def log_in(email):
        return server.post("/api/customer/tokens", {"email": email, "password": PASSWORD})["data"]["accessToken"]

    with ThreadPoolExecutor(4) as pool:
        access_tokens = list(pool.map(log_in, [email for _, email in rows[:tokens]]))
    total = int(psql(url, "SELECT count(*) FROM customer"))
    # Some names and addresses contain a number of three digits.
    keywords = [f"customer{number}" for number in random.sample(range(100, 1000), 300)]
    return [
        write_lines(folder / "uuids", (identifier for identifier, _ in rows)),
        write_lines(folder / "emails", (email for _, email in rows)),
        write_lines(folder / "tokens", access_tokens),
        write_cursors(server, folder, total),
        write_lines(folder / "middle", [cursor(server, total // 2)]),
        write_lines(folder / "keywords", keywords),
    ]


def write_uuids(folder, customers, count):
    """Writes the uuids of random customers without asking the database, which would sort millions."""
    numbers = (random.randint(1, customers) for _ in range(count))
    return write_lines(folder / "uuids", (str(uuid.UUID(hashlib.md5(str(number).encode()).hexdigest())) for number in numbers))


def write_cursors(server, folder, customers):
    return write_lines(folder / "cursors", [cursor(server, random.randint(100, customers)) for _ in range(500)])


def cursor(server, number):
    """The cursor of a customer. Cursors are opaque: the server returns that of the newest row whose timestamp is not lower. The
    newest rows have the lowest timestamps, and the page after it has those that are older."""
    query = """query ($at: DateTime) { customersConnection(first: 1, filter: {createdAt: {gteq: $at}}) { edges { cursor } } }"""
    at = (START - timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    response = server.post("/api/graphql", {"query": query, "variables": {"at": at}}, server.token)
    return response["data"]["customersConnection"]["edges"][0]["cursor"]


def new_database(server, name):
    """Creates an empty database on the server of this URL, and drops an old one of the same name."""
    drop_database(server, name)
    psql(server, f"CREATE DATABASE bench_{name}")
    return database_url(server, name)


def database_url(server, name):
    return server.replace("/postgres?", f"/bench_{name}?")


def drop_database(server, name):
    psql(server, f"DROP DATABASE IF EXISTS bench_{name} WITH (FORCE)")
