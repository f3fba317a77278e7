package tidemark.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.ResolvingDecoder;
import org.apache.avro.util.Utf8;

/**
 * Reads what the job needs of a record and nothing else, by Avro's schema resolution: the fields of a
 * sample as generated classes do, without an object in between, and its labels only when asked for.
 */
final class MetricReader {
  private static final int FRAME = 5;
  /** Samples are counted by so many, so that counting costs nothing. */
  private static final int STEP = 1_000;
  private static final Schema SAMPLE =
      SchemaBuilder.record("MetricRecord").namespace("io.tidemark").fields()
          .requiredLong("timestamp").optionalLong("startTimestamp")
          .requiredDouble("count").requiredDouble("sum").endRecord();
  private static final Schema WATERMARK =
      SchemaBuilder.record("Watermark").namespace("io.tidemark").fields()
          .requiredLong("timestamp").endRecord();
  private static final Schema LABELS =
      SchemaBuilder.record("MetricRecord").namespace("io.tidemark").fields()
          .name("labels").type().map().values().stringType().noDefault().endRecord();

  /** How to read what was written by one schema; without fields where it is something else. */
  private record Writer(Schema schema, ResolvingDecoder fields, boolean isWatermark) {}

  private final Registry registry;
  private final Map<Integer, Writer> writers = new HashMap<>();
  /** Mostly it is the same as before. */
  private int lastId;
  private Writer last;
  private BinaryDecoder bytes;
  /** Samples that were read since. */
  private int uncounted;

  MetricReader(Registry registry) {
    this.registry = registry;
  }

  /** Whether it is a sample or a watermark; other records are nobody's business here. */
  boolean read(byte[] key, byte[] value, Metric into) {
    try {
      var writer = writerOf(value);
      if (writer.fields == null) return false;
      bytes = DecoderFactory.get().binaryDecoder(value, FRAME, value.length - FRAME, bytes);
      writer.fields.configure(bytes);
      into.isWatermark = writer.isWatermark;
      into.key = key;
      into.value = value;
      for (var field : writer.fields.readFieldOrder()) {
        switch (field.pos()) {
          case 0 -> into.timestamp = writer.fields.readLong();
          case 1 -> into.start = optionalLong(writer.fields);
          case 2 -> into.count = writer.fields.readDouble();
          default -> into.sum = writer.fields.readDouble();
        }
      }
      if (!writer.isWatermark && ++uncounted == STEP) {
        Cost.count(STEP);
        uncounted = 0;
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException("a record that is no Avro of its schema", e);
    }
  }

  Group group(Metric metric) {
    try {
      var reader = new GenericDatumReader<GenericRecord>(writerOf(metric.value).schema, LABELS);
      var from = DecoderFactory.get().binaryDecoder(metric.value, FRAME, metric.value.length - FRAME, null);
      var labels = (Map<?, ?>) reader.read(null, from).get("labels");
      return new Group(label(labels, "service"), label(labels, "route"));
    } catch (IOException e) {
      throw new UncheckedIOException("a record that is no Avro of its schema", e);
    }
  }

  private static String label(Map<?, ?> labels, String name) {
    var value = labels.get(new Utf8(name));
    return value == null ? "" : value.toString();
  }

  private static long optionalLong(ResolvingDecoder from) throws IOException {
    if (from.readIndex() == 1) return from.readLong();
    from.readNull();
    return Metric.UNKNOWN;
  }

  private Writer writerOf(byte[] value) {
    int id = ByteBuffer.wrap(value).getInt(1);
    if (last == null || id != lastId) {
      last = writers.computeIfAbsent(id, this::writer);
      lastId = id;
    }
    return last;
  }

  private Writer writer(int id) {
    var schema = registry.schema(id);
    boolean isWatermark = schema.getFullName().equals(WATERMARK.getFullName());
    if (!isWatermark && !schema.getFullName().equals(SAMPLE.getFullName())) return new Writer(schema, null, false);
    try {
      var fields = DecoderFactory.get().resolvingDecoder(schema, isWatermark ? WATERMARK : SAMPLE, null);
      return new Writer(schema, fields, isWatermark);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
