/** What was found, each kind of it once, with how often and the first request that led to it. */

export class Findings {
  #found = new Map();

  /** @param how to have it again */
  add({ type, what }, how = {}) {
    const key = `${type} ${generalised(what)}`;
    const known = this.#found.get(key);
    if (known) known.times++;
    else this.#found.set(key, { type, what: what.slice(0, 500), times: 1, ...how });
  }

  get all() {
    return [...this.#found.values()];
  }

  print() {
    for (const { type, what, times, again } of this.all) {
      console.log(`\n${type} (${times} times): ${what}`);
      if (again) console.log(`  again: ${again}`);
    }
  }
}

/** Names and numbers make no difference. */
const generalised = (what) =>
  what
    .replace(/"(\\.|[^"\\])*"/gs, '"…"')
    .replace(/\[.*\]/gs, '[…]')
    .replace(/\d+/g, '#')
    .slice(0, 120);

/** A request for somebody who wants to see it: its head, and how its body begins. */
export function shown({ parts, fetch: request }) {
  if (request)
    return `fetch ${request.method} ${request.path} ${JSON.stringify({ ...request.headers, ...request.bodyHeaders })} ${request.body?.subarray(0, 600).toString('latin1') ?? ''}`;
  return Buffer.concat(parts).subarray(0, 1500).toString('latin1');
}
