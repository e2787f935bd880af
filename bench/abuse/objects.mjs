/**
 * Valid objects to begin with: of the kinds that are known here as people write them, so that a mutation gets past the
 * first check; of any other kind that the server's OpenAPI document describes, made up from its schema.
 */

const podSpec = {
  containers: [
    {
      name: 'main',
      image: 'kubebook/web:1',
      args: ['--verbose'],
      ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
      env: [
        { name: 'GREETING', value: 'hello' },
        { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
      resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '0.5', memory: '64Mi' } },
      readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 },
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    },
  ],
  volumes: [{ name: 'data', emptyDir: {} }],
  tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }],
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  restartPolicy: 'Always',
};
const template = { metadata: { labels: { app: 'fuzz' } }, spec: podSpec };
const expiry = {
  leaseDurationSeconds: 15,
  renewTime: '2026-01-01T00:00:00.000000Z',
  acquireTime: '2026-01-01T00:00:00.000000Z',
};

/** What a kind has beside its metadata. */
const bodies = {
  ConfigMap: { data: { a: '1', b: 'two' }, binaryData: { c: 'AAEC' } },
  Secret: { type: 'Opaque', data: { token: 'c2VjcmV0' }, stringData: { more: 'plain' } },
  Pod: { spec: podSpec },
  PodTemplate: { template },
  ReplicationController: { spec: { replicas: 1, selector: { app: 'fuzz' }, template } },
  Service: {
    spec: {
      selector: { app: 'fuzz' },
      ports: [
        { name: 'http', port: 80, targetPort: 'http' },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
    },
  },
  Endpoints: { subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ name: 'http', port: 80 }] }] },
  EndpointSlice: {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.2.3'], conditions: { ready: true } }],
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
  },
  Namespace: { spec: { finalizers: ['kubernetes'] } },
  Node: {
    spec: { taints: [{ key: 'dedicated', value: 'x', effect: 'NoSchedule' }] },
    status: { capacity: { cpu: '4', memory: '8Gi', pods: '110' } },
  },
  LimitRange: { spec: { limits: [{ type: 'Container', max: { cpu: '2' }, default: { cpu: '100m' } }] } },
  ResourceQuota: { spec: { hard: { pods: '10000', 'requests.cpu': '4000' } } },
  ServiceAccount: { automountServiceAccountToken: false, imagePullSecrets: [{ name: 's' }] },
  Lease: { spec: { holderIdentity: 'me', ...expiry } },
  Event: {
    involvedObject: { kind: 'Pod', name: 'a', namespace: 'fuzz-a' },
    regarding: { kind: 'Pod', name: 'a', namespace: 'fuzz-a' },
    reason: 'Fuzzed',
    message: 'a message',
    note: 'a note',
    type: 'Normal',
    action: 'Fuzz',
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'example.com/fuzz',
    reportingInstance: 'fuzz-0',
  },
  Binding: { target: { kind: 'Node', name: 'node-1' } },
  Eviction: { deleteOptions: { gracePeriodSeconds: 0 } },
  Scale: { spec: { replicas: 2 } },
  TokenRequest: { spec: { audiences: ['https://kubernetes.default.svc'], expirationSeconds: 600 } },
  DeleteOptions: {
    gracePeriodSeconds: 1,
    propagationPolicy: 'Background',
    preconditions: { uid: '00000000-0000-0000-0000-000000000000' },
  },
  Deployment: { spec: { replicas: 1, selector: { matchLabels: { app: 'fuzz' } }, template } },
  ReplicaSet: { spec: { replicas: 1, selector: { matchLabels: { app: 'fuzz' } }, template } },
  DaemonSet: { spec: { selector: { matchLabels: { app: 'fuzz' } }, template } },
  StatefulSet: { spec: { serviceName: 'fuzz', selector: { matchLabels: { app: 'fuzz' } }, template } },
  Job: { spec: { template: { ...template, spec: { ...podSpec, restartPolicy: 'Never' } } } },
  CronJob: {
    spec: {
      schedule: '* * * * *',
      jobTemplate: { spec: { template: { ...template, spec: { ...podSpec, restartPolicy: 'Never' } } } },
    },
  },
};

/** @param schema of the kind, from the OpenAPI document; for kinds that are not known here */
export function anObject({ apiVersion, kind, name, namespace, schema, definitions }, random) {
  const rest = bodies[kind] ? structuredClone(bodies[kind]) : sampled(schema, definitions, random, 0);
  return {
    apiVersion,
    kind,
    ...rest,
    metadata: {
      name,
      ...(namespace && { namespace }),
      labels: { app: 'fuzz', tier: random.pick(['front', 'back']) },
      annotations: { 'example.com/note': 'a note' },
    },
  };
}

function sampled(schema, definitions, random, depth) {
  if (schema?.$ref) return sampled(definitions[schema.$ref.split('/').at(-1)], definitions, random, depth);
  switch (schema?.type) {
    case 'object': {
      if (schema.additionalProperties)
        return { key: sampled(schema.additionalProperties, definitions, random, depth + 1) };
      const required = new Set(schema.required ?? []);
      const chosen = Object.entries(schema.properties ?? {}).filter(
        ([name]) =>
          !['apiVersion', 'kind', 'metadata'].includes(name) &&
          (required.has(name) || (depth < 5 && random.chance(0.3))),
      );
      return Object.fromEntries(chosen.map(([name, of]) => [name, sampled(of, definitions, random, depth + 1)]));
    }
    case 'array':
      return Array.from({ length: 1 + random.below(2) }, () => sampled(schema.items, definitions, random, depth + 1));
    case 'integer':
      return random.pick([0, 1, 80, 443]);
    case 'number':
      return 1.5;
    case 'boolean':
      return random.chance(0.5);
    default:
      return random.pick(['a', 'web', '10.0.0.1', '100m']);
  }
}
