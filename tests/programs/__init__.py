"""Programs that tests run in processes of their own, each of which does one thing.

Services that log attach what the panel offers: python -m tests.programs.NAME REDIS_URL [argument]
"""
