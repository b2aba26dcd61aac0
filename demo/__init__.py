"""A stand-in for the watched product: a `dispatch` queue and a worker that does real work. Never part of production."""
