"""What `make run` starts: the whole panel on one machine, with a Redis and a demo worker of its own.

`bootstrap` runs on the machine's Python and knows only the standard library: it makes `.venv` with the help of
`packages`, `node` and `redis`. `python -m standalone` then runs inside `.venv`: `preflight` looks whether it can start,
`programs` says what runs, `manager` keeps it running, `announce` tells when it is up.
"""
