"""A clock that answers. It asks for any free port, learns from its own socket which one it has, and tells one caller
the time.

Try it: python3 slides/code/python/clock.py
"""

import socket


def main():
    clock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # region name
    asked_for = here(0)
    clock.bind(asked_for)
    given = clock.getsockname()
    assert port(given) != 0
    # endregion
    print("asked for port 0, and was given another")

    # The kernel keeps the question until the clock receives it.
    caller = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    caller.connect(given)
    caller.send(b"what time is it?")
    tell_the_time(clock)
    print(caller.recv(80).decode())


def tell_the_time(clock):
    question, caller = clock.recvfrom(80)
    print(question.decode())
    clock.sendto(b"a quarter past nine", caller)


def here(port):
    return ("127.0.0.1", port)


def port(name):
    return name[1]


main()
