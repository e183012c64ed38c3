"""A door bell that is asked, and never waited for: each datagram is a ring. Between two questions somebody hums.

Try it: python3 slides/code/python/bell.py
"""

import socket

HUMS = 3


def main():
    bell = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bell.bind(("127.0.0.1", 0))
    bell.setblocking(False)
    post = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    post.connect(bell.getsockname())

    hums = 0
    while True:
        # region ask
        try:
            name = bell.recv(80)
        except BlockingIOError:
            hum()
        else:
            return greet(name)
        # endregion
        hums += 1
        if hums == HUMS:
            post.send(b"the post")


def hum():
    print("la")


def greet(name):
    print(f"{name.decode()} is at the door")


main()
