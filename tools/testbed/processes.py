"""Processor time and memory of processes, from Linux's /proc; free ports; the machine."""

import os
import platform
import re
import resource
import socket
from datetime import date
from importlib.metadata import version
from pathlib import Path

from trialguide.commands.stack import HOST

PROC = Path("/proc")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(process: int) -> float:
    """Processor time, user and system, of a process and its running descendants."""
    return sum(sum(map(int, _stat(member)[11:13])) for member in process_tree(process)) / TICKS_A_SECOND


def resident_megabytes(process: int) -> float:
    """Resident memory of a process and its running descendants, in millions of bytes."""
    found = (
        re.search(r"^VmRSS:\s*(\d+) kB", (PROC / str(member) / "status").read_text(), re.M) for member in process_tree(process)
    )
    return sum(int(match[1]) for match in found if match) * 1024 / 1e6


def other_cpu_seconds() -> float:
    """Processor time of the machine without that of this process and the children it has waited for."""
    # user, nice, system, idle, waiting for disks, interrupts, soft interrupts, taken by other virtual machines
    ticks = [int(field) for field in (PROC / "stat").read_text().split(maxsplit=9)[1:9]]
    busy = (sum(ticks) - ticks[3] - ticks[4]) / TICKS_A_SECOND
    own = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return busy - sum(usage.ru_utime + usage.ru_stime for usage in own)


def process_tree(process: int) -> list[int]:
    """A process and its running descendants."""
    parents = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int(_stat(int(entry.name))[1])
            except (FileNotFoundError, ProcessLookupError):
                continue  # It has ended since the folder was listed.
    family = [process]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def _stat(process: int) -> list[str]:
    """The fields of `stat` that follow the name, which may hold spaces and brackets: state, parent, ..."""
    return (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()


def machine() -> dict[str, str | int]:
    """Date, processor and versions, on which figures depend."""
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    return {
        "date": date.today().isoformat(),
        "cores": len(os.sched_getaffinity(0)),
        "cpu": cpu[1] if cpu else platform.machine(),
        "python": platform.python_version(),
        "rasa": version("rasa"),
        "tensorflow": version("tensorflow-cpu"),
    }


def free_ports(number: int) -> list[int]:
    """Unused ports of this machine."""
    probes = [socket.create_server((HOST, 0)) for _ in range(number)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
