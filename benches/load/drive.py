"""Runs the load generators: wrk for patron, pgbench for the database alone."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

PAGE = """query ($after: String) { customersConnection(first: 20, after: $after) { nodes {
  uuid email fullName status createdAt group { groupName }
  addresses { fullName address1 city postcode telephone country { code } } } } }"""

CHECKED = set()


def wrk(url, script, seconds, connections, **env):
    """Returns requests per second and the 99th percentile in ms. The first call of a script checks the responses."""
    requests = (url, script, env.get("bodies"))
    if "check" not in env and requests not in CHECKED:
        wrk(url, script, 1, 8, **{**env, "check": 1, "round": "check"})
        CHECKED.add(requests)
    command = ["wrk", f"-t{min(2, connections)}", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "--latency", "-s", HERE / script, url]
    env = {**os.environ, **{key.upper(): str(value) for key, value in env.items()}}
    text = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    failures = re.search(r"Non-2xx or 3xx responses: (\d+)", text) or re.search(r"Socket errors: (.*)", text)
    if failures or "errors in bodies: 0" not in text:
        sys.exit(f"{script}: some responses failed\n{text}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    return rate, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def pgbench(url, script, seconds, connections, customers):
    """Returns transactions per second of a script with prepared statements."""
    program = shutil.which("pgbench") or max(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    command = [program, "-n", "-M", "prepared", "-c", str(connections), "-j2", "-T", str(seconds)]
    command += ["-D", f"customers={customers}", "-f", HERE / script, url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = re.search(r"^tps = ([\d.]+)", text, re.M)
    if not rate:
        sys.exit(f"{script}: pgbench finished no transaction. The machine may be busy: use longer rounds (--seconds)\n{text}")
    return float(rate[1])
