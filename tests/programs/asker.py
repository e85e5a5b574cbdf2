"""A program that asks its terminal: whole batches in one write, single questions cut at every byte, and one at a time.

Usage: asker.py REPORT [now]. It prints `ready` and begins with the first key, or at once. What was answered goes to the file REPORT, as
JSON: what was `wrong`, how long each answer took (`milliseconds`), every byte `received`. Then it prints `asked`, and
from there on each read of keys as `<hex>`. A q ends it, the terminal as it was before.
"""

import json
import os
import random
import re
import select
import sys
import termios
import time
import tty

PLACE = (5, 7)
COLOUR = rb"rgb:[0-9a-f]{4}/[0-9a-f]{4}/[0-9a-f]{4}"
# Each question with its answer. A terminal without the Kitty keyboard rightly does not answer for it.
QUESTIONS = {
    b"\x1b[>0c": rb"\x1b\[>[\d;]+c",
    b"\x1b[5n": rb"\x1b\[0n",
    b"\x1b[%d;%dH\x1b[6n" % PLACE: rb"\x1b\[%d;%dR" % PLACE,
    b"\x1b[?25$p": rb"\x1b\[\?25;1\$y",
    b"\x1b[4$p": rb"\x1b\[4;2\$y",
    b"\x1b[>q": rb"\x1bP>\|[^\x1b]+\x1b\\",
    b"\x1b]4;1;?\x07": rb"\x1b\]4;1;%s\x07" % COLOUR,
    b"\x1b]10;?\x07": rb"\x1b\]10;%s\x07" % COLOUR,
    b"\x1b]11;?\x07": rb"\x1b\]11;%s\x07" % COLOUR,
    b"\x1b[?u": rb"(\x1b\[\?\d+u)?",
    b"\x1b]7501;?\x07": rb"\x1b\]7501;\?\x1b\\",
}
# What every terminal answers, and answers in its turn: the end of a batch.
FENCE, FENCE_ANSWER = b"\x1b[0c", rb"\x1b\[\?[\d;]+c"
BATCHES = 100
LIMIT = 5.0

received = b""
wrong = []


def read(limit):
    global received
    ready, _, _ = select.select([0], [], [], limit)
    got = os.read(0, 65536) if ready else b""
    received += got
    return got


def expect(answers, story):
    """Reads until these answers came, in this order; returns how long that took."""
    start, got = time.monotonic(), b""
    whole = re.compile(b"".join(answers))
    while not whole.fullmatch(got):
        more = read(max(0.0, LIMIT + start - time.monotonic()))
        got += more
        if not more:
            wrong.append("%s: %r" % (story, got))
            break
    return (time.monotonic() - start) * 1000


def ask_in_batches(rng):
    for _ in range(BATCHES):
        questions = list(QUESTIONS)
        rng.shuffle(questions)
        os.write(1, b"\x1b[m".join(questions) + FENCE)
        expect([QUESTIONS[question] for question in questions] + [FENCE_ANSWER], "a batch")


def ask_in_pieces():
    for question, answer in QUESTIONS.items():
        for cut in range(1, len(question)):
            os.write(1, question[:cut])
            # Long enough that the first piece is read by itself, as a rule.
            time.sleep(0.001)
            os.write(1, question[cut:] + FENCE)
            expect([answer, FENCE_ANSWER], "cut at %d: %r" % (cut, question))


def ask_one_at_a_time():
    for _ in range(20):
        for question, answer in QUESTIONS.items():
            if not answer.endswith(b"?"):
                os.write(1, question)
                yield expect([answer], "alone: %r" % question)


def main():
    before = termios.tcgetattr(0)
    tty.setraw(0, termios.TCSANOW)
    os.write(1, b"ready\r\n")
    if sys.argv[2:] != ["now"]:
        os.read(0, 1)
    ask_in_batches(random.Random(1))
    ask_in_pieces()
    milliseconds = sorted(ask_one_at_a_time())
    if late := read(0.05):
        wrong.append("more than was asked for: %r" % late)
    with open(sys.argv[1], "w") as report:
        json.dump({"wrong": wrong, "milliseconds": milliseconds, "received": received.hex()}, report)
    os.write(1, b"\x1b[H\x1b[Jasked\r\n")
    while (keys := os.read(0, 65536)) != b"q":
        os.write(1, b"<%s>\r\n" % keys.hex().encode())
    termios.tcsetattr(0, termios.TCSANOW, before)


main()
