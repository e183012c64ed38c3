"""A stock ticker that never waits for its reader: where the kernel has no room, only the newest price is kept.

Try it: python3 slides/code/python/ticker.py
"""

import socket
import threading

LEFT_OUT = 100
BUFFER = 4096


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    screen = socket.create_connection(listener.getsockname())
    screen.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    reader, _ = listener.accept()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    reader.setblocking(False)

    # A price is one byte, so that the kernel takes it whole or not at all.
    number, newest, left_out = 0, None, 0
    while left_out < LEFT_OUT:
        number += 1
        price = bytes([number % 256])
        # region push
        if newest is not None:
            left_out += 1
        try:
            reader.send(price)
            newest = None
        except BlockingIOError:
            newest = price
        # endregion
    print(left_out, "prices are left out")

    # The market has closed, and nothing else is left to do: now the ticker may wait.
    prices = bytearray()
    reading = threading.Thread(target=read_all, args=(screen, prices))
    reading.start()
    reader.setblocking(True)
    if newest is not None:
        reader.send(newest)
    reader.close()
    reading.join()
    if prices[-1:] == price:
        print("the reader has the newest price")


def read_all(screen, prices):
    while piece := screen.recv(BUFFER):
        prices += piece


main()
