"""Who logs in in the tests: e-mail address and password."""

ADMIN = ("admin@example.test", "correct horse battery")
