// Generated from the .avsc files. Renew it with: npx vitest run --project unit schemas -u

/** One classic histogram bucket. */
export interface Bucket {
  /** Inclusive upper bound, in the unit of the metric. */
  readonly le: number;
  /** Observations at or below the bound, cumulative (1). */
  readonly count: number;
}

/** One sample of one series, as scraped. Key: the canonical series text. */
export interface MetricRecord {
  /** When it was scraped, ms since the epoch. */
  readonly timestamp: number;
  /** Since when the counter counts, ms since the epoch; null where unknown. */
  readonly startTimestamp: null | number;
  /** Observations since the counter began, cumulative (1); 1 for a gauge. */
  readonly count: number;
  /** Sum of the observations since the counter began, cumulative, in the unit of the metric (s for durations); 0 for a plain counter; the value of a gauge. */
  readonly sum: number;
  /** Classic buckets in order of le, cumulative (1); may be empty. */
  readonly buckets: readonly Bucket[];
  /** The family's name, without _count, _sum or _bucket (text). */
  readonly name: string;
  /** Label set without the metric name (text). */
  readonly labels: Readonly<Record<string, string>>;
  /** cumulative: all since the counter, histogram or summary began; gauge: a value at the timestamp (name). */
  readonly type: 'cumulative' | 'gauge';
}

/** A promise: no sample of this source still to come has an interval that reaches back before the timestamp. */
export interface Watermark {
  /** The promised time, ms since the epoch. */
  readonly timestamp: number;
  /** Configured name of the writer, stable over restarts (text). */
  readonly source: string;
  /** How many partitions of the topic the source writes to (1). */
  readonly partitions: number;
}

/** A selection that this partition computes. */
export interface SelectionFrom {
  /** Selection id, 16 hex digits (text). */
  readonly id: string;
  /** The selection's first window starts at or after this, ms since the epoch. */
  readonly from: number;
}

/** Sums over the series of one group in one window, in one source partition. */
export interface Partial {
  /** Selection id (text). */
  readonly selection: string;
  /** The group's labels (text). */
  readonly group: Readonly<Record<string, string>>;
  /** Window start, ms since the epoch. */
  readonly start: number;
  /** Increase of count (requests); samples of a gauge. */
  readonly requests: number;
  /** Increase of sum, in the unit of the metric: s for durations, bytes for sizes; sum of the values of a gauge. */
  readonly latencySum: number;
  /** Increase of count over the series that match errors (requests). */
  readonly errors: number;
  /** Increases cumulative by le (requests); null unless the selection keeps buckets. */
  readonly buckets: null | readonly Bucket[];
  /** Samples accepted in the window (1). */
  readonly samples: number;
  /** Whether any increase interval overlaps the window; of a gauge, whether it has a sample (flag). */
  readonly covered: boolean;
  /** Greatest value of a gauge, in the unit of the metric; null for all else. */
  readonly max: null | number;
}

/** Everything one partition of metrics closed at one watermark, for one partition of partials. Identity: (sourcePartition, watermark, part). */
export interface PartialBatch {
  /** Partition of metrics it was computed from (index). */
  readonly sourcePartition: number;
  /** Greatest Watermark.partitions so far (1). */
  readonly sourcePartitions: number;
  /** Watermark of the batch before, ms since the epoch; null in the first. */
  readonly previousWatermark: null | number;
  /** Watermark that closed these windows, ms since the epoch. */
  readonly watermark: number;
  /** Number of this part, from 0 (index). */
  readonly part: number;
  /** Whether this is the last part (flag). */
  readonly last: boolean;
  /** All selections, in order of id. */
  readonly selections: readonly SelectionFrom[];
  /** In order of end + grace, end, selection, group text. */
  readonly partials: readonly Partial[];
}

/** One closed window of one group. Key: the group text. */
export interface WindowRecord {
  /** Metric family (text). */
  readonly metric: string;
  /** Selection id, 16 hex digits (text). */
  readonly selection: string;
  /** The group's labels (text). */
  readonly group: Readonly<Record<string, string>>;
  /** First instant of the window, ms since the epoch. */
  readonly start: number;
  /** First instant after the window, ms since the epoch. */
  readonly end: number;
  /** Increase of count in the window (requests); samples of a gauge. */
  readonly requests: number;
  /** Increase of sum in the window, in the unit of the metric: s for durations, bytes for sizes; sum of the values of a gauge. */
  readonly latencySum: number;
  /** Requests that match the rule's errors (requests). */
  readonly errors: number;
  /** Requests per second (1/s). */
  readonly requestRate: number;
  /** errors / requests (1); null without requests. */
  readonly errorRatio: null | number;
  /** latencySum / requests (s); null without requests. */
  readonly meanLatency: null | number;
  /** Samples accepted in the window (1). */
  readonly samples: number;
  /** Whether any increase interval overlaps the window; of a gauge, whether it has a sample (flag). */
  readonly covered: boolean;
  /** Increases cumulative by le over the bounds that all series share (requests); null unless kept. */
  readonly buckets: null | readonly Bucket[];
  /** Greatest value of a gauge, in the unit of the metric; null for all else. */
  readonly max: null | number;
}

