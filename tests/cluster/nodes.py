"""Three PostgreSQL nodes with Patroni, one etcd, and HAProxy in front of the leader; and what goes wrong with them."""

import http.client
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from process import HOST, Failure, descendants, environment, free_port, signal_all, stop, wait_until

# Seconds: Patroni's shortest lease, and the loop and the timeout that fit into it. Patroni's own default is a lease of 30 s.
LEASE, LOOP, RETRY = 20, 5, 5
# Seconds that an election, a switchover or a new standby may take on a busy machine.
PATIENCE = 150
# Without a proxy for HTTP that the environment names.
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# The standbys that follow, and those that confirm every commit.
REPLICATION = """SELECT count(*) FILTER (WHERE state = 'streaming'), count(*) FILTER (WHERE sync_state = 'sync')
  FROM pg_stat_replication"""
# Patroni's own template (timeouts, inter, fall and rise), with the one line that docs/failover.md demands.
HAPROXY = """global
  maxconn 600
defaults
  mode tcp
  retries 2
  timeout client 30m
  timeout connect 4s
  timeout server 30m
  timeout check 5s
listen primary
  bind {host}:{port}
  option httpchk GET /primary
  http-check expect status 200
  default-server inter 3s fall 3 rise 2 on-marked-down shutdown-sessions
{servers}"""


