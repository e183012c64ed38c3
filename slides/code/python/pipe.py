"""A parent that feeds a child through one pipe, and meanwhile reads its answer from another. The child is this program
once more, with an argument: it copies what it reads.

Try it: python3 slides/code/python/pipe.py
"""

import shutil
import subprocess
import sys
from threading import Thread

TEXT = b"." * 1024 * 1024
COPY = "copy"


def main():
    if sys.argv[1:] == [COPY]:
        shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)
    else:
        be_a_parent()


def be_a_parent():
    order = [sys.executable, __file__, COPY]
    child = subprocess.Popen(order, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    # region meanwhile
    def feed():
        child.stdin.write(TEXT)
        child.stdin.close()
    Thread(target=feed).start()
    answer = child.stdout.read()
    # endregion
    child.wait()

    print(f"fed {len(TEXT)} bytes, read {len(answer)}")
    print("the same:", str(answer == TEXT).lower())


main()
