"""nova_services.py conductor ARGS -- scheduler ARGS -- compute ARGS -- compute ARGS ...

One process imports Nova once (five seconds of CPU) and forks a child for each service.
"""

import os
import signal
import sys

# All in one mode; the scheduler alone would choose native threads. Before anything of Nova is imported.
os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "false"
import nova.virt
from eventlet import hubs, patcher
from nova.cmd import compute, conductor, scheduler

MAIN = {"compute": compute.main, "conductor": conductor.main, "scheduler": scheduler.main}


def start(words):
    pid = os.fork()
    if not pid:
        # The parent's epoll is shared by all children: each would be woken for what the others wait for, without end.
        hubs.use_hub()
        sys.argv = [f"nova-{words[0]}", *words[1:]]
        os._exit(MAIN[words[0]]() or 0)
    return pid


def groups(words):
    group = []
    for word in [*words, "--"]:
        if word == "--":
            yield group
            group = []
        else:
            group.append(word)


# Nova looks for drivers in its own package only.
nova.virt.__path__.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "virt"))
children = {start(words): words[0] for words in groups(sys.argv[1:])}
signal.signal(signal.SIGTERM, lambda _number, _frame: [os.kill(pid, signal.SIGTERM) for pid in children])
# The patched wait would poll.
real_os = patcher.original("os")
while children:
    ended, status = real_os.wait()
    print(f"nova-{children.pop(ended, '?')} ({ended}) ended with {status}", flush=True)
