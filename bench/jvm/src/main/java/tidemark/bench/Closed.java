package tidemark.bench;

import java.util.Collection;

/** What a partition of the input knows of all windows that its watermark closed, for one partition of groups. */
record Closed(int source, long watermark, Collection<Partial> partials) {}
