/** The objects of the benchmarks: a pod of 1.5 kB as it is sent, and a node with room for many. */

export const pod = (name, namespace = 'default') =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: {
        app: 'bench',
        tier: 'frontend',
        track: 'stable',
        'app.kubernetes.io/name': 'bench',
        'app.kubernetes.io/part-of': 'kubebook',
      },
      annotations: { 'example.com/note': 'x'.repeat(200), 'example.com/owner': 'somebody@example.com' },
    },
    spec: {
      terminationGracePeriodSeconds: 30,
      containers: [0, 1].map((index) => ({
        name: `main-${index}`,
        image: 'kubebook/web:1',
        ports: [{ name: `http-${index}`, containerPort: 8080 + index, protocol: 'TCP' }],
        env: [
          { name: 'GREETING', value: 'hello from the benchmark' },
          { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
        resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '100m', memory: '64Mi' } },
        readinessProbe: { httpGet: { path: '/healthz', port: 8080 + index }, periodSeconds: 5 },
      })),
    },
  });

export const node = (name) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
  });

/** What a kubelet would say of it. */
export const nodeStatus = (now) =>
  JSON.stringify({
    status: {
      capacity: { cpu: '32', memory: '128Gi', pods: '250' },
      allocatable: { cpu: '32', memory: '128Gi', pods: '250' },
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now, lastTransitionTime: now },
      ],
    },
  });
