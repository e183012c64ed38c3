"""Two door bells, and one sleep for both: the system is asked about all of them, and says at which door somebody is.

SelectSelector asks with the sets of select, on every system. Where there is poll, PollSelector asks with a list.

Try it: python3 slides/code/python/two_bells.py
"""

import selectors
import socket


def main():
    front, garden = hang_up(), hang_up()
    finger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for bell, who in [(garden, "the cat"), (front, "the post")]:
        finger.sendto(who.encode(), bell.getsockname())
        with selectors.SelectSelector() as asked:
            open_door(asked, front, garden)


def hang_up():
    """A bell that never makes anybody wait."""
    bell = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bell.bind(("127.0.0.1", 0))
    bell.setblocking(False)
    return bell


def open_door(asked, front, garden):
    """Sleeps until somebody rings, and goes to that door."""
    # region ask
    asked.register(front, selectors.EVENT_READ, "front")
    asked.register(garden, selectors.EVENT_READ, "garden")
    for entry, _flags in asked.select():
        greet(entry.data, entry.fileobj)
    # endregion


def greet(door, bell):
    """Takes one ring, and says whose it is."""
    name = bell.recv(80).decode()
    print(f"at the {door} door: {name}")


main()
