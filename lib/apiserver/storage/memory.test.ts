import { describeStorage } from '../../../test/contracts/storage.js';
import { MemoryStorage } from './memory.js';

describeStorage('MemoryStorage', async () => new MemoryStorage());
