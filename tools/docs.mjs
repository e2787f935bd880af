/** `npm run docs`: the typedoc pages of `lib/` with the guides of `docs/`, into `docs/site/`. */
import { run, setup } from './setup.mjs';

setup();
process.exit(run(process.execPath, ['node_modules/typedoc/bin/typedoc']).code);
