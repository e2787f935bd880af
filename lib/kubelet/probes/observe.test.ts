import { observe, type Outcome, type ProbeState } from './observe.js';

const unseen: ProbeState = { run: 0, verdict: 'Failure' };
const outcome = (letter: string): Outcome => (letter === 'S' ? 'Success' : 'Failure');

// S is a success, F a failure.
test.each([
  [1, 3, 'F', 'Failure'],
  [1, 3, 'S', 'Success'],
  [1, 3, 'S F F', 'Success'], // two failures are not yet a verdict
  [1, 3, 'S F F F', 'Failure'],
  [1, 3, 'S F F S F', 'Success'], // a success in between starts the count again
  [1, 1, 'S F', 'Failure'],
  [2, 3, 'S', 'Failure'],
  [2, 3, 'S S', 'Success'],
  [2, 3, 'S F S', 'Failure'],
  [2, 2, 'S S F F S', 'Failure'],
])('successThreshold %d, failureThreshold %d: after %s the verdict is %s', (success, failure, history, verdict) => {
  const probe = { successThreshold: success, failureThreshold: failure };
  const end = history.split(' ').reduce((state, letter) => observe(state, outcome(letter), probe), unseen);
  expect(end.verdict).toBe(verdict);
});
