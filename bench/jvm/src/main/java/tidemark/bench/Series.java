package tidemark.bench;

import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** What changes of a series with each sample: the last one, and the windows that its increases go to. */
record Series(Sample sample, OpenWindows windows) {
  /** Written for each sample, so by a fixed layout. */
  static Serde<Series> serde() {
    return Serdes.serdeFrom(
        (topic, series) -> series == null ? null : series.bytes(),
        (topic, bytes) -> bytes == null ? null : read(bytes));
  }

  private byte[] bytes() {
    var open = windows.open();
    var to = ByteBuffer.allocate(4 * Long.BYTES + open.size() * (4 * Long.BYTES + 1));
    to.putLong(sample.timestamp).putDouble(sample.count).putDouble(sample.sum).putLong(windows.closed());
    for (var entry : open) {
      var sums = entry.getValue();
      to.putLong(entry.getKey()).putDouble(sums.requests).putDouble(sums.latencySum);
      to.putLong(sums.samples).put((byte) (sums.isCovered ? 1 : 0));
    }
    return to.array();
  }

  private static Series read(byte[] bytes) {
    var from = ByteBuffer.wrap(bytes);
    var sample = new Sample();
    sample.timestamp = from.getLong();
    sample.count = from.getDouble();
    sample.sum = from.getDouble();
    var windows = new OpenWindows(from.getLong());
    while (from.hasRemaining()) {
      var sums = windows.at(from.getLong());
      sums.requests = from.getDouble();
      sums.latencySum = from.getDouble();
      sums.samples = from.getLong();
      sums.isCovered = from.get() == 1;
    }
    return new Series(sample, windows);
  }
}
