package tidemark.bench;

/** A series: its last sample, and the windows that its increases go to. */
record Series(Sample sample, OpenWindows windows) {}
