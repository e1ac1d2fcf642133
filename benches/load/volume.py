"""Rows 18 to 20: what a customer and a change need on PostgreSQL: bytes in tables, indexes and the write-ahead log, and publishing."""

import itertools
import json
import time
import urllib.request

import data
from bulk import TABLES

REQUESTS = 80  # of each kind, one after the other; fewer registrations than one network address may send
ENTRIES = 50_000  # journal entries that are published at once


def run(bench, server):
    if bench.is_selected(18):
        sizes(bench)
    if bench.is_selected(19):
        # The first change of each page after a checkpoint logs the whole page (a full page image), unless that is off.
        for full_pages, compressed, how in [("off", "off", "later changes"), ("on", "off", "after a checkpoint"), ("on", "on", "after a checkpoint, wal_compression")]:
            for setting in [f"full_page_writes = {full_pages}", f"wal_compression = {compressed}"]:
                data.psql(bench.postgres, f"ALTER SYSTEM SET {setting}")
            data.psql(bench.postgres, "SELECT pg_reload_conf()")
            time.sleep(0.5)
            changes(bench, server, how)
        data.psql(bench.postgres, "ALTER SYSTEM RESET wal_compression")
        data.psql(bench.postgres, "SELECT pg_reload_conf()")
    if bench.is_selected(20):
        publish(bench, server)


def sizes(bench):
    tables, indexes = size(bench.postgres, "table"), size(bench.postgres, "indexes")
    bench.add(18, "a customer with an address, in tables and indexes", (tables + indexes) / bench.customers,
              f"{tables / bench.customers:,.0f} in tables, {indexes / bench.customers:,.0f} in indexes", unit="bytes")


def size(url, kind):
    return int(data.psql(url, "SELECT " + " + ".join(f"pg_{kind}_size('{table}')" for table in TABLES)))


def changes(bench, server, how):
    emails = data.psql(bench.postgres, f"SELECT uuid, email FROM customer WHERE email LIKE 'customer%' ORDER BY random() LIMIT {REQUESTS}").split()
    customers = [line.split("|") for line in emails]
    number = itertools.count(time.time_ns())
    register = lambda _: server.post("/api/customers", {"full_name": "Zofie Tanaka", "email": f"new{next(number)}@example.com", "password": data.PASSWORD})
    log_in = lambda customer: server.post("/api/customer/tokens", {"email": customer[1], "password": data.PASSWORD})["data"]
    tokens = []
    measure(bench, f"registration, {how}", register, customers)
    measure(bench, f"login, {how}", lambda customer: tokens.append(log_in(customer)["refreshToken"]), customers)
    measure(bench, f"refresh, {how}", lambda token: server.post("/api/customer/token/refresh", {"refreshToken": token}), tokens)
    measure(bench, f"PATCH of a name, {how}", lambda customer: patch(server, customer[0], f"Zofie Tanaka {next(number)}"), customers)


def measure(bench, what, request, items):
    """Measures the requests with the work that follows from them: mails, events."""
    settled(bench.postgres)
    data.psql(bench.postgres, "CHECKPOINT")
    written, entries = settled(bench.postgres), rows(bench.postgres)
    for item in items:
        request(item)
    entries = rows(bench.postgres) - entries
    bytes_ = (settled(bench.postgres) - written) / len(items)
    bench.add(19, f"in the write-ahead log: {what}", bytes_, f"{entries / len(items):.1f} journal entries each", unit="bytes")


def publish(bench, server):
    """Inserts journal entries of logins, and waits until one worker after the other has published them."""
    email = data.psql(bench.postgres, "SELECT email FROM customer LIMIT 1").strip()
    server.post("/api/customer/tokens", {"email": email, "password": data.PASSWORD})
    settled(bench.postgres)
    copied = "kind, schema_version, data, fields, before, actor, token_id, ip_address, user_agent"
    before, start = journal_size(bench.postgres), time.perf_counter()
    data.psql(bench.postgres, f"""INSERT INTO journal_entry (uuid, record, customer_uuid, sequence, created_at, request_id, actor_uuid, {copied})
        SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), i, now() + i * interval '1 ms', md5(i::text), actor_uuid, {copied}
        FROM (SELECT * FROM journal_entry WHERE kind = 'session.created' LIMIT 1) AS login, generate_series(1, {ENTRIES}) AS i""")
    inserted = time.perf_counter()
    while not is_published(bench.postgres):
        time.sleep(0.1)
    rate = ENTRIES / (time.perf_counter() - inserted)
    published = (journal_size(bench.postgres) - before) / ENTRIES
    data.psql(bench.postgres, "VACUUM FULL journal_entry")
    bench.add(20, "journal entries published", rate, f"inserted in {inserted - start:.1f} s", unit="/s")
    bench.add(20, "a journal entry, with indexes", (journal_size(bench.postgres) - before) / ENTRIES,
              f"{published:,.0f} before the space of its unpublished version is used again", unit="bytes")


def journal_size(url):
    return int(data.psql(url, "SELECT pg_total_relation_size('journal_entry')"))


def is_published(url):
    return data.psql(url, "SELECT count(*) FROM journal_entry WHERE position IS NULL").strip() == "0"


def settled(url):
    """The position in the write-ahead log, when the worker has nothing left to do."""
    while not is_published(url) or data.psql(url, "SELECT count(*) FROM mail WHERE status = 'pending'").strip() != "0":
        time.sleep(0.2)
    time.sleep(1)
    return int(data.psql(url, "SELECT pg_current_wal_insert_lsn() - '0/0'"))


def rows(url):
    return int(data.psql(url, "SELECT count(*) FROM journal_entry"))


def patch(server, customer, name):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {server.token}"}
    request = urllib.request.Request(f"{server.url}/api/customers/{customer}", json.dumps({"full_name": name}).encode(), headers, method="PATCH")
    urllib.request.urlopen(request, timeout=60).read()
