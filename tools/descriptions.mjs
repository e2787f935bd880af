#!/usr/bin/env node
/**
 * Takes what the API's fields mean out of the type declarations of the official client (a development dependency) and
 * writes it beside the built library, where `lib/api/openapi/descriptions.ts` finds it. Run by `npm run build`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const models = join(root, 'node_modules/@kubernetes/client-node/dist/gen/models');
const target = join(root, 'dist/api/openapi/descriptions.json');

if (!existsSync(models)) {
  console.warn('The official client is not installed: `kubectl explain` will have no descriptions.');
  process.exit(0);
}

const comment = String.raw`/\*\*((?:(?!\*/)[\s\S])*?)\*/`;
const classes = new Map();
for (const file of readdirSync(models).filter((name) => name.endsWith('.d.ts'))) {
  const text = readFileSync(join(models, file), 'utf8');
  const name = file.slice(0, -'.d.ts'.length);
  const own = new RegExp(`${comment}\\s*export declare class`).exec(text);
  const fields = { '': clean(own?.[1] ?? '') };
  for (const [, about, field] of text.matchAll(new RegExp(`${comment}\\s*'(\\w+)'\\??:`, 'g'))) {
    fields[original(field)] = clean(about);
  }
  classes.set(name, fields);
}

/** The client renames what is a word of TypeScript: `_continue`, `_default`. */
function original(field) {
  return field.startsWith('_') ? field.slice(1) : field;
}

function clean(text) {
  return text
    .split('\n')
    .map((line) => line.replace(/^\s*\*\s?/, ''))
    .join('\n')
    .replace(/\\(["'])/g, '$1')
    .trim();
}

/** `api.core.v1.Pod` is the client's `V1Pod`, or `CoreV1Event` where that would not be the only one. */
function classOf(type) {
  const parts = type.split('.');
  const [name, version, group] = [parts.at(-1), parts.at(-2), parts.at(-3)].map((part) => part ?? '');
  const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);
  return classes.get(`${capital(group)}${capital(version)}${name}`) ?? classes.get(`${capital(version)}${name}`);
}

const { tables } = await import(join(root, 'dist/api/schema/types/index.js'));
const { parseTable } = await import(join(root, 'dist/api/schema/table.js'));
const descriptions = {};
for (const [prefix, table] of Object.entries(tables)) {
  for (const name of parseTable(table).types.keys()) {
    const found = classOf(`${prefix}.${name}`);
    if (found) descriptions[`${prefix}.${name}`] = found;
  }
}
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, JSON.stringify(descriptions));
