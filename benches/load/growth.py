"""Row 12: the cost of a request as the number of customers grows. Both sizes are alive, each with a separate database and a
separate patron, and are driven in turn."""

import hashlib
import shutil
import statistics
from pathlib import Path

import bulk
import data
import transfer
import volume
from drive import PAGE, wrk
from options import SMALL
from server import Server

# Customers that are imported with existing hashes. This measures a create without its hash, whose cost is constant.
IMPORTED = 10_000
# On the disk, for each customer (measured: 1.53 kB), and besides: the write-ahead log, and sorts of indexes.
BYTES_PER_CUSTOMER, OTHER_BYTES = 1_800, 8 * 2**30


class Side:
    """A number of customers, their database, and the patron that serves it."""

    def __init__(self, bench, customers):
        self.bench, self.customers, self.name = bench, customers, f"growth_{customers}"
        self.folder = bench.folder / self.name
        self.folder.mkdir()

    def load(self):
        """Creates the database with its customers."""
        self.url = data.new_database(self.bench.server, self.name)
        with self.start() as server:
            hash_ = data.prepare_postgres(self.url, server)
        # Without patron, whose worker would read the tables while they have no indexes.
        seconds = bulk.load(self.url, hash_, self.customers)
        data.psql(self.url, f"COMMENT ON DATABASE bench_{self.name} IS '{fingerprint(self.url)}'")
        if self.customers > SMALL:
            print(f"      loaded {self.customers:,} customers in {seconds / 60:.1f} minutes", flush=True)

    def reuse(self, expected):
        """Takes the customers that a run with --keep has loaded, if their tables are the same. Returns whether it does."""
        if kept(self.bench, self.name) != expected:
            return False
        print(f"      using the {self.customers:,} customers that a former run kept", flush=True)
        self.url = data.database_url(self.bench.server, self.name)
        self.forget_new()
        return True

    def start(self):
        return Server(self.folder, DATABASE_URL=self.url)

    def forget_new(self):
        """Deletes the customers that were created after the load."""
        data.psql(self.url, f"DELETE FROM customer WHERE customer_id > {self.customers}")
        if self.customers == SMALL:
            # Otherwise as many dead rows as customers would remain.
            data.psql(self.url, f"VACUUM {', '.join(bulk.TABLES)}")

    def import_rate(self, file):
        """Returns the customers per second of an import, whose customers are deleted afterwards."""
        seconds, _ = transfer.patron(self.url, self.folder, "import", file)
        volume.settled(self.url)
        self.forget_new()
        return IMPORTED / seconds


def kept(bench, name):
    """The fingerprint of a database that is there from a former run."""
    return data.psql(bench.server, f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'bench_{name}'").strip()


def fingerprint(url):
    """Identifies the schema and how the customers were generated."""
    versions = data.psql(url, "SELECT version FROM seaql_migrations ORDER BY version")
    return hashlib.sha256("".join([versions, bulk.GENERATED, *bulk.INSERTS, str(data.FIELD), data.PASSWORD]).encode()).hexdigest()


def check_space(bench):
    """Fails at the start, and not after an hour, if the disk is too small."""
    if kept(bench, f"growth_{bench.options.large}"):
        return
    folder = Path(data.psql(bench.server, "SHOW data_directory").strip()).resolve()
    if not folder.exists():
        return  # The server is on another machine.
    needed, free = bench.options.large * BYTES_PER_CUSTOMER + OTHER_BYTES, shutil.disk_usage(folder).free
    if free < needed:
        raise SystemExit(
            f"row 12 needs {needed / 2**30:.0f} GiB in {folder} for {bench.options.large:,} customers, and {free / 2**30:.0f} GiB are free. "
            "Free some, keep the data on another disk (--keep FOLDER), load fewer customers (--large N), or select other rows (--only ROW,ROW…)")


def run(bench):
    small, large = Side(bench, SMALL), Side(bench, bench.options.large)
    small.load()
    if not large.reuse(fingerprint(small.url)):
        large.load()
    with small.start() as first, large.start() as second:
        servers = {small: first, large: second}
        for side, server in servers.items():
            data.write_uuids(side.folder, side.customers, 20_000)
            data.write_cursors(server, side.folder, side.customers)
        for what, script, path, connections in [
                ("row 1", "customer.lua", "/api/graphql", 64), ("row 3", "page.lua", "/api/graphql", 64),
                # No more connections than hashes that may wait.
                ("create", "create.lua", "/api/customers", 16)]:

            def drive(side, number):
                server = servers[side]
                rate = wrk(server.url + path, script, bench.seconds, connections, token=server.token, folder=side.folder, page=PAGE, round=number)[0]
                if what == "create":
                    volume.settled(side.url)
                return rate

            # The first round warms up. The number of the round is in the e-mail addresses of created customers.
            compare(bench, what, "12", (small, large), drive, connections)
        file = bench.folder / "more.csv"
        transfer.write_import(file, range(100_000_000, 100_000_000 + IMPORTED))
        compare(bench, "create by import", "12 import", (small, large), lambda side, _: side.import_rate(file), None)
        file.unlink()
        for side in (small, large):
            side.forget_new()
    data.drop_database(bench.server, small.name)
    if not bench.options.keep:
        data.drop_database(bench.server, large.name)


def compare(bench, what, goal, sides, drive, connections):
    """Drives both sides in turn, and reports how many times as much a request costs on the large one. The side that is first alternates."""
    rates = {side: [] for side in sides}
    for number in range(bench.options.rounds + 1):
        for side in sides if number % 2 else sides[::-1]:
            rates[side].append(drive(side, number))
    small, large = (statistics.median(rates[side][1:]) for side in sides)
    bench.add(12, f"{what}, cost at {sides[1].customers:,} against {SMALL:,}", small / large, f"{large:,.0f}/s and {small:,.0f}/s",
              goal=goal, connections=connections)
