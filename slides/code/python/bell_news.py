"""Two door bells that are registered once: whoever goes to a door asks until nobody is left.

The kernel tells this program of a level, so one question a door would do: of who is left it would tell again.

Try it: python3 slides/code/python/bell_news.py
"""

import selectors
import socket

DOORS = ["front", "garden"]


def main():
    bells = selectors.DefaultSelector()
    addresses = []
    for door in DOORS:
        bell = hang_up()
        bells.register(bell, selectors.EVENT_READ, door)
        addresses.append(bell.getsockname())

    rings = [(0, "the post"), (0, "a neighbour"), (1, "the cat")]
    finger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for door, who in rings:
        finger.sendto(who.encode(), addresses[door])

    guests = {door: [] for door in DOORS}
    while sum(map(len, guests.values())) < len(rings):
        # region news
        for news, _flags in bells.select():
            while who := ask(news.fileobj):
                guests[news.data].append(who)
        # endregion
    for door, came in guests.items():
        print(f"at the {door} door: {', '.join(came)}")


def hang_up():
    bell = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bell.bind(("127.0.0.1", 0))
    bell.setblocking(False)
    return bell


def ask(bell):
    """Who rang next, or nobody any more, which is "would block"."""
    try:
        return bell.recv(80).decode()
    except BlockingIOError:
        return None


main()
