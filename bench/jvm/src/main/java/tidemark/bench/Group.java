package tidemark.bench;

/** What windows are computed for: the series of these labels. */
public record Group(String service, String route) {}
