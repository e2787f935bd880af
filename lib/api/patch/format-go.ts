/** A value as Go prints it (`%v`), which is how messages show patches: `map[spec:map[ports:[80 81] replicas:<nil>]]`. */
export function formatGo(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(formatGo).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${key}:${formatGo(member)}`);
  return `map[${members.join(' ')}]`;
}
