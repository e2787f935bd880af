#!/usr/bin/env -S node --max-semi-space-size=32
// The command `kubebook`. Most of what a server makes is soon forgotten: with room for more of it, the garbage collector runs less
// often. In a clone it first brings dependencies and build up to date, so that nothing else is needed.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
if (existsSync(join(root, 'tools', 'setup.mjs')) && process.env.KUBEBOOK_NO_SETUP !== '1')
  (await import('../tools/setup.mjs')).setup();
await (await import('../dist/cluster/cli.js')).main(process.argv.slice(2));
