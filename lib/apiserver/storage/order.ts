/** Where one of two keys has none of these, their order in UTF-16, as JavaScript compares, is that of their bytes in UTF-8. */
const wide = /[\ud800-\uffff]/;

/** The order of keys: that of their UTF-8 bytes, as in etcd. Negative if `a` comes first, 0 if they are the same. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  if (wide.test(a) && wide.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}
