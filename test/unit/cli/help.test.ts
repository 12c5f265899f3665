import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { program } from '../../../src/cli/program.js';

const all = program();

function examplesOf(command: Command): string[] {
  return (command.description().split('\nExamples:\n')[1] ?? '').split('\n');
}

describe.each([all, ...all.commands].map((command) => [command.name(), command] as const))(
  'the help of %s',
  (_name, command) => {
    const help = command.helpInformation();

    test('fits 80 columns', () => {
      for (const line of help.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    });

    test('has examples before the options, each in a line of its own', () => {
      const [before = '', after = ''] = help.split('\nExamples:\n');
      expect(before).not.toMatch(/^ {2}-/m);
      expect(after).toMatch(/^ {2}\S.*\n(.*\n)*? {2}-h, --help/);
      const examples = examplesOf(command);
      expect(after.split('\n').slice(0, examples.length)).toEqual(examples);
    });

    test('has examples of commands and options that there are', () => {
      const words = examplesOf(command).flatMap((line) => [
        ...line.matchAll(/dmfd ([a-z-]+)((?: (?!-- )[^|&]\S*)*)/g),
      ]);
      for (const [, name, rest = ''] of words) {
        const meant = all.commands.find((one) => one.name() === name);
        expect(all.commands.map((one) => one.name())).toContain(name);
        for (const option of rest.match(/(?<= )--?[a-z][a-z-]*/g) ?? [])
          expect(meant?.options.flatMap(({ short, long }) => [short, long])).toContain(option);
      }
    });
  },
);

test('the list of commands has one line of words for each, without its examples', () => {
  expect(all.helpInformation().match(/Examples:/g)).toHaveLength(1);
});
