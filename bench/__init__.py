"""What is claimed about speed, each figure by one command."""

import os

# Some machines keep Python from storing what it has compiled. Then every start compiles anew, and that is what would
# be measured.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
