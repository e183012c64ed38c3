"""A blocking echo server: it sends back whatever it receives, to one client at a time.

Try it, in two terminals:

    python3 slides/code/python/echo_server.py 127.0.0.1:7878
    python3 slides/code/python/echo_client.py 127.0.0.1:7878
"""

import socket
import sys

SIZE = 16 * 1024


def main():
    host, port = sys.argv[1].split(":")
    listener = socket.create_server((host, int(port)))
    print("listening on {}:{}".format(*listener.getsockname()), flush=True)
    while True:
        client, _address = listener.accept()
        with client:
            try:
                echo(client)
            except ConnectionError as error:
                # A reset is this client's own trouble, and the next is served.
                print("a client was lost:", error, file=sys.stderr)


def echo(client):
    # region echo
    while piece := client.recv(SIZE):
        client.sendall(piece)
    # endregion


main()