/** What the previous windows gave. */
export interface Baseline {
  /** The measure over the previous windows (s, 1/s or ratio). */
  readonly value: number;
  /** How many windows counted (1). */
  readonly windows: number;
  /** End of the window since which it is held, ms since the epoch; null where nothing is held. */
  readonly frozenAt: null | number;
}

/** Another measure of the same window beside its own baseline. */
export interface ContextMeasure {
  /** Which measure (word). */
  readonly measure: string;
  /** In this window (s, 1/s or ratio); null without data. */
  readonly value: null | number;
  /** Over the previous windows (s, 1/s or ratio); null where not ready. */
  readonly baseline: null | number;
  /** value / baseline (1); null where not ready or 0. */
  readonly ratio: null | number;
  /** Whether ratio is above the rule's factor, 1.2 without one (flag). */
  readonly rising: boolean;
}

/** Where the rule stands. */
export interface RuleRef {
  /** Path as configured (text). */
  readonly file: string;
  /** Line of the alert key, from 1 (line). */
  readonly line: number;
  /** First 12 hex digits of SHA-256 of the file's bytes (text). */
  readonly revision: string;
}

/** What one of several conditions came to. */
export interface ConditionResult {
  /** What was measured (word). */
  readonly measure: string;
  /** Comparison: > >= < <= == != (symbol). */
  readonly operator: string;
  /** Length of the window that it is measured over, of sessions the longest (ms). */
  readonly window: number;
  /** In this window (s, 1/s or ratio); null without data. */
  readonly value: null | number;
  /** What it was compared with (s, 1/s or ratio); null without one. */
  readonly threshold: null | number;
}

/** One transition of one alert. Key: the fingerprint. */
export interface AlertRecord {
  /** 32 hex digits of SHA-256 over alert, group text, windowEnd and state (text). */
  readonly id: string;
  /** 32 hex digits of SHA-256 over the label set's text (text). */
  readonly fingerprint: string;
  /** Name of the rule (text). */
  readonly alert: string;
  /** State entered (name). */
  readonly state: 'inactive' | 'pending' | 'firing' | 'resolved';
  /** critical, warning or info (name). */
  readonly severity: string;
  /** alertname, group, the rule's labels, severity (text). */
  readonly labels: Readonly<Record<string, string>>;
  /** Annotations, templates expanded (text). */
  readonly annotations: Readonly<Record<string, string>>;
  /** What was measured: mean_latency or a quantile like p99_latency (s), request_rate (1/s), request_count (requests), throughput (B/s), burn_rate of an objective (times), avg or max of a gauge (its unit), error_ratio or a share like ratio(latency < 300ms) (1) (word). */
  readonly measure: string;
  /** Comparison: > >= < <= == != (symbol). */
  readonly operator: string;
  /** The measure in this window (s, 1/s or ratio); null without data. */
  readonly value: null | number;
  /** What it was compared with (s, 1/s or ratio): the fixed number, or factor x baseline; null without one. */
  readonly threshold: null | number;
  /** Requests in this window, samples of a gauge (requests); null without data. */
  readonly requests: null | number;
  /** Start of the deciding window, ms since the epoch. */
  readonly windowStart: number;
  /** End of the deciding window, ms since the epoch. */
  readonly windowEnd: number;
  /** End of the window in which the condition first held, ms since the epoch. */
  readonly startsAt: number;
  /** When it resolved, ms since the epoch; null unless resolved. */
  readonly endsAt: null | number;
  /** The baseline it was judged by; null without one. */
  readonly baseline: null | Baseline;
  /** The rule's context measures. */
  readonly context: readonly ContextMeasure[];
  /** recovered, baseline expired, no_data or rule_changed (text); null for pending and firing. */
  readonly reason: null | string;
  /** The rule that decided. */
  readonly rule: RuleRef;
  /** All conditions, in order, where the rule has several; of an objective the long and the short window of each burn rate. */
  readonly conditions: readonly ConditionResult[];
}

/** A part of a stage's whole state for one input partition, written into that partition. */
export interface StageState {
  /** Which state the part belongs to (text). */
  readonly id: string;
  /** Number of this part, from 0 (index). */
  readonly part: number;
  /** Whether this is the last part (flag). */
  readonly last: boolean;
  /** SHA-256 over the whole state, hex, in the last part; else empty (text). */
  readonly digest: string;
  /** At most 512 kB of the state (bytes). */
  readonly payload: Uint8Array;
}