def call(url, body=None, seconds=3):
    """Status and text of a response, or an OSError."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with DIRECTLY.open(urllib.request.Request(url, data), timeout=seconds) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except http.client.HTTPException as error:
        raise OSError("an incomplete response") from error


class Node:
    """Patroni with its PostgreSQL."""

    def __init__(self, cluster, name):
        self.cluster, self.name, self.process = cluster, name, None
        self.port, self.rest = free_port(), free_port()
        self.data = cluster.folder / name
        self.log = cluster.folder / f"{name}.log"
        # JSON is YAML.
        self.config = cluster.owner.write(cluster.folder / f"{name}.yml", json.dumps(self.settings(), indent=1))

    def settings(self):
        folder = str(self.cluster.folder)
        parameters = {
            "max_connections": 150, "wal_level": "replica", "hot_standby": "on", "wal_log_hints": "on",
            "max_wal_senders": 10, "max_replication_slots": 10, "wal_keep_size": "256MB",
        }
        dynamic = {
            "ttl": LEASE, "loop_wait": LOOP, "retry_timeout": RETRY, "maximum_lag_on_failover": 1048576, "synchronous_mode": True,
            "postgresql": {
                "use_pg_rewind": True, "remove_data_directory_on_rewind_failure": True,
                "remove_data_directory_on_diverged_timelines": True, "parameters": parameters,
            },
        }
        return {
            "scope": "patron", "namespace": "/ha/", "name": self.name,
            "restapi": {"listen": f"{HOST}:{self.rest}", "connect_address": f"{HOST}:{self.rest}"},
            # etcd's v2 interface: Patroni 3.0.2 may lose acknowledged changes with v3 (its pull request 2689).
            "etcd": {"host": f"{HOST}:{self.cluster.etcd_port}"},
            "bootstrap": {
                "dcs": dynamic, "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
                "pg_hba": ["local all all trust", f"host replication repl {HOST}/32 trust", f"host all all {HOST}/32 trust"],
            },
            "postgresql": {
                "listen": f"{HOST}:{self.port}", "connect_address": f"{HOST}:{self.port}", "data_dir": str(self.data),
                "bin_dir": str(self.cluster.programs), "pgpass": f"{folder}/{self.name}.pgpass",
                "authentication": {
                    "superuser": {"username": "postgres", "password": "pg"},
                    "replication": {"username": "repl", "password": "repl"},
                    "rewind": {"username": "rewinder", "password": "rw"},
                },
                "parameters": {"unix_socket_directories": folder, "shared_buffers": "64MB", "logging_collector": "off"},
            },
        }

    def start(self):
        self.process = self.cluster.owner.start(["/usr/bin/patroni", self.config], self.cluster.folder, self.log)

    def processes(self):
        """Patroni and PostgreSQL, which Patroni detaches from itself."""
        roots = [self.process.pid] if self.process and self.process.poll() is None else []
        try:
            server = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            # The file of a killed server stays, and another program may have its id by now.
            if os.readlink(f"/proc/{server}/cwd") == str(self.data):
                roots.append(server)
        except (OSError, ValueError, IndexError):
            pass
        return descendants(roots)

    def kill(self):
        """As a machine that loses its power: every process of the node ends at once."""
        signal_all(self.processes(), signal.SIGKILL)
        if self.process:
            self.process.wait(10)
        wait_until(f"the processes of {self.name} end", 10, lambda: not self.processes())

    def freeze(self):
        frozen = self.processes()
        signal_all(frozen, signal.SIGSTOP)
        return frozen


class Cluster:
    def __init__(self, folder, owner, programs):
        self.folder, self.owner, self.programs = folder, owner, programs
        self.etcd_port, self.port, self.started = free_port(), free_port(), []
        self.nodes = [Node(self, name) for name in ("n1", "n2", "n3")]

    def start(self):
        self.start_etcd()
        first, *others = self.nodes
        first.start()
        wait_until("the first node leads", PATIENCE, self.leader, 0.5)
        for node in others:
            node.start()
        self.wait_whole()
        servers = [f"  server {node.name} {HOST}:{node.port} maxconn 150 check port {node.rest}\n" for node in self.nodes]
        config = HAPROXY.format(host=HOST, port=self.port, servers="".join(servers))
        file = self.owner.write(self.folder / "haproxy.cfg", config)
        self.started.append(self.owner.start(["/usr/sbin/haproxy", "-db", "-f", file], self.folder, self.folder / "haproxy.log"))
        wait_until("the proxy leads to the leader only", 60, self.is_proxied, 0.5)

    def is_proxied(self):
        """HAProxy uses all nodes in turn until its checks have failed."""
        question = "SELECT pg_is_in_recovery()"
        return all(self.query("postgres", question, port=self.port) == [["f"]] for _ in range(2 * len(self.nodes)))

    def start_etcd(self):
        client, peer = f"http://{HOST}:{self.etcd_port}", f"http://{HOST}:{free_port()}"
        command = [
            "etcd", "--name", "etcd", "--data-dir", self.folder / "etcd", "--enable-v2=true", "--initial-cluster", f"etcd={peer}",
            "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer,
        ]
        self.started.append(self.owner.start(command, self.folder, self.folder / "etcd.log"))
        wait_until("etcd responds", 30, lambda: self.responds(f"{client}/health"))

    @staticmethod
    def responds(url):
        try:
            return call(url)[0] == 200
        except OSError:
            return False

    def members(self):
        """The members as Patroni knows them: name, role, state, lag."""
        for node in self.nodes:
            try:
                status, text = call(f"http://{HOST}:{node.rest}/cluster")
            except OSError:
                continue
            if status == 200:
                return json.loads(text)["members"]
        return []

    def node(self, role):
        names = [member["name"] for member in self.members() if member["role"] == role]
        return next((node for node in self.nodes if node.name in names), None)

    def leader(self):
        """The node that leads and accepts writes."""
        node = self.node("leader")
        try:
            return node if node and call(f"http://{HOST}:{node.rest}/primary")[0] == 200 else None
        except OSError:
            return None

    def present_leader(self):
        return wait_until("a node leads", PATIENCE, self.leader)

    def is_whole(self):
        members = self.members()
        roles = sorted(member["role"] for member in members)
        running = all(member["state"] in ("running", "streaming") for member in members)
        leader = self.leader()
        if roles != ["leader", "replica", "sync_standby"] or not running or not leader:
            return False
        return self.query("postgres", REPLICATION, leader) == [["2", "1"]]

    def wait_whole(self):
        """Waits until two standbys follow the leader, one of them synchronously."""
        wait_until("all nodes are in the cluster", PATIENCE, self.is_whole, 0.5)

    def query(self, database, sql, node=None, port=None):
        """The rows of a query, as texts, from this node, this port or the leader; None if the server fails."""
        port = port or (node or self.leader() or self.nodes[0]).port
        command = [
            self.programs / "psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", HOST, "-p", str(port),
            "-U", "postgres", "-d", database, "-c", sql,
        ]
        env = environment(PGCONNECT_TIMEOUT="5")
        try:
            result = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None
        return [line.split("\t") for line in result.stdout.splitlines()]

    def execute(self, database, sql):
        if self.query(database, sql) is None:
            raise Failure(f"the database refused: {sql}")

    def kill_leader(self):
        old = self.present_leader()
        old.kill()
        new = self.wait_other_leader(old)
        old.start()
        return f"{old.name} → {new.name}"

    def switch_over(self):
        old, new = self.present_leader(), self.node("sync_standby")
        status, text = call(f"http://{HOST}:{old.rest}/switchover", {"leader": old.name, "candidate": new.name}, PATIENCE)
        if status != 200:
            raise Failure(f"the switchover was refused: {status} {text}")
        self.wait_other_leader(old)
        return f"{old.name} → {new.name}"

    def freeze_leader(self, seconds):
        old, end = self.present_leader(), time.monotonic() + seconds
        frozen = old.freeze()
        try:
            new = self.wait_other_leader(old)
            time.sleep(max(0, end - time.monotonic()))
        finally:
            signal_all(frozen, signal.SIGCONT)
        return f"{old.name} → {new.name}"

    def wait_other_leader(self, old):
        def other():
            leader = self.leader()
            return leader if leader is not old else None

        return wait_until("another node leads", PATIENCE, other)

    def stop(self):
        """Without a clean shutdown: the data is deleted."""
        for node in self.nodes:
            signal_all(node.processes(), signal.SIGKILL)
            if node.process:
                node.process.wait(10)
        for process in self.started:
            stop(process)


def postgres_programs():
    """The folder of the newest installed PostgreSQL server."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not folders:
        raise Failure("no PostgreSQL server in /usr/lib/postgresql: apt-get install postgresql")
    return max(folders, key=lambda folder: int(folder.parent.name))
