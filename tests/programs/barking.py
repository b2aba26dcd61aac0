"""The end that the collector's watchdog makes."""

from collector.worker.watchdog import end_process
from tests.programs.attached import attach

attach()
end_process()
