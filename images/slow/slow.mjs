// Slow at both ends of its life: answers on PORT (8080) only after START_MS milliseconds (10000), and takes STOP_MS
// milliseconds over a SIGTERM; 0 ignores it, so that only SIGKILL helps.
import { createServer } from 'node:http';

const { PORT = '8080', POD_IP = '0.0.0.0', START_MS = '10000', STOP_MS = '0' } = process.env;

process.on('SIGTERM', () => {
  console.log(STOP_MS === '0' ? 'told to end, but will not' : `told to end, will in ${STOP_MS} ms`);
  if (STOP_MS !== '0') setTimeout(() => process.exit(0), Number(STOP_MS));
});

console.log(`will listen in ${START_MS} ms`);
setTimeout(() => {
  createServer((request, response) => response.end('here at last\n')).listen(Number(PORT), POD_IP, () =>
    console.log(`listens on ${POD_IP}:${PORT}`),
  );
}, Number(START_MS));
