"""Energy by the machine's own counters: rapl and nvml read them, meter adds up what a run took. docs/cost.md."""
