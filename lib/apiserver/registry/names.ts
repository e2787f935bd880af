/** Names that the server makes: a prefix the client gave, and five letters that spell no word. */
import { randomInt } from 'node:crypto';

/** No vowels, and nothing that is easily mistaken for something else. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
/** A generated name must be a DNS label. */
const maxPrefixLength = 63 - suffixLength;

/** `generateName('web-')` → `web-x7k2p` */
export function generateName(prefix: string): string {
  let name = prefix.slice(0, maxPrefixLength);
  for (let index = 0; index < suffixLength; index++) name += alphabet[randomInt(alphabet.length)];
  return name;
}
