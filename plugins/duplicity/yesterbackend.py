"""yester as a backend of duplicity: `duplicity … yester+URL`, where URL is whatever yester takes for a repository.

A file for duplicity's own folder of backends, from 0.8 to 3.2 and for the Python that runs duplicity; of yester it
needs the program, which is called `yester` or what the variable YESTER says. `yester backend duplicity-file` says
where this file is. One `yester backend serve URL` runs beside duplicity and keeps its files, under the names that
plugins/duplicity/names.py makes; what it has to ask, such as a host's key, it asks on the terminal.
"""

import json
import os
import shlex
import subprocess
import threading
from typing import Any

import duplicity.backend
from duplicity import log
from duplicity.errors import BackendException, FatalBackendException


class YesterBackend(duplicity.backend.Backend):
    """Keeps files where yester keeps repositories."""

    def __init__(self, parsed_url: Any) -> None:
        duplicity.backend.Backend.__init__(self, parsed_url)
        self._url = parsed_url.url_string
        self._lock = threading.Lock()
        self._process: Any = None
        self._pid = 0

    def _put(self, source_path: Any, remote_filename: bytes) -> None:
        self._ask("put", name=os.fsdecode(remote_filename), path=os.path.abspath(os.fsdecode(source_path.name)))

    def _get(self, remote_filename: bytes, local_path: Any) -> None:
        self._ask("get", name=os.fsdecode(remote_filename), path=os.path.abspath(os.fsdecode(local_path.name)))

    def _list(self) -> Any:
        return [os.fsencode(name) for name in self._ask("list")]

    def _delete(self, filename: bytes) -> None:
        self._ask("delete", name=os.fsdecode(filename))

    def _query(self, filename: bytes) -> Any:
        return {"size": self._ask("query", name=os.fsdecode(filename))}

    def _retry_cleanup(self) -> None:
        self._close()

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is not None and self._pid == os.getpid():
            process.stdin.close()
            process.wait()
            process.stdout.close()

    def _ask(self, do: str, **what: str) -> Any:
        """Return what yester answers. BackendException."""
        with self._lock:
            try:
                process = self._running()
                process.stdin.write(json.dumps({**what, "do": do}) + "\n")
                process.stdin.flush()
                answer = process.stdout.readline()
            except OSError as problem:
                raise BackendException(f"yester: {problem}") from problem
            if not answer:
                self._close()
                raise BackendException("yester ended; it says why on standard error")
        said = json.loads(answer)
        if "failed" in said:
            kind = FatalBackendException if said["fatal"] else BackendException
            raise kind(said["failed"], said["code"])
        return said["value"]

    def _running(self) -> Any:
        """Return the yester of this process; another one has its own."""
        if self._process is None or self._pid != os.getpid():
            command = [*shlex.split(os.environ.get("YESTER", "yester")), "backend", "serve", self._url]
            log.Info(f"Running {shlex.join(command)}")
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
            self._pid = os.getpid()
        return self._process


duplicity.backend.register_backend_prefix("yester", YesterBackend)
