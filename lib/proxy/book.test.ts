/** What the chapter says of Kube-Proxy, a statement a test. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Balancer } from './balancer.js';
import { portalsOf } from './portals.js';
import { forwardTcp } from './tcp.js';
import { realClock } from '../util/index.js';
import type { Endpoints, Service } from '../api/types.js';

describe('§ 核心组件: Kube-Proxy makes a Service out of a set of pods', () => {
  test('a set of pods has one address (为一组Pod抽象的服务提供统一接口)', () => {
    const service = {
      metadata: { namespace: 'd', name: 'w' },
      spec: { clusterIP: '10.0.0.7', ports: [{ port: 80 }] },
    } as unknown as Service;
    const endpoints = {
      subsets: [{ addresses: [{ ip: '10.244.0.2' }, { ip: '10.244.0.3' }], ports: [{ port: 8080 }] }],
    } as unknown as Endpoints;
    const [portal] = portalsOf(service, endpoints, []);
    expect(portal!.places).toEqual([{ address: '10.0.0.7', port: 80 }]);
    expect(portal!.endpoints).toHaveLength(2);
  });

  test('and requests are balanced between them (提供负载均衡功能)', async () => {
    const names = ['a', 'b', 'c'];
    const pods = names.map((name, index) =>
      createServer((socket) => socket.end(name)).listen(18080, `127.78.0.${index + 2}`),
    );
    await Promise.all(pods.map((pod) => once(pod, 'listening')));
    const balancer = new Balancer();
    balancer.update(
      names.map((_, index) => `127.78.0.${index + 2}:18080`),
      { type: 'None', timeoutSeconds: 0 },
    );
    await using _port = await forwardTcp({ address: '127.78.0.1', port: 18080, balancer, clock: realClock });
    const answers: string[] = [];
    for (let i = 0; i < 6; i++)
      for await (const text of connect({ host: '127.78.0.1', port: 18080 })) answers.push(String(text));
    expect(answers).toEqual([...names, ...names]);
    for (const pod of pods) pod.close();
  });
});
