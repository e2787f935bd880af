/** What the tools' command lines have in common. */
import { InvalidArgumentError } from 'commander';

/** @throws InvalidArgumentError */
export const positive = (text) => {
  if (!(Number(text) > 0)) throw new InvalidArgumentError('It takes a number greater than 0.');
  return Number(text);
};

/** @throws InvalidArgumentError */
export const wholeNumber = (text) => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It takes a whole number.');
  return Number(text);
};
