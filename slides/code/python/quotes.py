"""Stock quotes: an exchange sends them, a line each, and ends its stream. However the stream is cut into pieces, there are
as many quotes and as many bytes.

Try it: python3 slides/code/python/quotes.py
"""

import socket
import threading

QUOTES = b"ACME 17.20\nOAK 3.05\nRIVER 120.00\nACME 17.25\n"
SIZES = [1, 7, 4096]


class Tally:
    def __init__(self):
        self.quotes = 0
        self.bytes = 0

    def add(self, piece):
        self.quotes += piece.count(b"\n")
        self.bytes += len(piece)


def main():
    exchange = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=trade, args=[exchange]).start()
    for size in SIZES:
        with socket.create_connection(exchange.getsockname()) as feed:
            tally = follow(feed, size)
        print(f"pieces of at most {size}: {tally.quotes} quotes, {tally.bytes} bytes")


def trade(exchange):
    for _ in SIZES:
        subscriber, _address = exchange.accept()
        with subscriber:
            subscriber.sendall(QUOTES)


def follow(feed, size):
    tally = Tally()
    # region follow
    while piece := feed.recv(size):
        tally.add(piece)
    # endregion
    return tally


main()
