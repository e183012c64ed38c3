"""A porter who sleeps at the door bell until somebody rings: a blocking call, and all that the thread does meanwhile
is nothing.

Try it: python3 slides/code/python/porter.py
"""

import socket
import threading


def main():
    bell = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bell.bind(("127.0.0.1", 0))
    street = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    street.connect(bell.getsockname())
    # Who comes early has rung as well: the kernel keeps it, and the porter need not sleep.
    threading.Thread(target=street.send, args=(b"a guest",)).start()

    # region sleep
    print("asleep at the bell")
    name = bell.recv(80)
    greet(name)
    # endregion


def greet(name):
    print(f"{name.decode()} has rung")


main()
