"""A program that talks like a coding agent: takes a prompt, tells its state (OSC 7501), answers.

Usage: agent.py [mute], which tells no state. It prints `ready` first. The prompt `ask` is answered by a question, and that by one
key; `steps` by a line, and by another after one key; anything else by itself. `bye` ends it.
"""

import os
import sys
import termios
import tty

TELLS = "mute" not in sys.argv


def write(text):
    os.write(1, text.replace("\n", "\r\n").encode())


def tell(state):
    if TELLS:
        write("\x1b]7501;state=%s:app=agent\x07" % state)


def box():
    write("\n%s\n❯ \n%s\n  ? for shortcuts\x1b[2A\r" % ("─" * 40, "─" * 40))


def open_box():
    """The answer takes the place of the box."""
    write("\x1b[A\r\x1b[J")


def prompt():
    """A paste and the Enter after it."""
    typed = b""
    while not typed.endswith(b"\r"):
        typed += os.read(0, 65536)
    open_box()
    text = typed[:-1].replace(b"\x1b[200~", b"").replace(b"\x1b[201~", b"").decode()
    write("❯ %s\n\n" % text.replace("\r", "\n  "))
    return text.replace("\r", "\n")


def main():
    write("\x1b[?2004hready\n")
    tell("idle")
    while True:
        box()
        text = prompt()
        if text == "bye":
            return
        tell("working")
        if text == "ask":
            write("● may I?\n")
            tell("blocked:kind=permission")
            write("● you said %s\n" % os.read(0, 1).decode())
            tell("working")
        elif text == "steps":
            write("● step one\n")
            os.read(0, 1)
            write("● step two\n")
        else:
            write("● %s\n" % text.replace("\n", " / "))
        tell("done")


settings = termios.tcgetattr(0)
tty.setraw(0)
try:
    main()
finally:
    termios.tcsetattr(0, termios.TCSADRAIN, settings)
