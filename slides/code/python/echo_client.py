"""An echo client: it sends all of its input and prints all of the answer, both at once.

Try it, in two terminals:

    python3 slides/code/python/echo_server.py 127.0.0.1:7878
    python3 slides/code/python/echo_client.py 127.0.0.1:7878
"""

import socket
import sys
from threading import Thread

SIZE = 16 * 1024


def main():
    host, port = sys.argv[1].split(":")
    try:
        with socket.create_connection((host, int(port))) as server:
            talk(server)
    except OSError as error:
        sys.exit(f"echo_client: {sys.argv[1]}: {error}")


def talk(server):
    # Input without a buffer of Python's: the program ends with the server's stream, even while its thread still reads.
    stdin = sys.stdin.buffer.raw
    Thread(target=send, args=[server, stdin], daemon=True).start()
    receive(server, sys.stdout.buffer)


def send(server, stdin):
    # region send
    while piece := stdin.read(SIZE):
        server.sendall(piece)
    server.shutdown(socket.SHUT_WR)
    # endregion


def receive(server, stdout):
    # region receive
    while piece := server.recv(SIZE):
        stdout.write(piece)
        stdout.flush()
    # endregion


main()
