"""A program that asks its terminal what it is told to, and shows every byte that it gets.

Usage: inquirer.py BATCH... (in hexadecimal). It prints `ready`. At each key `g` it writes the next batch, in one write;
anything else that it reads it prints as `<hex>`. A `q` ends it, the terminal as it was before.
"""

import os
import sys
import termios
import tty

before = termios.tcgetattr(0)
tty.setraw(0, termios.TCSANOW)
batches = [bytes.fromhex(batch) for batch in sys.argv[1:]]
os.write(1, b"ready\r\n")
while (keys := os.read(0, 65536)) != b"q":
    os.write(1, batches.pop(0) if keys == b"g" else b"<%s>\r\n" % keys.hex().encode())
termios.tcsetattr(0, termios.TCSANOW, before)
