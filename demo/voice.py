"""The demo's work: a second of something like speech, synthesised and encoded. [pure]"""

import math
import random
from array import array
from collections.abc import Sequence

RATE_HZ = 8000
SECONDS = 1.0
BIAS = 0x84
CLIP = 32635


def synthesise(seed: int) -> Sequence[int]:
    """A second of a vowel-like sound: a pitch with three formants and some breath, 16-bit samples at 8 kHz."""
    noise = random.Random(seed)  # noqa: S311  Sound, not secrets.
    pitch_hz = noise.uniform(90, 220)
    formants = [(pitch_hz * round(hz / pitch_hz), level) for hz, level in ((600, 0.5), (1200, 0.3), (2500, 0.1))]
    samples = array("h")
    for index in range(int(RATE_HZ * SECONDS)):
        phase = 2 * math.pi * index / RATE_HZ
        voice = sum(level * math.sin(hz * phase) for hz, level in formants)
        samples.append(int(16000 * (voice * (0.6 + 0.4 * math.sin(5 * phase)) + 0.02 * noise.random())))
    return samples


def encode(samples: Sequence[int]) -> bytes:
    """The samples in G.711 mu-law, a byte each: what a telephone line carries."""
    return bytes(_mu_law(sample) for sample in samples)


def _mu_law(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), CLIP) + BIAS
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> (exponent + 3) & 0x0F) & 0xFF
