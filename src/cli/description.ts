import type { Command } from 'commander';

/** What a command is for, and before its options in the help how it is used. */
export function describeCommand(command: Command, what: string, examples: readonly string[]): Command {
  const text = [what, '', 'Examples:', ...examples.map((line) => `  ${line}`)].join('\n');
  return command.summary(what).description(text);
}
