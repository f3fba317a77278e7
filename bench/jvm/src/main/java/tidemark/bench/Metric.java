package tidemark.bench;

/** A record of the input: a sample of a series, or a watermark. Overwritten by the next one. */
public final class Metric {
  /** Before any time: where none is known. */
  static final long UNKNOWN = Long.MIN_VALUE;

  public boolean isWatermark;
  /** When it was scraped, or what is promised, ms since the epoch. */
  public long timestamp;
  /** Since when the counter counts, ms since the epoch, or UNKNOWN. */
  public long start;
  public double count;
  public double sum;
  /** As it is in the log: a series is known by its key; its labels are looked at once. */
  public byte[] key;
  public byte[] value;
}
