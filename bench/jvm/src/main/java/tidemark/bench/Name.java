package tidemark.bench;

/** What stays of a series: its key, and the group that its labels say. */
record Name(byte[] key, Group group) {}
