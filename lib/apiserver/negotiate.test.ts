import { negotiate } from './negotiate.js';

const protobuf = 'application/vnd.kubernetes.protobuf';
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
  ['application/vnd.kubernetes.protobuf,application/json', { type: 'protobuf' }],
  [
    `${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`,
    { type: 'protobuf', as: 'PartialObjectMetadata', version: 'v1' },
  ],
  [`${protobuf};as=Table;g=meta.k8s.io;v=v1,${table}`, { type: 'json', as: 'Table', version: 'v1' }],
])('who accepts %s gets %j', (accept, expected) => {
  expect(negotiate(accept, true)).toEqual(expected);
});

test('where there is no protobuf the next best is given', () => {
  expect(negotiate(`${protobuf},application/yaml`, false)).toEqual({ type: 'yaml' });
  expect(() => negotiate(protobuf, false)).toThrow('406: Not Acceptable');
});

test.each([
  ['text/html', '406: Not Acceptable\n\nAvailable representations: application/json,'],
  ['application/*', '406: Not Acceptable'],
  ['application/json;as=Picture;v=v1;g=meta.k8s.io', 'only the following media types are accepted: application/json,'],
])('who accepts only %s is refused', (accept, message) => {
  expect(() => negotiate(accept, true)).toThrow(message);
});
