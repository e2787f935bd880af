/**
 * Part of `lib/`, compiled into a folder of its own: for tests that need real processes or worker threads, which run no
 * TypeScript, and that are not to depend on whether and when `dist/` was built.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';

/** Compiles the given folders of `lib/` into `target`; `target` then imports as `dist/` would. */
export function compile(rooms: readonly string[], target: string): void {
  mkdirSync(target, { recursive: true });
  symlinkSync(resolve('node_modules'), join(target, 'node_modules'));
  cpSync('package.json', join(target, 'package.json'));
  for (const room of rooms)
    for (const name of readdirSync(join('lib', room), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue;
      const { outputText } = ts.transpileModule(readFileSync(join('lib', room, name), 'utf8'), {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
      });
      const file = join(target, room, name.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, outputText);
    }
}
