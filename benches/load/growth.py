"""Row 12: the cost of a request as the number of customers grows."""

import statistics

import data
import transfer
from drive import PAGE, wrk
from server import Server

SMALL = 10_000
# Customers that are imported with existing hashes. This measures a create without its hash, whose cost is constant.
IMPORTED = 10_000


def run(bench):
    rates = {}
    url = data.new_database(bench.postgres, "growth")
    hash_ = None
    for first, last in [(1, SMALL), (SMALL + 1, bench.customers)]:
        with Server(bench.folder / "growth", DATABASE_URL=url) as server:
            hash_ = hash_ or data.password_hash(server, lambda: data.psql(url, "SELECT password FROM customer").strip())
            # Also deletes customers that earlier measurements created.
            data.psql(url, "DELETE FROM customer WHERE email NOT LIKE 'customer%'")
            data.add_postgres(url, hash_, first, last)
            files = data.samples(url, server, bench.folder, 20_000, 16, PAGE)
            rates[last] = measure(bench, server)
            rates[last]["create by import, without hashing"] = import_rate(bench, url)
            for file in files:
                file.unlink()
    for what, small in rates[SMALL].items():
        large = rates[bench.customers][what]
        bench.add(12, f"{what}, cost at {bench.customers} customers against {SMALL}", "≤ 1.5", small / large,
                  f"{large:,.0f}/s and {small:,.0f}/s")
    data.drop_database(bench.postgres, "growth")


def measure(bench, server):
    env = {"token": server.token, "folder": bench.folder, "page": PAGE}
    rates = {}
    for what, script, path, connections in [
            ("row 1", "customer.lua", "/api/graphql", 64), ("row 3", "page.lua", "/api/graphql", 64),
            # No more connections than hashes that may wait.
            ("create", "create.lua", "/api/customers", 16)]:
        rounds = []
        # The first round warms up. The number of the round is in the e-mail addresses of created customers.
        for number in range(bench.options.rounds + 1):
            rounds.append(wrk(server.url + path, script, bench.seconds, connections, **env, round=number)[0])
        rates[what] = statistics.median(rounds[1:])
    return rates


def import_rate(bench, url):
    """Imports customers with unused numbers, and returns customers per second."""
    file = bench.folder / "more.csv"
    transfer.write_import(file, range(100_000_000, 100_000_000 + IMPORTED))
    seconds, _ = transfer.patron(url, bench.folder, "import", file)
    data.psql(url, "DELETE FROM customer WHERE email LIKE 'customer1________@example.com'")
    file.unlink()
    return IMPORTED / seconds
