// Works for AFTER_MS milliseconds (1000), then exits with EXIT_CODE (1).
//
//   LAST_WORDS                what to leave in the termination message (nothing)
//   TERMINATION_MESSAGE_PATH  where (/dev/termination-log)
import { existsSync, writeFileSync } from 'node:fs';

const {
  EXIT_CODE = '1',
  AFTER_MS = '1000',
  LAST_WORDS,
  TERMINATION_MESSAGE_PATH = '/dev/termination-log',
} = process.env;

console.log(`will exit with ${EXIT_CODE} in ${AFTER_MS} ms`);
process.on('SIGTERM', () => process.exit(143));

setTimeout(() => {
  console.error(`exits with ${EXIT_CODE}`);
  // The kubelet puts an empty file there; where there is none, nobody would read it.
  if (LAST_WORDS && existsSync(TERMINATION_MESSAGE_PATH)) writeFileSync(TERMINATION_MESSAGE_PATH, LAST_WORDS);
  process.exit(Number(EXIT_CODE));
}, Number(AFTER_MS));