/** The text of one rule file that was in use, to explain old alerts. Key: the revision. */
export interface RulesRevision {
  /** First 12 hex digits of SHA-256 of the file's bytes (text). */
  readonly revision: string;
  /** Path as configured (text). */
  readonly file: string;
  /** The file's content (text). */
  readonly text: string;
}

/** A closed window that a late sample met. */
export interface LateWindow {
  /** Selection id (text). */
  readonly selection: string;
  /** Window start, ms since the epoch. */
  readonly start: number;
}

/** A record that was not, or not wholly, used; or the number of those that were not written one by one. Key: topic-partition-offset. */
export interface DeadLetter {
  /** Class: bad, skewed, out_of_order or late; of an alert that nobody took, undelivered; of a job that was given up, unprocessed (name). */
  readonly reason: string;
  /** What is wrong, for people (text). */
  readonly detail: string;
  /** Topic it came from (text). */
  readonly topic: string;
  /** Partition it came from (index). */
  readonly partition: number;
  /** Its offset; of the closing Watermark where records is above 1 (offset). */
  readonly offset: number;
  /** How many records this stands for: 1 with key and value, else the rest between two watermarks (1). */
  readonly records: number;
  /** Closed windows that the record met; only for late. */
  readonly windows: readonly LateWindow[];
  /** The record's key (bytes). */
  readonly key: null | Uint8Array;
  /** The record's value as it stood in the log (bytes). */
  readonly value: null | Uint8Array;
}

/** Work for video processing. Key: the video's id. */
export interface VideoJob {
  /** What to do (name). */
  readonly kind: 'process';
  /** Video id and upload id, joined by a dot: the same job has the same id (text). */
  readonly id: string;
  /** Video id (text). */
  readonly video: string;
  /** Upload id (text). */
  readonly upload: string;
  /** When the upload was complete, ms since the epoch. */
  readonly createdAt: number;
  /** X-Request-ID of the upload (text); null where it had none. */
  readonly requestId: null | string;
  /** W3C trace context of the upload (text); null where it had none. */
  readonly traceparent: null | string;
}

/** What became of a job. Key: the video's id. */
export interface VideoEvent {
  /** What happened (name). */
  readonly kind: 'processed' | 'processingFailed' | 'progress';
  /** Id of the job (text). */
  readonly job: string;
  /** Video id (text). */
  readonly video: string;
  /** Upload id (text). */
  readonly upload: string;
  /** When it happened, ms since the epoch. */
  readonly at: number;
  /** Share of the video that is encoded, from 0 to 1 (ratio). */
  readonly progress: number;
  /** Why it failed, for people (text); null unless it failed. */
  readonly reason: null | string;
  /** X-Request-ID of the upload (text); null where it had none. */
  readonly requestId: null | string;
  /** W3C trace context of the upload (text); null where it had none. */
  readonly traceparent: null | string;
}

/** One target of the source. */
export interface TargetState {
  /** Its label job (text). */
  readonly job: string;
  /** Its label instance (text). */
  readonly instance: string;
  /** When it was last scraped well, ms since the epoch; null where that was not since the writer began. */
  readonly lastScrape: null | number;
  /** Why the last scrape failed, for people; null where the target is up (text). */
  readonly problem: null | string;
}

/** What a source knew of its targets at the end of a poll. Key: the source. */
export interface TargetStates {
  /** When the poll ended, ms since the epoch. */
  readonly timestamp: number;
  /** Configured name of the writer, stable over restarts (text). */
  readonly source: string;
  /** In the order in which they are configured, or by job and instance. */
  readonly targets: readonly TargetState[];
}

/** A rule file that could not be taken up; the next RulesRevision says that it is right again. Key: rejected. */
export interface RulesRejected {
  /** Path as configured (text). */
  readonly file: string;
  /** What is wrong with it, a line each, as FILE:LINE:COLUMN message (text). */
  readonly problem: string;
  /** Of the rules that stay in use (text). */
  readonly revision: string;
}

/** Every record by its name. */
export interface RecordTypes {
  MetricRecord: MetricRecord;
  Watermark: Watermark;
  PartialBatch: PartialBatch;
  WindowRecord: WindowRecord;
  AlertRecord: AlertRecord;
  StageState: StageState;
  RulesRevision: RulesRevision;
  DeadLetter: DeadLetter;
  VideoJob: VideoJob;
  VideoEvent: VideoEvent;
  TargetStates: TargetStates;
  RulesRejected: RulesRejected;
}

