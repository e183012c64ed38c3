"""An echo server for many clients, in one loop and on one thread: it asks each in turn, and naps if nothing has moved.

Try it, in two terminals:

    python3 slides/code/python/polling_server.py 127.0.0.1:7878
    cargo lab talk 127.0.0.1:7878
"""

import socket
import sys
import time

SIZE = 16 * 1024
MOST = 64 * 1024  # bytes: while more than that waits for a client, it is not read from
NAP = 0.001  # seconds


def main():
    host, port = sys.argv[1].split(":")
    listener = socket.create_server((host, int(port)))
    listener.setblocking(False)
    print("listening on {}:{}".format(*listener.getsockname()), flush=True)
    clients = []
    while True:
        came = accept_all(listener)
        clients += came
        moved = bool(came)
        # region turns
        for client in clients:
            try:
                moved |= client.take_turn()
            except OSError as error:
                client.lost = error
        # endregion
        for client in clients:
            if client.is_over():
                client.socket.close()
        clients = [client for client in clients if not client.is_over()]
        if not moved:
            time.sleep(NAP)


def accept_all(listener):
    """Everybody who waits in the backlog."""
    came = []
    while True:
        try:
            client, _address = listener.accept()
        except BlockingIOError:
            return came
        came.append(Client(client))


class Client:
    """A client, and where we are with it."""

    def __init__(self, client):
        client.setblocking(False)
        self.socket = client
        self.unsent = bytearray()
        self.is_done = False
        self.lost = None

    def take_turn(self):
        """Receives once, sends once. Tells whether anything moved."""
        has_received = self.receive()
        has_sent = self.send()
        return has_received or has_sent

    def receive(self):
        if self.is_done or len(self.unsent) > MOST:
            return False
        try:
            piece = self.socket.recv(SIZE)
        except BlockingIOError:
            return False
        self.unsent += piece
        self.is_done = not piece
        return True

    def send(self):
        if not self.unsent:
            return False
        try:
            taken = self.socket.send(self.unsent)
        except BlockingIOError:
            return False
        del self.unsent[:taken]
        return True

    def is_over(self):
        return self.lost is not None or (self.is_done and not self.unsent)


main()
