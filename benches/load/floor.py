"""Row 0: the bytes of row 1 from a bare handler over patron's connections (benches/http)."""

import json
import re
import socket
import subprocess
import time
from urllib.parse import urlsplit

from server import free_port, program

QUERY = "query($id:String){customer(id:$id){uuid email fullName status createdAt updatedAt}}"


class Floor:
    """The bare handler, with the settings and the keys of a running patron."""

    def __init__(self, server, folder, identifier):
        self.server, self.file, self.token = server, folder / "response", server.token
        self.body = json.dumps({"query": QUERY, "variables": {"id": identifier}}).encode()

    def __enter__(self):
        expected = exchange(self.server.url, self.body, self.token)
        self.file.write_bytes(expected)
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}"
        self.process = subprocess.Popen([program("bare-http"), self.file], env={**self.server.env, "PATRON_LISTEN": address})
        try:
            actual = self.first_response()
            if without_date(actual) != without_date(expected):
                raise SystemExit(f"bare-http: its response differs from patron's:\n{actual.decode()}\n\n{expected.decode()}")
            if b" 200 " in exchange(self.url, self.body, self.token[:-2]).split(b"\r\n")[0]:
                raise SystemExit("bare-http: it accepts a token with a wrong signature")
        except BaseException:
            self.__exit__()
            raise
        return self

    def first_response(self):
        for _ in range(500):
            if self.process.poll() is not None:
                raise SystemExit("bare-http did not start; its error is above")
            try:
                return exchange(self.url, self.body, self.token)
            except ConnectionRefusedError:
                time.sleep(0.02)
        raise SystemExit("bare-http does not accept connections")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.file.unlink()


def exchange(url, body, token):
    """Sends a POST to GraphQL, and returns the bytes of the response."""
    address = urlsplit(url)
    head = f"POST /api/graphql HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n" \
           f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        response = b""
        while not is_complete(response):
            part = connection.recv(65536)
            if not part:
                raise SystemExit(f"{url} closed the connection after {response!r}")
            response += part
    return response


def is_complete(response):
    head, separator, body = response.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.I)
    return bool(separator) and len(body) >= int(length[1] if length else 0)


def without_date(response):
    return re.sub(rb"\r\ndate: [^\r]*", b"", response)
