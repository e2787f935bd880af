import { negotiate } from './negotiate.js';

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';

test.each<[string | undefined, object]>([
  [undefined, { type: 'json' }],
  ['*/*', { type: 'json' }],
  ['application/yaml,application/json', { type: 'yaml' }],
  ['application/yaml;q=0.1,application/json', { type: 'json' }],
  ['application/json;q=0,application/yaml', { type: 'yaml' }],
  ['text/html, */*;q=0.1', { type: 'json' }],
  [table, { type: 'json', as: 'Table', version: 'v1' }],
  [`${table},application/json`, { type: 'json', as: 'Table', version: 'v1' }],
  ['application/json;as=Table;v=v9;g=meta.k8s.io,application/json', { type: 'json' }],
  ['application/vnd.kubernetes.protobuf,application/json', { type: 'json' }],
])('who accepts %s gets %j', (accept, expected) => {
  expect(negotiate(accept)).toEqual(expected);
});

test.each([
  ['text/html', '406: Not Acceptable\n\nAvailable representations: application/json,'],
  ['application/*', '406: Not Acceptable'],
  ['application/json;as=Picture;v=v1;g=meta.k8s.io', 'only the following media types are accepted: application/json,'],
])('who accepts only %s is refused', (accept, message) => {
  expect(() => negotiate(accept)).toThrow(message);
});
