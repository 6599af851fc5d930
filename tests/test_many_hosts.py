"""Two processes of one `jax.distributed` job on this machine: the scan of both is that of one."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "18_many_hosts.py"


def digest(printed):
    return re.search(r"sha256 ([0-9a-f]{64})", printed)[1]


@pytest.mark.slow
def test_two_processes_make_the_scan_of_one(tmp_path):
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def start(*words, folder):
        command = [sys.executable, str(EXAMPLE), "--n", "3000", "--store", str(tmp_path / folder), *words]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    job = ("--coordinator", f"127.0.0.1:{port}", "--processes", "2", "--process")
    both = [start(*job, str(i), folder="both") for i in range(2)]
    outputs = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert "2 process(es), 2 device(s)" in outputs[0][0]
    alone = start(folder="alone")
    printed, complaint = alone.communicate(timeout=300)
    assert alone.returncode == 0, complaint
    assert digest(printed) == digest(outputs[0][0])
