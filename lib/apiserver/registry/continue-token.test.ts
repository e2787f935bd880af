import fc from 'fast-check';
import { decodeContinue, encodeContinue } from './continue-token.js';

test('what a token says is read again', () => {
  const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
  fc.assert(
    fc.property(fc.integer({ min: 1 }), name, name, (revision, namespace, own) => {
      const token = { revision, after: `${namespace}/${own}` };
      expect(decodeContinue(encodeContinue(token))).toEqual(token);
    }),
  );
});

test('nothing that a client may send does more harm than a BadRequest', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.json().map((text) => Buffer.from(text).toString('base64url'))), (text) => {
      try {
        const { after } = decodeContinue(text);
        expect(after).not.toMatch(/(^|\/)\.\.?(\/|$)/);
      } catch (error) {
        expect(error).toMatchObject({ reason: 'BadRequest' });
      }
    }),
  ); // prettier-ignore
});

test.each([
  ['nonsense', "continue key is not valid: invalid character '\\u009e' looking for beginning of value"],
  ['e30', 'continue key is not valid: server does not recognize this encoded version '],
])('the token %s is refused as upstream refuses it', (token, why) => {
  expect(() => decodeContinue(token)).toThrow(`invalid continue token: ${why}`);
});
