"""Generates the customers of the benchmarks: the same in every run and on both databases."""

import hashlib
import json
import random
import sqlite3
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

GIVEN_NAMES = ["Amara", "Zofie", "Grace", "Liam", "Rosa", "Uma", "Wei", "Yusuf"]
FAMILY_NAMES = ["Dubois", "Bauer", "Costa", "Jensen", "Rossi", "Tanaka", "Wang", "Petrov", "Kowalski", "Haddad", "Silva"]
PASSWORD = "correct horse battery"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)

# The custom field that every customer has a value of.
FIELD = {"ownerType": "customer", "fieldKey": "tier", "name": "Tier", "fieldType": "short_text"}

# The UUID of customer N is the MD5 of N, so that the scripts of pgbench can compute it. Half of the customers live in
# Austin and nearly all are silver; a town and each other tier have few. A third never logged in.
POSTGRES = """
CREATE TEMPORARY TABLE generated AS
SELECT numbered.*, name || E'\\n' || email || E'\\n' || telephone || E'\\n' || postcode || E'\\n' || city || E'\\n' || address_1 || E'\\n' || translate(telephone, '+ ', '') AS texts
FROM (SELECT i, 'customer' || i || '@example.com' AS email,
        (ARRAY{given_names})[1 + i % {given_count}] || ' ' || (ARRAY{family_names})[1 + i / {given_count} % {family_count}] || ' ' || (i / 88) AS name,
        timestamptz '2026-01-01 00:00:00Z' - i * interval '1 second' AS created_at,
        CASE WHEN i % 3 > 0 THEN timestamptz '2026-01-01 00:00:00Z' - (i::bigint * 7919 % 31536000) * interval '1 second' END AS last_sign_in_at,
        CASE WHEN i % 100 > 0 THEN 'silver' ELSE 'vip ' || i % 10000 END AS tier,
        '+1 555 ' || lpad(i::text, 8, '0') AS telephone, 'Market Street ' || (1 + i % 300) AS address_1,
        CASE WHEN i % 2 = 0 THEN 'Austin' ELSE 'Town ' || i % 5000 END AS city, (10000 + i % 90000)::text AS postcode
      FROM generate_series({first}, {last}) AS i) AS numbered;
INSERT INTO customer (uuid, status, group_id, email, email_key, password, full_name, search_text, created_at, updated_at, meta_data, version, last_sign_in_at, metafields_indexed)
SELECT md5(i::text)::uuid, 1, 1, email, email, '{hash}', name, lower(texts), created_at, created_at, json_build_object('custom', json_build_object('tier', tier)), 1, last_sign_in_at, TRUE
FROM generated;
INSERT INTO customer_address (uuid, customer_id, full_name, telephone, address_1, city, postcode, province, country, is_default, country_key, province_key, city_key, postcode_key, telephone_key)
SELECT md5('a' || i)::uuid, customer_id, full_name, telephone, address_1, city, postcode, 'US-TX', 'US', TRUE, 'us', 'us-tx', lower(city), postcode, translate(telephone, '+ ', '')
FROM generated JOIN customer ON customer.uuid = md5(i::text)::uuid;
INSERT INTO customer_metafield_value (name, value_key, customer_id)
SELECT 'custom.tier', 's' || tier, customer_id FROM generated JOIN customer ON customer.uuid = md5(i::text)::uuid;
DROP TABLE generated;
"""


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
    define_field(server)
    hash_ = password_hash(server, lambda: psql(url, "SELECT password FROM customer").strip())
    psql(url, "DELETE FROM customer")
    add_postgres(url, hash_, 1, customers)


def add_postgres(url, hash_, first, last):
    """Inserts customers with these numbers. Drops the search index first: creating it afterwards is much faster."""
    names = {"given_names": GIVEN_NAMES, "given_count": len(GIVEN_NAMES),
             "family_names": FAMILY_NAMES, "family_count": len(FAMILY_NAMES)}
    index = psql(url, "SELECT indexdef FROM pg_indexes WHERE indexname = 'customer_search_text_idx'")
    psql(url, "DROP INDEX customer_search_text_idx")
    for start in range(first, last + 1, 1_000_000):
        end = min(start + 999_999, last)
        psql(url, POSTGRES.format(hash=hash_, first=start, last=end, **names))
    psql(url, "SET maintenance_work_mem = '1GB';" + index)
    psql(url, "VACUUM ANALYZE")


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
    # Cursors are opaque: the server returns them for rows that are selected by their timestamps.
    query = """query ($at: DateTime) { customersConnection(first: 1, filter: {createdAt: {lteq: $at}}) { edges { cursor } } }"""
    total = int(psql(url, "SELECT count(*) FROM customer"))

    def cursor(number):
        at = (START - timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        response = server.post("/api/graphql", {"query": query, "variables": {"at": at}}, server.token)
        return response["data"]["customersConnection"]["edges"][0]["cursor"]

    positions = [random.randint(1, total - 100) for _ in range(500)]
    # Some names and addresses contain a number of three digits.
    keywords = [f"customer{number}" for number in random.sample(range(100, 1000), 300)]
    return [
        write_lines(folder / "uuids", (identifier for identifier, _ in rows)),
        write_lines(folder / "emails", (email for _, email in rows)),
        write_lines(folder / "tokens", access_tokens),
        write_lines(folder / "cursors", map(cursor, positions)),
        write_lines(folder / "middle", [cursor(total // 2)]),
        write_lines(folder / "keywords", keywords),
    ]


def new_database(server, name):
    """Creates an empty database on the server of this URL, and drops an old one of the same name."""
    drop_database(server, name)
    psql(server, f"CREATE DATABASE bench_{name}")
    return server.replace("/postgres?", f"/bench_{name}?")


def drop_database(server, name):
    psql(server, f"DROP DATABASE IF EXISTS bench_{name} WITH (FORCE)")
