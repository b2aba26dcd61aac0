"""Users, sessions, tokens, second factors and the audit record, in SQL."""
