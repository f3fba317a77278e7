package tidemark.bench;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** Windows and alerts as records: Avro behind the id of its schema. */
final class OutputWriter {
  private static final Schema WINDOW =
      SchemaBuilder.record("Window").namespace("tidemark.bench").fields()
          .requiredString("service").requiredString("route")
          .requiredLong("start").requiredLong("end")
          .requiredDouble("requests").requiredDouble("latencySum")
          .requiredDouble("requestRate").optionalDouble("meanLatency")
          .requiredLong("samples").requiredBoolean("covered").endRecord();
  private static final Schema ALERT =
      SchemaBuilder.record("Alert").namespace("tidemark.bench").fields()
          .requiredString("service").requiredString("route")
          .requiredLong("windowEnd").requiredString("state")
          .optionalDouble("meanLatency").endRecord();

  private final Options options;
  private final Framed windows;
  private final Framed alerts;

  OutputWriter(Options options) {
    this.options = options;
    var registry = new Registry(options.registry());
    windows = new Framed(WINDOW, registry.register(WINDOW));
    alerts = new Framed(ALERT, registry.register(ALERT));
  }

  Output window(Group group, long end, Sums sums) {
    var record = new GenericData.Record(WINDOW);
    record.put("service", group.service());
    record.put("route", group.route());
    record.put("start", end - Windows.LENGTH);
    record.put("end", end);
    record.put("requests", sums.requests);
    record.put("latencySum", sums.latencySum);
    record.put("requestRate", sums.requests * 1000 / Windows.LENGTH);
    record.put("meanLatency", sums.meanLatency());
    record.put("samples", sums.samples);
    record.put("covered", sums.isCovered);
    return new Output(options.windows(), keyOf(group), windows.bytes(record));
  }

  /** {@code sums}: null where the group has no data. */
  Output alert(Group group, long end, Judging.State state, Sums sums) {
    var record = new GenericData.Record(ALERT);
    record.put("service", group.service());
    record.put("route", group.route());
    record.put("windowEnd", end);
    record.put("state", state.name().toLowerCase(Locale.ROOT));
    record.put("meanLatency", sums == null ? null : sums.meanLatency());
    return new Output(options.alerts(), keyOf(group), alerts.bytes(record));
  }

  private static byte[] keyOf(Group group) {
    return (group.service() + " " + group.route()).getBytes(StandardCharsets.UTF_8);
  }

  /** Writes records of one schema; what it needs for that is reused. */
  private static final class Framed {
    private final int id;
    private final GenericDatumWriter<GenericRecord> writer;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream frame = new DataOutputStream(bytes);
    private BinaryEncoder encoder;

    Framed(Schema schema, int id) {
      this.id = id;
      writer = new GenericDatumWriter<>(schema);
    }

    byte[] bytes(GenericRecord record) {
      try {
        bytes.reset();
        frame.writeByte(0);
        frame.writeInt(id);
        encoder = EncoderFactory.get().directBinaryEncoder(bytes, encoder);
        writer.write(record, encoder);
        return bytes.toByteArray();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
