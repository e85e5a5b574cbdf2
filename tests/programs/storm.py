"""A program that paints: each key `b` is a burst of redraws in every manner, any other key is printed.

The bursts are a function of the seed (the first argument) and of how many came before. They hold what makes a screen
hard to restore: both screens, scroll regions, long and wide lines that wrap and scroll off, styles, links, modes,
titles, character sets, tab stops, saved cursors.
"""

import os
import random
import sys
import termios
import tty

ROWS, COLS = 24, 80
WORDS = ["plain", "two words", "wide 世界", "e\u0301 marked", "=" * 30, "0123456789" * 9, "┌──┐", "😀 smile"]


def style(rng):
    kinds = ["0", "1", "2;3", "4", "7", "9", "31;44", "97;100", "38;5;%d" % rng.randrange(256),
             "38;2;%d;%d;%d" % tuple(rng.randrange(256) for _ in range(3)), "48;5;%d" % rng.randrange(256)]
    return "\x1b[%sm" % rng.choice(kinds)


def place(rng):
    return "\x1b[%d;%dH" % (rng.randint(1, ROWS), rng.randint(1, COLS))


def lines(rng):
    return "".join("\x1b[m%d %s%s\r\n" % (rng.randrange(10000), style(rng), rng.choice(WORDS))
                   for _ in range(rng.randrange(40)))


def patch(rng):
    return "".join(place(rng) + style(rng) + rng.choice(WORDS) for _ in range(rng.randrange(20)))


def modes(rng):
    names = ["?1", "?25", "?66", "?1000", "?1002", "?1003", "?1004", "?1006", "?2004"]
    return "".join("\x1b[%s%s" % (rng.choice(names), rng.choice("hl")) for _ in range(3))


def region(rng):
    top = rng.randint(1, ROWS - 4)
    return "\x1b[%d;%dr" % (top, rng.randint(top + 2, ROWS)) + place(rng) + rng.choice(["\n\n", "\x1bM", "\x1b[2L"])


def rest(rng):
    return rng.choice([
        "\x1b[J", "\x1b[1K", "\x1b[2J\x1b[H", "\x1b[3M", "\x1b[5P", "\x1b[4@", "\x1b7" + patch(rng) + "\x1b8", "\x1b(0qqq\x1b(B",
        "\x1b[%d q" % rng.randrange(1, 7),
        "\x1b]8;;http://example.org/%d\x1b\\link\x1b]8;;\x1b\\" % rng.randrange(9), "\t\t|", "\x1b[9G\x1bH",
        "\x1b]2;title %d\x07" % rng.randrange(99), "\x1b]4;%d;#%06x\x07" % (rng.randrange(16), rng.randrange(1 << 24)),
        "\x1b[?2026h" + patch(rng) + "\x1b[?2026l", "\x1b[r", "\x1b[m", "\x1b[?7l" + "cut " * 25 + "\x1b[?7h",
    ])


def alternate(rng):
    alternate.on = not alternate.on
    return "\x1b[?1049h" if alternate.on else "\x1b[?1049l"


alternate.on = False


def burst(rng):
    parts = [lines, lines, patch, patch, modes, region, alternate, rest, rest, rest]
    return "".join(rng.choice(parts)(rng) for _ in range(rng.randint(10, 40)))


def write(text):
    data = text.encode()
    while data:
        # In uneven pieces, so that sequences and characters are cut anywhere.
        piece = random.randint(1, 900)
        os.write(1, data[:piece])
        data = data[piece:]


def main():
    rng = random.Random(int(sys.argv[1]))
    tty.setraw(0, termios.TCSANOW)
    write("storm\r\n")
    while key := os.read(0, 1):
        write(burst(rng) if key == b"b" else key.decode())


main()
