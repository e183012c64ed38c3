"""Three door bells, asked in turns by one loop. A child leans on the first of them, and keeps nobody else waiting.

Try it: python3 slides/code/python/bells.py
"""

import socket


def main():
    bells = [
        Bell("front door", finger_stays=True),
        Bell("garden gate"),
        Bell("cellar"),
    ]
    for bell in bells:
        bell.ring()
    # region round
    while somebody_waits(bells):
        for bell in bells:
            if bell.has_rung():
                bell.answer()
    # endregion
    for bell in bells:
        print(f"the {bell.door} was opened")


def somebody_waits(bells):
    """Whether somebody has not been answered yet."""
    return not all(bell.is_answered for bell in bells)


class Bell:
    """A bell, and the button at its door: each datagram is a ring."""

    def __init__(self, door, finger_stays=False):
        self.door = door
        # If so it is a child's, and rings again once somebody has opened.
        self.finger_stays = finger_stays
        self.bell = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.bell.bind(("127.0.0.1", 0))
        self.bell.setblocking(False)
        self.button = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.button.connect(self.bell.getsockname())
        self.is_answered = False

    def ring(self):
        self.button.send(b"!")

    def has_rung(self):
        """Takes one ring, if there is one."""
        try:
            self.bell.recv(1)
        except BlockingIOError:
            return False
        return True

    def answer(self):
        self.is_answered = True
        if self.finger_stays:
            self.ring()


main()
