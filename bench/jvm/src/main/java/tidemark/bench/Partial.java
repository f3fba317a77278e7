package tidemark.bench;

/** What a part of the records knows of a window of a group that it has closed. */
public final class Partial {
  public Group group;
  /** Of the window, ms since the epoch. */
  public long start;
  public Sums sums;

  public Partial() {}

  Partial(Group group, long start, Sums sums) {
    this.group = group;
    this.start = start;
    this.sums = sums;
  }
}
