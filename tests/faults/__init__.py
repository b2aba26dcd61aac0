"""The fault table: every outage the panel must tell the truth through, each really caused and really measured.

`python -m tests.faults` prints it. One module per patient lists its faults; `ward` is the stack they are done to,
`measure` watches as a viewer and as a machine would and judges. tests/toxics.py spoils the links between processes.
"""
