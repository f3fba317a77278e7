package tidemark.bench;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** How Kafka Streams has the values of its stores and of its topic in between; Flink derives the like itself. */
interface Form<T> {
  void write(T value, DataOutputStream to) throws IOException;

  T read(DataInputStream from) throws IOException;

  static <T> Serde<T> serde(Form<T> form) {
    return Serdes.serdeFrom(
        (topic, value) -> {
          if (value == null) return null;
          var bytes = new ByteArrayOutputStream(256);
          try {
            form.write(value, new DataOutputStream(bytes));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
          return bytes.toByteArray();
        },
        (topic, bytes) -> {
          if (bytes == null) return null;
          try {
            return form.read(new DataInputStream(new ByteArrayInputStream(bytes)));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  static <T> Form<Collection<T>> list(Form<T> one) {
    return new Form<>() {
      @Override
      public void write(Collection<T> values, DataOutputStream to) throws IOException {
        to.writeInt(values.size());
        for (var value : values) one.write(value, to);
      }

      @Override
      public List<T> read(DataInputStream from) throws IOException {
        var values = new ArrayList<T>();
        for (int left = from.readInt(); left > 0; left--) values.add(one.read(from));
        return values;
      }
    };
  }

  Form<Group> GROUP = new Form<>() {
    @Override
    public void write(Group group, DataOutputStream to) throws IOException {
      to.writeUTF(group.service());
      to.writeUTF(group.route());
    }

    @Override
    public Group read(DataInputStream from) throws IOException {
      return new Group(from.readUTF(), from.readUTF());
    }
  };

  Form<Sums> SUMS = new Form<>() {
    @Override
    public void write(Sums sums, DataOutputStream to) throws IOException {
      to.writeDouble(sums.requests);
      to.writeDouble(sums.latencySum);
      to.writeLong(sums.samples);
      to.writeBoolean(sums.isCovered);
    }

    @Override
    public Sums read(DataInputStream from) throws IOException {
      var sums = new Sums();
      sums.requests = from.readDouble();
      sums.latencySum = from.readDouble();
      sums.samples = from.readLong();
      sums.isCovered = from.readBoolean();
      return sums;
    }
  };

  Form<Partial> PARTIAL = new Form<>() {
    @Override
    public void write(Partial partial, DataOutputStream to) throws IOException {
      GROUP.write(partial.group, to);
      to.writeLong(partial.start);
      SUMS.write(partial.sums, to);
    }

    @Override
    public Partial read(DataInputStream from) throws IOException {
      return new Partial(GROUP.read(from), from.readLong(), SUMS.read(from));
    }
  };

  Form<Collection<Partial>> PARTIALS = list(PARTIAL);

  Form<Closed> CLOSED = new Form<>() {
    @Override
    public void write(Closed closed, DataOutputStream to) throws IOException {
      to.writeInt(closed.source());
      to.writeLong(closed.watermark());
      PARTIALS.write(closed.partials(), to);
    }

    @Override
    public Closed read(DataInputStream from) throws IOException {
      return new Closed(from.readInt(), from.readLong(), PARTIALS.read(from));
    }
  };

  Form<Name> NAME = new Form<>() {
    @Override
    public void write(Name name, DataOutputStream to) throws IOException {
      to.writeInt(name.key().length);
      to.write(name.key());
      GROUP.write(name.group(), to);
    }

    @Override
    public Name read(DataInputStream from) throws IOException {
      return new Name(from.readNBytes(from.readInt()), GROUP.read(from));
    }
  };

  Form<Judging.Past> PAST = new Form<>() {
    @Override
    public void write(Judging.Past past, DataOutputStream to) throws IOException {
      to.writeLong(past.start);
      to.writeDouble(past.requests);
      to.writeDouble(past.latencySum);
      to.writeBoolean(past.isActive);
    }

    @Override
    public Judging.Past read(DataInputStream from) throws IOException {
      var past = new Judging.Past();
      past.start = from.readLong();
      past.requests = from.readDouble();
      past.latencySum = from.readDouble();
      past.isActive = from.readBoolean();
      return past;
    }
  };

  Form<Judging> JUDGING = new Form<>() {
    private final Form<Collection<Judging.Past>> past = list(PAST);

    @Override
    public void write(Judging judging, DataOutputStream to) throws IOException {
      past.write(judging.past, to);
      to.writeBoolean(judging.isFiring);
      to.writeDouble(judging.held);
      to.writeLong(judging.heldSince);
      to.writeLong(judging.lastJudged);
    }

    @Override
    public Judging read(DataInputStream from) throws IOException {
      var judging = new Judging();
      judging.past.addAll(past.read(from));
      judging.isFiring = from.readBoolean();
      judging.held = from.readDouble();
      judging.heldSince = from.readLong();
      judging.lastJudged = from.readLong();
      return judging;
    }
  };
}
