"""Whether a dispatch that drains between two samples is seen: `make bench-bursts`."""

import argparse
import sys

from tests.stack import Stack


def main() -> int:
    """Send bursts at every phase of the tick and print the peaks that the samples carried."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bursts", type=int, default=20)
    parser.add_argument("--messages", type=int, default=150)
    arguments = parser.parse_args()
    peaks, drained = [], 0
    with Stack() as stack, stack.stream(timeout_s=20) as stream:
        stream.next("system_stats")
        for _ in range(arguments.bursts):
            stack.burst(arguments.messages)
            samples = [stream.next("system_stats").json for _ in range(2)]
            while samples[-1]["queue_size"]:
                samples.append(stream.next("system_stats").json)
            peaks.append(max(sample["queue_peak"] or 0 for sample in samples))
            drained += all(not sample["queue_size"] for sample in samples)
    seen = sum(peak >= 2 / 3 * arguments.messages for peak in peaks)
    print(
        f"{seen} of {arguments.bursts} bursts of {arguments.messages} messages seen, peaks {min(peaks)} to {max(peaks)}"
    )
    print(f"{drained} of them drained between two samples: the last depth of every sample was 0")
    return 0 if seen == arguments.bursts else 1


if __name__ == "__main__":
    sys.exit(main())
