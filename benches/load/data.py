"""Generates the customers of the benchmarks: the same in every run and on both databases."""

import hashlib
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

# The UUID of customer N is the MD5 of N, so that the scripts of pgbench can compute it.
POSTGRES = """
INSERT INTO customer (uuid, status, group_id, email, email_key, password, full_name, search_text, created_at, updated_at, meta_data, version)
SELECT md5(i::text)::uuid, 1, 1, email, email, '{hash}', name, lower(name) || E'\\n' || email, created_at, created_at, '{{}}', 1
FROM (SELECT i, 'customer' || i || '@example.com' AS email,
        (ARRAY{given_names})[1 + i % {given_count}] || ' ' || (ARRAY{family_names})[1 + i / {given_count} % {family_count}] || ' ' || (i / 88) AS name,
        timestamptz '2026-01-01 00:00:00Z' - i * interval '1 second' AS created_at
      FROM generate_series({first}, {last}) AS i) AS numbered;
INSERT INTO customer_address (uuid, customer_id, full_name, telephone, address_1, city, postcode, country, is_default)
SELECT md5('a' || i)::uuid, customer_id, full_name, '+1 555 0100', 'Market Street 1', 'Austin', '78701', 'US', TRUE
FROM generate_series({first}, {last}) AS i JOIN customer ON customer.uuid = md5(i::text)::uuid;
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


def load_postgres(url, server, customers):
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


def row(number, hash_):
    given = GIVEN_NAMES[number % len(GIVEN_NAMES)]
    name = f"{given} {FAMILY_NAMES[number // len(GIVEN_NAMES) % len(FAMILY_NAMES)]} {number // 88}"
    email = f"customer{number}@example.com"
    created_at = (START - timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.000+00:00")
    identifier = hashlib.md5(str(number).encode()).digest()
    return (identifier, 1, 1, email, email, hash_, name, f"{name.lower()}\n{email}", created_at, created_at, "{}", 1)


def load_sqlite(file, server, customers):
    db = sqlite3.connect(file, timeout=60)
    hash_ = password_hash(server, lambda: db.execute("SELECT password FROM customer").fetchone()[0])
    columns = "uuid, status, group_id, email, email_key, password, full_name, search_text, created_at, updated_at, meta_data, version"
    with db:
        db.execute("DELETE FROM customer")
        insert = f"INSERT INTO customer ({columns}) VALUES ({', '.join('?' * 12)})"
        db.executemany(insert, (row(number, hash_) for number in range(1, customers + 1)))
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
