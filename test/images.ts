/** The images that the suites run, by their public names; each can be named otherwise in the environment. */
export const images = {
  kafka: process.env.KAFKA_IMAGE ?? 'apache/kafka:4.3.1',
  registry: process.env.REGISTRY_IMAGE ?? 'apicurio/apicurio-registry:3.3.3',
  redis: process.env.REDIS_IMAGE ?? 'redis:7.0.15-bookworm',
  prometheus: process.env.PROMETHEUS_IMAGE ?? 'prom/prometheus:v3.5.3',
  prometheus2: process.env.PROMETHEUS2_IMAGE ?? 'prom/prometheus:v2.53.3',
  alertmanager: process.env.ALERTMANAGER_IMAGE ?? 'prom/alertmanager:v0.28.1',
} as const;
