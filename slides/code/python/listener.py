"""A listener that is asked whether somebody is there: once when nobody is, and once when somebody has called.

Try it: python3 slides/code/python/listener.py
"""

import socket

NOBODY = "nobody is there yet"
SOMEBODY = "somebody is there"


def main():
    door = socket.create_server(("127.0.0.1", 0))
    door.setblocking(False)
    print(ask(door))

    _caller = socket.create_connection(door.getsockname())
    answer = ask(door)
    # On some systems a caller takes a moment to arrive.
    while answer == NOBODY:
        answer = ask(door)
    print(answer)


def ask(door):
    """Asks once, and never waits."""
    # region ask
    try:
        door.accept()
    except BlockingIOError:
        return NOBODY
    else:
        return SOMEBODY
    # endregion


main()
