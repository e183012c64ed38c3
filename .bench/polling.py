"""An echo server that polls: non-blocking sockets in one loop, and a nap of a millisecond when nothing moved.

    python3 polling.py --listen 127.0.0.1:7878
"""

import socket
import sys
import time

BACKLOG = 128
BUFFER = 16 * 1024
ENOUGH = 64 * 1024  # bytes that may wait for a client before it is not read from
NAP = 0.001


class Client:
    def __init__(self, sock):
        sock.setblocking(False)
        self.sock = sock
        self.unsent = bytearray()
        self.is_done = False

    def take_turn(self):
        """Receives once, sends once. Tells whether anything moved."""
        moved = self.receive()
        return self.send() or moved

    def receive(self):
        if self.is_done or len(self.unsent) > ENOUGH:
            return False
        try:
            data = self.sock.recv(BUFFER)
        except BlockingIOError:
            return False
        self.is_done = not data
        self.unsent += data
        return True

    def send(self):
        if not self.unsent:
            return False
        try:
            taken = self.sock.send(self.unsent)
        except BlockingIOError:
            return False
        del self.unsent[:taken]
        return True

    def is_over(self):
        return self.is_done and not self.unsent


def serve(listener):
    clients = []
    while True:
        is_idle = True
        try:
            while True:
                sock, _ = listener.accept()
                clients.append(Client(sock))
                is_idle = False
        except BlockingIOError:
            pass
        for client in list(clients):
            try:
                is_idle &= not client.take_turn()
                is_over = client.is_over()
            except OSError:
                is_over = True
            if is_over:
                client.sock.close()
                clients.remove(client)
        if is_idle:
            time.sleep(NAP)


def main():
    if len(sys.argv) != 3 or sys.argv[1] != "--listen":
        sys.exit("usage: polling.py --listen ADDR")
    host, port = sys.argv[2].rsplit(":", 1)
    with socket.create_server((host, int(port)), backlog=BACKLOG) as listener:
        listener.setblocking(False)
        print("listening on {}:{}".format(*listener.getsockname()), flush=True)
        serve(listener)


if __name__ == "__main__":
    main()
