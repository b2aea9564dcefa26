"""A person at a terminal: waits for each text in turn and types the one beside it, then waits for the end and gives back its code."""

import json
import os
import pty
import select
import sys
import time

steps = json.loads(sys.argv[1])
shell = ["sh", "-c", sys.argv[2]] if len(sys.argv) > 2 else ["bash", "--norc", "-i"]
child, terminal = pty.fork()
if child == 0:
    os.environ["PS1"] = "$ "
    os.execvp(shell[0], shell)

seen, at = "", 0
deadline = time.monotonic() + 15


def read():
    """Reads what comes next; says whether there may be more."""
    global seen
    if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
        sys.exit(f"in vain: waited for {steps[:1]} in\n{seen}")
    try:
        text = os.read(terminal, 4096).decode(errors="replace")
    except OSError:
        return False
    seen += text
    return text != ""


while steps:
    found = seen.find(steps[0][0], at)
    if found >= 0:
        at = found + len(steps[0][0])
        # As if typed: what is typed ahead of a change of hands may be thrown away.
        os.write(terminal, steps.pop(0)[1].encode())
    elif not read():
        sys.exit(f"ended before {steps[0]} in\n{seen}")
while read():
    pass
print(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
