"""How much memory and time it takes to hear a long file: by default three hours of 44.1 kHz stereo.

Usage: python perf/long_audio.py [--hours H] [--form FLAC|WAV|MP3|M4A] [--channel mix|best|N]

Writes the file, of the real recordings that come with the project one after another, then decodes it in a process of
its own. `of_result` is the peak of resident memory, less what the process held before, as a share of what the samples
that come out of it take (16 kHz, mono, float32). The last line is one JSON object. Bar: 1.3 times the result.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

RATE = 44_100
BAR = 1.3
"""Peak of memory, as a share of the result's."""


def minute() -> Any:
    """A minute of speech, ``[frames, 2]``, 16 bits: the second channel has something else to say."""
    import numpy as np
    import soundfile
    import soxr

    folder = Path(__file__).resolve().parent.parent / "benchmarks" / "corpora" / "sample_audio"
    clips = [soundfile.read(path, dtype="float32", always_2d=True) for path in sorted(folder.glob("*.flac"))]
    speech = np.concatenate([soxr.resample(samples[:, 0], rate, RATE) for samples, rate in clips])
    whole = np.resize(speech, 60 * RATE)
    return (np.stack([whole, 0.7 * np.roll(whole, 7 * RATE)], axis=1).clip(-1, 1) * 32_767).astype(np.int16)


def write(path: Path, hours: float) -> None:
    """Writes the file, minute by minute."""
    import soundfile

    samples = minute()
    minutes = round(60 * hours)
    if path.suffix == ".m4a":
        import av

        with av.open(str(path), "w", format="ipod") as file:
            stream: Any = file.add_stream("aac", rate=RATE, layout="stereo")
            resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE, frame_size=1024)
            for number in range(minutes):
                frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="stereo")
                frame.sample_rate, frame.pts = RATE, number * len(samples)
                for piece in resampler.resample(frame):
                    file.mux(stream.encode(piece))
            file.mux(stream.encode(None))
        return
    with soundfile.SoundFile(path, "w", RATE, 2, format=path.suffix[1:].upper()) as file:
        for _ in range(minutes):
            file.write(samples)


def peak_mib() -> float:
    """The most memory that was resident so far."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def heard(path: Path, channel: str) -> dict[str, float]:
    """Decodes a file; seconds of audio and of work, and memory in MiB."""
    from benchmarks.dataset import Audio
    from harness.audio import hear
    from harness.config import channel_named
    from harness.types import SAMPLE_RATE

    samples = Path(__file__).resolve().parent.parent / "benchmarks" / "corpora" / "sample_audio"
    short = next(samples.glob("*.flac"))
    hear(Audio(origin=short.name, path=short))  # libraries are no part of it
    before, begin, cpu = peak_mib(), time.perf_counter(), time.process_time()
    waveform = hear(Audio(origin=path.name, path=path, channel=channel_named(channel))).waveform
    spent, worked, result = time.perf_counter() - begin, time.process_time() - cpu, waveform.nbytes / (1 << 20)
    return {
        "audio_s": len(waveform) / SAMPLE_RATE,
        "wall_s": spent,
        "cpu_s": worked,
        "before_mib": before,
        "peak_mib": peak_mib(),
        "result_mib": result,
        "of_result": (peak_mib() - before) / result,
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=3.0, help="length of the file (default 3)")
    parser.add_argument("--form", default="FLAC", choices=("FLAC", "WAV", "MP3", "M4A"), help="of the file")
    parser.add_argument("--channel", default="mix", help="as `--channel` of a run (default mix)")
    parser.add_argument("--heard", metavar="FILE", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.heard:
        print(json.dumps(heard(args.heard, args.channel)))
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"long.{args.form.lower()}"
        write(path, args.hours)
        command = [sys.executable, __file__, "--heard", str(path), "--channel", args.channel]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    audio = f"{args.form}, {found['audio_s'] / 3600:.2f} hours of 44.1 kHz stereo"
    print(
        f"{audio}: {found['result_mib']:,.0f} MiB of samples, peak {found['peak_mib']:,.0f} MiB, "
        f"{found['before_mib']:,.0f} of it before; {found['of_result']:.2f} times the result (bar {BAR}); "
        f"{found['cpu_s']:.1f} s of processor time"
    )
    print(json.dumps({"form": args.form, "bars": {"of_result": BAR}, "missed": found["of_result"] > BAR, **found}))


if __name__ == "__main__":
    main()
