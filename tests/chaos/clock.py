"""The job's clock, which jumps while it runs: libfaketime around all of its processes."""

import glob
import os
from pathlib import Path

LIBRARY = "/usr/lib/*/faketime/libfaketimeMT.so.1"


class NoFakeTime(Exception):
    def __init__(self) -> None:
        super().__init__(f"no {LIBRARY}: install the Debian package libfaketime (make test and make chaos do)")


class JobClock:
    """The clock of processes that are started with `environment`."""

    def __init__(self, folder: Path) -> None:
        """Raises: NoFakeTime."""
        self._library = next(iter(glob.glob(LIBRARY)), None)
        if self._library is None:
            raise NoFakeTime
        self._file = folder / "clock"
        self.set(0)

    @property
    def environment(self) -> dict[str, str]:
        assert self._library is not None
        return {
            "LD_PRELOAD": self._library,
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
        }

    def set(self, offset_s: int) -> None:
        """Let it be so far ahead of this machine's."""
        written = self._file.with_suffix(".new")
        written.write_text(f"{offset_s:+d}s\n")
        os.replace(written, self._file)


def forget(pid: int) -> None:
    """Remove the shared memory that the library leaves behind when its process is killed."""
    for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
        Path("/dev/shm", name).unlink(missing_ok=True)
