"""Processes on loopback: their ports, their user, and how they are stopped. They belong to one run, and end with it."""

import ctypes
import os
import pwd
import random
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

HOST = "127.0.0.1"
PR_SET_CHILD_SUBREAPER = 36
# Programs that this script starts and waits for itself.
STARTED = {"patroni", "etcd", "haproxy", "patron", "psql"}
_given = set()


class Failure(Exception):
    """The run can't continue, or a check failed."""


def free_port():
    """A port that no program uses, below the range of outgoing connections."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as listener:
            try:
                listener.bind((HOST, port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port


def environment(**settings):
    """The variables of a program: none of the caller's, which may configure it."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **settings}


def wait_until(what, seconds, condition, pause=0.2):
    """Waits until the condition returns something, and returns that."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(pause)


class Owner:
    """The user that runs the servers, since PostgreSQL refuses to run as root."""

    def __init__(self):
        self.options, self.ids = {}, None
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
            self.ids = (entry.pw_uid, entry.pw_gid)
            self.options = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def own(self, path):
        if self.ids:
            os.chown(path, *self.ids)

    def folder(self, path):
        path.mkdir(mode=0o755)
        self.own(path)
        return path

    def write(self, path, text):
        path.write_text(text)
        self.own(path)
        return path

    def start(self, command, folder, log, **env):
        """Starts a program with its own process group, so that a key of the terminal reaches only this script."""
        command, env = [str(part) for part in command], environment(HOME=str(folder), **env)
        with open(log, "ab") as output:
            return subprocess.Popen(
                command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                **self.options)


def _processes():
    """Id, name, state and parent of every process."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path("/proc", entry, "stat").read_text()
            except OSError:
                continue
            # The name of the program, in parentheses, may contain spaces.
            front, _, back = stat.rpartition(")")
            state, parent = back.split()[:2]
            yield int(entry), front.partition("(")[2], state, int(parent)


def descendants(roots):
    """The processes with these ids, and all processes that they have started."""
    children = {}
    for pid, _, _, parent in _processes():
        children.setdefault(parent, []).append(pid)
    found, queue = [], list(roots)
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue += children.get(pid, [])
    return found


def signal_all(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def adopt_orphans():
    """Makes this process the parent of what Patroni detaches, so that nothing outlives it, and no ended PostgreSQL keeps its id."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise Failure(f"prctl: {os.strerror(ctypes.get_errno())}")
    threading.Thread(target=_collect_orphans, daemon=True).start()


def _collect_orphans():
    own = os.getpid()
    while True:
        for pid, name, state, parent in _processes():
            if parent == own and state == "Z" and name not in STARTED:
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    pass
        time.sleep(0.3)


def kill_descendants():
    """Kills every process that is left, of whatever step was interrupted."""
    own = os.getpid()
    wait_until("all processes end", 20, lambda: not _killed(own))


def _killed(own):
    states = {pid: state for pid, _, state, _ in _processes()}
    left = [pid for pid in descendants([own]) if pid != own and states.get(pid, "Z") != "Z"]
    signal_all(left, signal.SIGKILL)
    return left


def stop(process, seconds=15):
    """Ends a program that was started here."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(seconds)
