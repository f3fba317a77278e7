package tidemark.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import org.apache.avro.Schema;

/** A schema registry of Confluent's interface. It is asked once for each schema. */
final class Registry {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
  private final String url;

  Registry(String url) {
    this.url = url;
  }

  Schema schema(int id) {
    return new Schema.Parser().parse(ask(request("/schemas/ids/" + id)).get("schema").asText());
  }

  /** Makes it known under its full name, where it is not yet; its id. */
  int register(Schema schema) {
    var request = request("/subjects/" + schema.getFullName() + "/versions");
    var body = JSON.valueToTree(Map.of("schema", schema.toString())).toString();
    request.header("content-type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
    return ask(request).get("id").asInt();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path)).timeout(TIMEOUT);
  }

  private JsonNode ask(HttpRequest.Builder builder) {
    var request = builder.build();
    try {
      var response = http.send(request, BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new IOException("status " + response.statusCode() + ": " + response.body());
      }
      return JSON.readTree(response.body());
    } catch (IOException e) {
      throw new UncheckedIOException("schema registry " + request.uri() + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
