"""One scan on many hosts of one job, each with its own devices: `jax.distributed` gives every process its number.

Under SLURM `srun python 18_many_hosts.py` on as many nodes as there are; JAX finds the others by itself. Elsewhere
every process is told who the others are: `--coordinator HOST:PORT --processes N --process I`. Alone it is one process.

Points are not passed between hosts: each process computes every n-th chunk into a folder that all see, on all of its
devices, and the first one joins them. A host that dies costs its chunk; the same command goes on.
"""

import argparse
import os
import sys

import jax
from jax.experimental import multihost_utils

parser = argparse.ArgumentParser()
parser.add_argument("--coordinator")
parser.add_argument("--processes", type=int)
parser.add_argument("--process", type=int)
parser.add_argument("--store", default="run")
parser.add_argument("--n", type=int, default=10_000)
options = parser.parse_args()

several = options.coordinator is not None or "SLURM_JOB_ID" in os.environ
if several:  # before anything else of JAX
    jax.distributed.initialize(options.coordinator, options.processes, options.process)

import bsfit  # noqa: E402

like = bsfit.log_likelihood("eft", "lfu", free={"C9mu": (-2, 1), "C10mu": (-1, 1)})
what = {"design": "sobol", "n": options.n, "chunk": 1024, "store": options.store, "progress": False}
number, count = jax.process_index(), jax.process_count()
bsfit.scan(like, **what, shard=(number + 1, count), resume=True)
if several:
    multihost_utils.sync_global_devices("scan")
found = bsfit.scan(like, **what, merge=True) if number == 0 else None
if found is not None:
    print(found)
    print(f"{count} process(es), {jax.device_count()} device(s); sha256 {found.meta['store']['sha256']}")
if several:
    multihost_utils.sync_global_devices("merged")
sys.exit(0)
