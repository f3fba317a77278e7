// The import law: data flows one way, and the folders show it (DECISIONS.md).
const stage = '^pipeline/(spout|aggregate|evaluate|view)/';
const notTests = { pathNot: '\\.(test|contract|fixture)\\.ts$' };
const adapter =
  '^platform/(lmdb/|[^/]+/(lmdb|kafka|redis|registry|prometheus|embedded|http-scrape|ffmpeg|tools))';

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
      name: 'stages-never-import-each-other',
      severity: 'error',
      from: { path: '^pipeline/(spout|aggregate|evaluate|view)/', ...notTests },
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
    exclude: { path: '^(dist|node_modules)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'], conditionNames: ['import', 'node', 'default'] },
  },
};
