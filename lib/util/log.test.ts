import { textLog } from './index.js';

const told = (error: unknown): string => {
  let line = '';
  textLog((text) => (line = text)).warn('no luck', { error });
  return line.slice(line.indexOf('no luck')).trimEnd();
};

test.each([
  ['an error', new Error('a b'), 'no luck error="a b"'],
  ['its cause', new Error('a', { cause: new Error('b') }), 'no luck error="a: b"'],
  ['a cause that it tells itself, once', new Error('a: b', { cause: new Error('b') }), 'no luck error="a: b"'],
  ['what is no error', 'a', 'no luck error=a'],
])('a line tells %s', (_, error, line) => expect(told(error)).toBe(line));
