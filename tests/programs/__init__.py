"""Services of the tests' own: each runs in a process of its own, attaches what the panel offers, and does one thing.

python -m tests.programs.NAME REDIS_URL [argument]
"""
