import { parseResourcePath } from './request-info.js';

test.each<[string, string]>([
  ['/api/v1/pods', 'v1 pods'],
  ['/api/v1/namespaces/default/pods', 'v1 pods in default'],
  ['/api/v1/namespaces/default/pods/', 'v1 pods in default'],
  ['/api/v1/namespaces/default/pods/web-0', 'v1 pods in default: web-0'],
  ['/api/v1/namespaces/default/pods/web-0/log', 'v1 pods in default: web-0 (log)'],
  ['/api/v1/namespaces/default/pods/web-0/proxy/a/b', 'v1 pods in default: web-0 (proxy) /a/b'],
  ['/api/v1/namespaces//pods', 'v1 pods'],
  ['/api/v1/namespaces', 'v1 namespaces'],
  ['/api/v1/namespaces/default', 'v1 namespaces: default'],
  ['/api/v1/namespaces/default/', 'v1 namespaces: default'],
  ['/api/v1/namespaces/default/finalize', 'v1 namespaces: default (finalize)'],
  ['/api/v1/nodes/node-1/status', 'v1 nodes: node-1 (status)'],
  ['/apis/apps/v1/deployments', 'apps/v1 deployments'],
  ['/api/v1/watch/namespaces/default/pods/web-0', 'v1 watched pods in default: web-0'],
  ['/api/v1/namespaces/default/pods/we%62', 'v1 pods in default: web'],
  ['/api/v1/namespaces/default/pods/%zz', 'v1 pods in default: %zz'],
  ['/api/v1', 'no resource'],
  ['/api/v1//pods', 'no resource'],
  ['/apis/apps', 'no resource'],
  ['/healthz', 'no resource'],
])('%s is %s', (path, expected) => {
  const found = parseResourcePath(path);
  if (!found) return expect('no resource').toBe(expected);
  const { group, version, watch, resource, namespace, name, subresource, rest } = found;
  const text =
    `${group && group + '/'}${version} ${watch ? 'watched ' : ''}${resource}` +
    (namespace && ` in ${namespace}`) + (name && `: ${name}`) + (subresource && ` (${subresource})`) + (rest && ` ${rest}`); // prettier-ignore
  expect(text).toBe(expected);
});
