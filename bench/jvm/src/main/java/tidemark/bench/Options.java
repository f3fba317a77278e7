package tidemark.bench;

import java.io.Serializable;
import java.util.Set;
import java.util.TreeMap;

/** The command line: pairs of {@code --name value}. */
final class Options implements Serializable {
  private static final Set<String> REQUIRED =
      Set.of("--brokers", "--registry", "--topic", "--prefix", "--last-window");
  private static final Set<String> OPTIONAL = Set.of("--timeout", "--warm-up");

  private final TreeMap<String, String> given = new TreeMap<>();

  /** {@code own}: names that this program takes beside those that both take. */
  Options(String[] args, Set<String> own) {
    for (int i = 0; i < args.length; i += 2) {
      var name = args[i];
      if (!REQUIRED.contains(name) && !OPTIONAL.contains(name) && !own.contains(name)) {
        throw new IllegalArgumentException("unknown option " + name);
      }
      if (i + 1 == args.length) throw new IllegalArgumentException(name + " needs a value");
      given.put(name, args[i + 1]);
    }
    for (var name : REQUIRED) {
      if (!given.containsKey(name)) throw new IllegalArgumentException(name + " is missing");
    }
  }

  String brokers() {
    return given.get("--brokers");
  }

  String registry() {
    return given.get("--registry");
  }

  /** The records to judge. */
  String topic() {
    return given.get("--topic");
  }

  String windows() {
    return given.get("--prefix") + "-windows";
  }

  String alerts() {
    return given.get("--prefix") + "-alerts";
  }

  String prefix() {
    return given.get("--prefix");
  }

  /** End of the last window that closes, ms since the epoch. */
  long lastWindow() {
    return number("--last-window", 0);
  }

  /** How long the job may take, s. */
  long timeout() {
    return number("--timeout", 600);
  }

  /** Samples that are read before the job counts as warm. */
  long warmUp() {
    return number("--warm-up", 0);
  }

  String text(String name, String otherwise) {
    return given.getOrDefault(name, otherwise);
  }

  long number(String name, long otherwise) {
    var value = given.get(name);
    if (value == null) return otherwise;
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + ": " + value + " is no whole number");
    }
  }
}
