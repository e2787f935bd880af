// The rule of the house (docs/design in the README): components meet in objects, through the API server, and only there.
const components = ['controllers', 'scheduler', 'kubelet', 'proxy', 'heapster', 'kubectl'];
const room = (name) => `^lib/${name}/`;
module.exports = {
  forbidden: [
    ...components.map((name) => ({
      name: `${name}-stands-alone`,
      comment: 'A component imports util, api and client; other components it meets in objects.',
      severity: 'error',
      from: { path: room(name), pathNot: '\\.test\\.ts$' },
      to: { path: '^lib/', pathNot: [room(name), room('util'), room('api'), room('client')] },
    })),
    {
      name: 'util-knows-nothing',
      severity: 'error',
      from: { path: room('util') },
      to: { path: '^lib/', pathNot: room('util') },
    },
    {
      name: 'api-is-data',
      severity: 'error',
      from: { path: room('api') },
      to: { path: '^lib/', pathNot: [room('api'), room('util')] },
    },
    {
      name: 'client-speaks-http',
      severity: 'error',
      from: { path: room('client'), pathNot: '\\.test\\.ts$' },
      to: { path: '^lib/', pathNot: [room('client'), room('api'), room('util')] },
    },
    {
      name: 'apiserver-is-the-door',
      severity: 'error',
      from: { path: room('apiserver'), pathNot: '\\.test\\.ts$' },
      to: { path: '^lib/', pathNot: [room('apiserver'), room('api'), room('util')] },
    },
    {
      name: 'only-the-apiserver-reaches-the-store',
      severity: 'error',
      from: { path: '^lib/', pathNot: [room('apiserver'), room('cluster'), '\\.test\\.ts$'] },
      to: { path: '^lib/apiserver/storage' },
    },
    {
      name: 'notebook-is-for-notebooks',
      severity: 'error',
      from: { path: '^lib/', pathNot: room('notebook') },
      to: { path: room('notebook') },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: { path: '^lib/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
