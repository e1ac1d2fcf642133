"""Breaks the database under two patrons, and checks that nothing acknowledged is lost or made twice. Started by tests/failover."""

import argparse
import platform
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from checks import Checks, check_database, check_receivers, check_responses, wait_until_sent
from load import Load
from nodes import Cluster, postgres_programs
from patrons import start_patrons
from process import HOST, Failure, Owner, adopt_orphans, kill_descendants, wait_until
from receivers import Receivers

# Seconds by which the outage of writes may exceed that of the proxy.
MARGIN = 1.0
# Seconds of load before the first fault, and after each one.
CALM = 5
# Seconds after which writes that are still refused end the run.
RECOVERY = 240
# Seconds that a frozen leader stays frozen: longer than its lease and the checks of the proxy.
FROZEN = 45


def options():
    parser = argparse.ArgumentParser(prog="tests/failover")
    parser.add_argument("--kills", type=int, default=10, help="kill -9 of all processes of the leader (10)")
    parser.add_argument("--switchovers", type=int, default=5, help="planned switchovers (5)")
    parser.add_argument("--freezes", type=int, default=2, help=f"the leader is stopped for {FROZEN} s, and continues (2)")
    parser.add_argument("--writers", type=int, default=4, help="clients of each instance (4)")
    parser.add_argument("--wait", type=int, default=10, help="PATRON_DATABASE_WAIT in seconds (10)")
    parser.add_argument("--program", required=True, help="the program of patron")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs")
    return parser.parse_args()


def order(chosen):
    """The faults, each kind spread over the run."""
    kinds = {"kill": chosen.kills, "switchover": chosen.switchovers, "freeze": chosen.freezes}
    faults = [((number + 0.5) / count, kind) for kind, count in kinds.items() for number in range(count)]
    return [kind for _, kind in sorted(faults)]


def cause(kind, cluster):
    if kind == "kill":
        return cluster.kill_leader()
    return cluster.switch_over() if kind == "switchover" else cluster.freeze_leader(FROZEN)


def break_repeatedly(cluster, load, kinds, checks):
    time.sleep(CALM)
    print("\nLongest time without an acknowledged write; longest response to a request, and to a probe of readiness", flush=True)
    print(f"    {'fault':<11}{'leader':<10}{'proxy':>8}{'patron a':>10}{'patron b':>10}{'request':>9}{'readiness':>11}", flush=True)
    late = []
    for number, kind in enumerate(kinds, 1):
        start = time.monotonic()
        moved = cause(kind, cluster)
        cluster.wait_whole()
        for pause in (CALM, 0):
            wait_until("the proxy and both instances accept writes", RECOVERY, load.is_accepted)
            time.sleep(pause)
        end = time.monotonic()
        proxy = load.proxy.outage(start, end)
        outages = [series.outage(start, end) for series in load.writes]
        longest, readiness = (max(each.longest(start, end) for each in series) for series in (load.writes, load.readiness))
        seconds = "".join(f"{outage:>8.1f} s" for outage in outages)
        print(f"{number:>2}  {kind:<11}{moved:<10}{proxy:>6.1f} s{seconds}{longest:>7.1f} s{readiness:>9.1f} s", flush=True)
        late += [f"{kind} {number}: {outage:.1f} s, the proxy {proxy:.1f} s" for outage in outages if outage > proxy + MARGIN]
        if load.over.is_set():
            break
    checks.add(f"no outage of writes is more than {MARGIN:.0f} s longer than the proxy's", late)


def play(chosen, folder, running):
    owner = Owner()
    owner.own(folder)
    folder.chmod(0o755)
    # The servers' user may not reach the folder of the sources.
    program = folder / "patron"
    shutil.copy(chosen.program, program)
    program.chmod(0o755)
    cluster = Cluster(folder, owner, postgres_programs())
    running.append(cluster)
    began = time.monotonic()
    cluster.start()
    receivers = Receivers()
    running.append(receivers)
    patrons, token = start_patrons(program, cluster, receivers, chosen.wait)
    running.extend(patrons)
    print(f"three nodes, etcd, HAProxy and two patrons run after {time.monotonic() - began:.0f} s; logs in {folder}", flush=True)
    psql = [
        cluster.programs / "psql", "-X", "-q", "-h", HOST, "-p", str(cluster.port), "-U", "postgres", "-d", "probe",
        "-c", "INSERT INTO probe DEFAULT VALUES",
    ]
    checks = Checks()
    load = Load(patrons, token, chosen.writers, psql)
    running.append(load)
    break_repeatedly(cluster, load, order(chosen), checks)
    load.finish()
    wait_until_sent(cluster, checks)
    check_database(cluster, load.customers, checks)
    check_receivers(receivers, load.customers, checks)
    check_responses(load, patrons, chosen.wait, checks)
    report(load, checks, time.monotonic() - began)
    return checks.has_passed()


def report(load, checks, seconds):
    statuses = sum((series.statuses for series in load.writes), start=Counter())
    counts = ", ".join(f"{count} with {status}" for status, count in statuses.most_common())
    print(f"\n{statuses.total()} requests ({counts}) on {platform.machine()} in {seconds / 60:.1f} minutes", flush=True)
    checks.print()


def interrupted(number, _):
    raise SystemExit(128 + number)


def main():
    chosen = options()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, interrupted)
    adopt_orphans()
    # Directly in /tmp: the path of a socket is limited to about 100 characters.
    folder, running, passed = Path(tempfile.mkdtemp(prefix="patron-failover.", dir="/tmp")), [], False
    try:
        passed = play(chosen, folder, running)
    except Failure as failure:
        print(f"tests/failover: {failure}", file=sys.stderr)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for part in reversed(running):
            try:
                part.stop()
            except Exception as error:
                print(f"tests/failover: {part} did not stop: {error}", file=sys.stderr)
        kill_descendants()
        if chosen.keep or not passed:
            print(f"tests/failover: the logs are in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)
    sys.exit(0 if passed else 1)


main()
