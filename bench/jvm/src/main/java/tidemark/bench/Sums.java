package tidemark.bench;

/** What is known of a group in a window. */
public final class Sums {
  public double requests;
  /** s */
  public double latencySum;
  /** Samples that were accepted in the window. */
  public long samples;
  /** Whether the interval of any increase overlaps the window. */
  public boolean isCovered;

  /** s; null without requests. */
  Double meanLatency() {
    return requests > 0 ? latencySum / requests : null;
  }

  void add(Sums other) {
    requests += other.requests;
    latencySum += other.latencySum;
    samples += other.samples;
    isCovered |= other.isCovered;
  }

  void addIncrease(double count, double sum) {
    requests += count;
    latencySum += sum;
    isCovered = true;
  }
}
