import { isLocal } from './local-only.js';

test.each<[string | undefined, string | undefined, boolean]>([
  ['127.0.0.1:8080', undefined, true],
  ['localhost:8080', undefined, true],
  ['[::1]:8080', undefined, true],
  ['127.3.4.5', undefined, true],
  [undefined, undefined, true],
  ['localhost:8080', 'http://localhost:3000', true],
  ['attacker.example:8080', undefined, false],
  ['127.0.0.1.attacker.example', undefined, false],
  ['localhost:8080', 'https://attacker.example', false],
  ['localhost:8080', 'null', false],
  ['10.0.0.1', undefined, false],
])('a request with Host %s and Origin %s is let in: %s', (host, origin, expected) => {
  expect(isLocal({ ...(host && { host }), ...(origin && { origin }) }, new Set())).toBe(expected);
});
