"""The operator's commands: `flask users`, `flask tokens`, `flask hosts`, `flask audit`."""
