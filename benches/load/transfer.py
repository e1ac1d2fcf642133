"""Row 13: import and export of customers."""

import csv
import os
import re
import statistics
import subprocess
import time
import uuid
from pathlib import Path

import data
from server import program

COLUMNS = ["email", "full_name", "password_hash", "created_at"]
ADDRESS = ["full_name", "telephone", "address_1", "city", "province", "postcode", "country", "is_default"]
# A hash without a known password; only its length matters.
HASH = "$argon2id$v=19$m=19456,t=2,p=1$oGPmnthp0b0nNkYB0v+2lA$vYIEGFsaTbK+1+MplnLgRABV2VT4pM27w61HHav44Rs"

COPY = """
\\copy customer (uuid, status, group_id, email, email_key, password, full_name, search_text, created_at, updated_at, meta_data, version, customer_id, metafields_indexed) FROM '{folder}/customers.copy'
\\copy customer_address (uuid, customer_id, full_name, telephone, address_1, city, province, postcode, country, is_default, created_at, updated_at, country_key, province_key, city_key, postcode_key, telephone_key) FROM '{folder}/addresses.copy'
"""


def address(number, name):
    telephone, line, city, postcode = data.address(number)
    return [name, telephone, line, city, "US-TX", postcode, "US"]


def write_import(path, numbers):
    """Writes customers as a file for `patron import`."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS + [f"addresses.1.{name}" for name in ADDRESS])
        for number in numbers:
            _, _, _, email, _, _, name, _, created_at, *_ = data.row(number, HASH)
            writer.writerow([email, name, HASH, created_at.replace("+00:00", "Z"), *address(number, name), "true"])


def write_copy(folder, numbers):
    """Writes the same customers as rows of the tables, for `\\copy`."""
    with open(folder / "customers.copy", "w") as customers, open(folder / "addresses.copy", "w") as addresses:
        for number in numbers:
            _, _, _, email, key, _, name, text, created_at, *_ = data.row(number, HASH)
            # Random UUIDs, as patron generates them, since their order determines the cost of the index.
            row = [str(uuid.uuid4()), "1", "1", email, key, HASH, name, text.replace("\n", "\\n"), created_at, created_at, "{}", "1", str(number), "t"]
            customers.write("\t".join(row) + "\n")
            row = [str(uuid.uuid4()), str(number), *address(number, name), "t", created_at, created_at, *data.address_keys(number)]
            addresses.write("\t".join(row) + "\n")


def patron(url, folder, *arguments):
    """Runs the program, and returns its seconds and peak memory in MB."""
    env = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "PATRON_DATA_DIR": str(folder), "PATRON_LOG": "warn"}
    start, peak = time.perf_counter(), 0
    with open(folder / "output", "w") as output:
        process = subprocess.Popen([program(), *arguments], env=env, stdout=output, stderr=output)
        while process.poll() is None:
            peak = max(peak, peak_memory(process.pid))
            time.sleep(0.02)
    if process.returncode != 0:
        raise SystemExit(f"patron {' '.join(map(str, arguments))}: {(folder / 'output').read_text()}")
    return time.perf_counter() - start, peak


def peak_memory(pid):
    """Returns the peak memory of a running process in MB. The system's figures of ended children include their parent."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    match = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(match[1]) / 1024 if match else 0


def fresh(bench):
    url = data.new_database(bench.server, "transfer")
    patron(url, bench.folder, "migrate", "up")
    return url


def run(bench):
    folder = bench.folder
    write_import(folder / "import.csv", range(1, bench.customers // 10 + 1))
    _, small = patron(fresh(bench), folder, "import", folder / "import.csv")
    write_import(folder / "import.csv", range(1, bench.customers + 1))
    write_copy(folder, range(1, bench.customers + 1))
    ours, copies, memory = [], [], []
    for _ in range(bench.options.rounds):
        url = fresh(bench)
        start = time.perf_counter()
        data.psql(url, COPY.format(folder=folder))
        copies.append(time.perf_counter() - start)
        url = fresh(bench)
        seconds, peak = patron(url, folder, "import", folder / "import.csv")
        ours.append(seconds)
        memory.append(peak)
        count = int(data.psql(url, "SELECT count(*) FROM customer JOIN customer_address USING (customer_id)"))
        if count != bench.customers:
            raise SystemExit(f"{count} of {bench.customers} customers were imported")
    seconds_of_import, seconds_of_copy = statistics.median(ours), statistics.median(copies)
    bench.add(13, "import against \\copy of the same rows, time", seconds_of_import / seconds_of_copy,
              f"{seconds_of_import:.1f} s ({bench.customers / seconds_of_import:,.0f}/s) and {seconds_of_copy:.1f} s", goal="13")
    bench.add(13, "import, peak memory", statistics.median(memory), f"{small:.0f} MB for a tenth of the rows", unit="MB")
    seconds, peak = patron(url, folder, "export", "--output", folder / "export.ndjson")
    bench.add(13, "export, peak memory", peak, f"{seconds:.1f} s ({bench.customers / seconds:,.0f}/s)", unit="MB")
    data.drop_database(bench.server, "transfer")
    for name in ["import.csv", "customers.copy", "addresses.copy", "export.ndjson"]:
        (folder / name).unlink()
