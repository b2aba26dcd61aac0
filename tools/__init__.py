"""Programs that examine the panel: fuzzing, scanning, known vulnerabilities."""
