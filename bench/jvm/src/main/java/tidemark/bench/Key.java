package tidemark.bench;

import java.util.Arrays;

/** The key of a record, compared by its bytes. */
record Key(byte[] bytes) {
  @Override
  public boolean equals(Object other) {
    return other instanceof Key key && Arrays.equals(bytes, key.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }
}
