package tidemark.bench;

/** What windows are computed for: the series of these labels. */
public record Group(String service, String route) {
  /** Where its windows are judged, alike in each process. */
  int partition(int partitions) {
    return Math.floorMod(31 * service.hashCode() + route.hashCode(), partitions);
  }
}
