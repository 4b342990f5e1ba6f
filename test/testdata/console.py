"""Drives jupyter console through a pseudo-terminal as a person does: console.py KERNEL"""

import os
import re
import sys

import pexpect

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]|\r")

environment = dict(os.environ, PROMPT_TOOLKIT_NO_CPR="1", TERM="xterm", COLUMNS="100", LINES="40")
console = pexpect.spawn(
    sys.executable,
    ["-m", "jupyter_console", "--kernel", sys.argv[1]],
    env=environment,
    encoding="utf-8",
    dimensions=(40, 100),
    timeout=60,
)
console.delaybeforesend = None  # we wait for prompts instead


def fail(what):
    raise SystemExit(f"{what}\nlast of the screen:\n{ESCAPES.sub('', (console.before or '')[-3000:])}")


def expect(pattern, what):
    """Waits for pattern; escapes between its words are allowed for."""
    try:
        console.expect(pattern)
    except (pexpect.TIMEOUT, pexpect.EOF) as problem:
        fail(f"{what}: {type(problem).__name__}")


def prompt(number):
    # The prompt is drawn in pieces: In, [, the number, ], each with its colour.
    expect(rf"In \S*\[\S*?{number}\S*?\]: ", f"no prompt In [{number}]")


gap = r"(?:\x1b\[[0-9;?]*[A-Za-z])*"
prompt(1)
console.send("5 * 6\r")
expect(rf"Out\S*\[\S*?1\S*?\]: {gap}30", "5 * 6 is not 30")
prompt(2)
console.send("kept := 41\r")
prompt(3)
console.send("strings.ToUp")
console.send("\t")
expect("ToUpper", "TAB does not complete strings.ToUp")
console.send("\x15")  # ^U clears the line
console.send("for {}\r")
expect(r"for.*\n", "the loop is not echoed")
# The loop is compiled before it runs, and nothing is shown when it starts: ^C until it has ended.
for attempt in range(30):
    console.sendintr()
    if console.expect([rf"In \S*\[\S*?4\S*?\]: ", pexpect.TIMEOUT], timeout=2) == 0:
        break
else:
    fail("for {} was not interrupted")
console.send("kept + 1\r")
expect(rf"{gap}42", "values are lost after the interrupt")
console.sendline("exit")
console.send("\r")
console.close(force=True)
