package tidemark.bench;

/** A record on its way to a topic of the output. */
public final class Output {
  public String topic;
  public byte[] key;
  public byte[] value;

  public Output() {}

  Output(String topic, byte[] key, byte[] value) {
    this.topic = topic;
    this.key = key;
    this.value = value;
  }
}
