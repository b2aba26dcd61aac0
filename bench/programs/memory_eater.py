"""Joins a cgroup and takes so many MiB in it: python bench/programs/memory_eater.py CGROUP MIB"""

import os
import sys
from pathlib import Path

Path(sys.argv[1], "cgroup.procs").write_text(str(os.getpid()))
eaten = [bytearray(b"x" * 2**20) for _ in range(int(sys.argv[2]))]
