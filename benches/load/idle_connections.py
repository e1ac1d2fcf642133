"""Holds connections open that have had one request each: `idle_connections.py PROTOCOL HOST PORT COUNT`, with FOLDER and TOKEN
in the environment. Prints how many are open, waits for a line on its standard input, and prints how many still are."""

import asyncio
import json
import os
import re
import socket
import struct
import sys
from pathlib import Path

QUERY = "query($id:String){customer(id:$id){uuid email fullName status createdAt updatedAt}}"
AT_ONCE = 100  # connections that wait for their response, far fewer than the system queues
# Types and flags of HTTP/2 frames (RFC 9113 6).
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, ACK, END_HEADERS = 1, 1, 4


class Held(asyncio.Protocol):
    """A connection. `answered` completes with its response, or when it is lost."""

    open = 0

    def __init__(self, request):
        self.request, self.received, self.answered = request, b"", asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        Held.open += 1
        self.transport = transport
        # It is reset at the end: thousands of closed connections would keep their ports for a minute.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.write(self.request)

    def connection_lost(self, error):
        Held.open -= 1
        self.finish(f"the connection was closed: {error}")

    def finish(self, problem=None):
        if not self.answered.done():
            self.answered.set_result(problem)


class Http1(Held):
    def data_received(self, received):
        self.received += received
        head, separator, body = self.received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        if separator and len(body) >= int(length[1] if length else 0):
            self.finish(None if head.startswith(b"HTTP/1.1 200 ") else head.decode())
            self.received = b""


class Http2(Held):
    def data_received(self, received):
        self.received += received
        while len(self.received) >= 9:
            length, kind, flags = int.from_bytes(self.received[:3], "big"), self.received[3], self.received[4]
            if len(self.received) < 9 + length:
                break
            self.frame(kind, flags, self.received[9:9 + length])
            self.received = self.received[9 + length:]

    def frame(self, kind, flags, payload):
        if kind in (SETTINGS, PING) and not flags & ACK:
            self.transport.write(frame(kind, ACK, 0, payload if kind == PING else b""))
        elif kind in (RST_STREAM, GOAWAY):
            self.finish(f"the server ended the stream: {payload!r}")
        # The status 200 is the first field and has the number 8 in the table of HPACK (RFC 7541, appendix A).
        elif kind == HEADERS and payload[:1] != b"\x88":
            self.finish(f"the status is not 200: {payload!r}")
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            self.finish()


def frame(kind, flags, stream, payload):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def text(value):
    """A string of HPACK, not compressed (RFC 7541 5.2). Its length begins with seven bits (5.1)."""
    value, length = value.encode(), len(value)
    if length < 127:
        return bytes([length]) + value
    length -= 127
    encoded = [127]
    while length >= 128:
        encoded.append(length % 128 + 128)
        length //= 128
    return bytes(encoded + [length]) + value


def requests(protocol, authority, token, identifiers):
    """The bytes that each connection sends."""
    fields = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    for identifier in identifiers:
        body = json.dumps({"query": QUERY, "variables": {"id": identifier}}).encode()
        if protocol == "1":
            lines = [f"{name}: {value}\r\n" for name, value in {**fields, "content-length": len(body), "host": authority}.items()]
            yield f"POST /api/graphql HTTP/1.1\r\n{''.join(lines)}\r\n".encode() + body
        else:
            pseudo = {":method": "POST", ":scheme": "http", ":authority": authority, ":path": "/api/graphql"}
            block = b"".join(b"\0" + text(name) + text(value) for name, value in {**pseudo, **fields}.items())
            yield b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, b"") + frame(HEADERS, END_HEADERS, 1, block) + frame(DATA, END_STREAM, 1, body)


async def main():
    protocol, host, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    known = (Path(os.environ["FOLDER"]) / "uuids").read_text().split()
    identifiers = [known[number % len(known)] for number in range(count)]
    loop, limit, held = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE), []

    async def open_one(request):
        async with limit:
            _, connection = await loop.create_connection(lambda: (Http1 if protocol == "1" else Http2)(request), host, port)
            held.append(connection)
            problem = await connection.answered
            if problem:
                sys.exit(f"idle_connections.py: {problem}")

    await asyncio.gather(*[open_one(request) for request in requests(protocol, f"{host}:{port}", os.environ["TOKEN"], identifiers)])
    print(Held.open, flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    print(Held.open, flush=True)
    os._exit(0)  # The system resets all connections at once.


asyncio.run(main())
