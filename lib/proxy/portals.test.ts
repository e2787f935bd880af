import type { Endpoints, Service } from '../api/types.js';
import { portalsOf } from './portals.js';

const aService = (spec: object): Service =>
  ({
    metadata: { namespace: 'default', name: 'web' },
    spec: { clusterIP: '10.0.0.7', type: 'ClusterIP', ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...spec },
    status: {},
  }) as unknown as Service;
const endpoints = {
  metadata: { namespace: 'default', name: 'web' },
  subsets: [
    {
      addresses: [{ ip: '10.244.1.2' }, { ip: '10.244.1.3' }],
      notReadyAddresses: [{ ip: '10.244.1.4' }],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    },
    { addresses: [{ ip: '10.244.2.2' }], ports: [{ name: 'other', port: 9090, protocol: 'TCP' }] },
  ],
} as unknown as Endpoints;

test('a Service is open at its cluster IP, and leads to the ready addresses of the port of the same name', () => {
  expect(portalsOf(aService({}), endpoints, ['127.0.0.1'])).toEqual([
    {
      name: 'default/web:http/TCP',
      protocol: 'TCP',
      places: [{ address: '10.0.0.7', port: 80 }],
      endpoints: ['10.244.1.2:8080', '10.244.1.3:8080'],
      affinity: { type: 'None', timeoutSeconds: 10_800 },
    },
  ]);
});

test('a node port is open at the node’s addresses too', () => {
  const service = aService({ type: 'NodePort', ports: [{ name: 'http', port: 80, nodePort: 30080, protocol: 'TCP' }] });
  expect(portalsOf(service, endpoints, ['127.0.0.1'])[0]!.places).toEqual([
    { address: '10.0.0.7', port: 80 },
    { address: '127.0.0.1', port: 30080 },
  ]);
});

test.each([
  ['headless', { clusterIP: 'None' }],
  ['only a name', { type: 'ExternalName', externalName: 'example.com' }],
  ['without an address yet', { clusterIP: '' }],
  ['of SCTP', { ports: [{ port: 80, protocol: 'SCTP' }] }],
])('a Service that is %s opens nothing', (_what, spec) => expect(portalsOf(aService(spec), endpoints, [])).toEqual([]));

test('session affinity and its time-out are those of the Service', () => {
  const service = aService({
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
  });
  expect(portalsOf(service, endpoints, [])[0]!.affinity).toEqual({ type: 'ClientIP', timeoutSeconds: 60 });
});

test('without Endpoints there is a portal that leads nowhere', () =>
  expect(portalsOf(aService({}), undefined, [])[0]!.endpoints).toEqual([]));
