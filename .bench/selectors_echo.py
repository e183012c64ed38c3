"""An echo server on Python's selectors: it sleeps until a socket is ready, and the system's best way to ask is chosen.

    python3 selectors_echo.py --listen 127.0.0.1:7878
"""

import selectors
import socket
import sys

BACKLOG = 128
BUFFER = 16 * 1024
ENOUGH = 64 * 1024  # bytes that may wait for a client before it is not read from

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Client:
    def __init__(self, sock, selector):
        sock.setblocking(False)
        self.sock = sock
        self.selector = selector
        self.unsent = bytearray()
        self.is_done = False
        self.asked = READ
        selector.register(sock, READ, self)

    def take_turn(self, ready):
        try:
            if ready & READ:
                self.receive()
            if self.unsent:
                self.send()
        except BlockingIOError:
            pass
        except OSError:
            self.part()
            return
        if self.is_done and not self.unsent:
            self.part()
        else:
            self.ask()

    def receive(self):
        data = self.sock.recv(BUFFER)
        self.is_done = not data
        self.unsent += data

    def send(self):
        taken = self.sock.send(self.unsent)
        del self.unsent[:taken]

    def ask(self):
        """Changes what is asked for, if it is to change."""
        wants_more = not self.is_done and len(self.unsent) <= ENOUGH
        wanted = (READ if wants_more else 0) | (WRITE if self.unsent else 0)
        if wanted != self.asked:
            self.asked = wanted
            self.selector.modify(self.sock, wanted, self)

    def part(self):
        self.selector.unregister(self.sock)
        self.sock.close()


def accept_all(listener, selector):
    try:
        while True:
            sock, _ = listener.accept()
            Client(sock, selector)
    except BlockingIOError:
        pass


def serve(listener):
    selector = selectors.DefaultSelector()
    selector.register(listener, READ)
    while True:
        for key, ready in selector.select():
            if key.data is None:
                accept_all(listener, selector)
            else:
                key.data.take_turn(ready)


def main():
    if len(sys.argv) != 3 or sys.argv[1] != "--listen":
        sys.exit("usage: selectors_echo.py --listen ADDR")
    host, port = sys.argv[2].rsplit(":", 1)
    with socket.create_server((host, int(port)), backlog=BACKLOG) as listener:
        listener.setblocking(False)
        print("listening on {}:{}".format(*listener.getsockname()), flush=True)
        serve(listener)


if __name__ == "__main__":
    main()
