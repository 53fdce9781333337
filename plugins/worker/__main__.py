"""Started by the host as `python -m yester.plugins.worker LIFELINE INCOMING OUTGOING MEMORY`: descriptors and bytes."""

import resource
import sys

from yester.plugins.worker.guarding import guard


def main(arguments: list[str]) -> None:
    """Become a guardian and its worker; the worker serves."""
    lifeline, incoming, outgoing, memory_size = map(int, arguments)
    guard(lifeline, outgoing)
    # What a process writes to is counted, not what it maps: some programs map far more than they ever use.
    resource.setrlimit(resource.RLIMIT_DATA, (memory_size, memory_size))
    from yester.plugins.worker.serving import Worker

    Worker(incoming, outgoing).run()


if __name__ == "__main__":
    main(sys.argv[1:])
