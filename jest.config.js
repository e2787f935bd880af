/** Tests stand beside the code (`lib/**\/*.test.ts`); scenarios that cross chapters stand in `test/`. */
const transform = { '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: 'tsconfig.json', diagnostics: false }] };
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  roots: ['<rootDir>/lib', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform,
  testTimeout: 30_000, // what hangs fails; what is merely slow, on a busy machine, does not
};
