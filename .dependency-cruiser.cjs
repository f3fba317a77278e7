// The import law: data flows one way, and the folders show it (DECISIONS.md).
const stage = '^pipeline/(spout|aggregate|evaluate|view|notify)/';
const notTests = { pathNot: '\\.(test|contract|fixture)\\.ts$' };
const adapter =
  '^platform/(lmdb/|[^/]+/(lmdb|kafka|redis|registry|prometheus|embedded|http-scrape|http-post|ffmpeg|tools))';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'model-imports-nothing-of-ours-but-record-types',
      severity: 'error',
      from: { path: '^pipeline/model/', ...notTests },
      to: {
        path: '^(pipeline|platform|video|gateway|schemas|cli)/',
        pathNot: '^(pipeline/model/|schemas/types)',
      },
    },
    {
      name: 'operators-import-only-model-and-record-types',
      severity: 'error',
      from: { path: '^pipeline/operators/', ...notTests },
      to: {
        path: '^(pipeline|platform|video|gateway|schemas|cli)/',
        pathNot: '^(pipeline/(model|operators)/|schemas/types)',
      },
    },
    {
      name: 'core-imports-only-rxjs-and-what-computes',
      severity: 'error',
      from: { path: '^pipeline/(model|operators)/', ...notTests },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev'],
        pathNot: '^(crypto|util)$|node_modules/(rxjs|simple-statistics)/',
      },
    },
    {
      name: 'a-store-or-tool-is-used-by-its-adapter-alone',
      severity: 'error',
      from: {
        pathNot: [
          '^(platform/(lmdb|codec|transcoder|telemetry|log/kafka|store/redis|scrape)|bench)/',
          '\\.test\\.ts$',
        ],
      },
      to: { path: 'node_modules/(lmdb|avsc|fluent-ffmpeg|pino|kafkajs|@kafkajs|ioredis|prometheus-query)/' },
    },
    {
      name: 'pipeline-never-imports-the-watched-system',
      severity: 'error',
      from: { path: '^pipeline/' },
      to: { path: '^(video|gateway)/' },
    },
    {
      name: 'stages-never-import-each-other',
      severity: 'error',
      from: { path: '^pipeline/(spout|aggregate|evaluate|view|notify)/', ...notTests },
      to: { path: stage, pathNot: '^pipeline/$1/' },
    },
    {
      name: 'nobody-but-cli-imports-an-adapter',
      severity: 'error',
      from: { path: '^(pipeline|video|gateway|schemas)/', ...notTests },
      to: { path: adapter },
    },
    {
      name: 'ports-know-no-adapter',
      severity: 'error',
      from: { path: '^platform/', pathNot: [adapter, notTests.pathNot] },
      to: { path: adapter },
    },
    {
      name: 'platform-knows-no-product',
      severity: 'error',
      from: { path: '^platform/', ...notTests },
      to: { path: '^(pipeline|video|gateway|cli)/' },
    },
    {
      name: 'video-and-gateway-never-import-pipeline',
      severity: 'error',
      from: { path: '^(video|gateway)/', ...notTests },
      to: { path: '^(pipeline|cli)/' },
    },
    {
      name: 'nobody-imports-cli',
      severity: 'error',
      from: { path: '^(pipeline|platform|video|gateway|schemas)/', ...notTests },
      to: { path: '^cli/' },
    },
    {
      name: 'nobody-imports-bench',
      severity: 'error',
      from: { path: '^(pipeline|platform|video|gateway|schemas|cli)/' },
      to: { path: '^bench/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'], conditionNames: ['import', 'node', 'default'] },
  },
};
