"""The fault table: every outage that the panel must report truthfully, each caused for real and measured.

`python -m bench.faults` prints it. Each module lists the faults of one service; `testbed` is the stack that they hit;
`measure` watches it as a viewer and as a machine would, and judges. `tests/toxics.py` spoils links between processes.
"""
