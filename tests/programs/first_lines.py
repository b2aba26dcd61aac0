"""A service that logs and ends at once."""

from tests.programs.attached import attach

log, _ = attach()

log.warning("too little to be sent")
for number in range(3):
    try:
        raise TimeoutError(f"gateway: +5511912345678, token=hunter2, try {number}")
    except TimeoutError:
        log.exception("voice message %d was not taken", number)
log.critical("no gateway is left")
