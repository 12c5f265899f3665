/** A command line, parted at its first `--`. */
export interface SplitArguments {
  /** dmfd's own. */
  readonly own: readonly string[];
  /** How many words stand after `--`; undefined without one. */
  readonly commandLength: number | undefined;
}

export function splitArguments(argv: readonly string[]): SplitArguments {
  const at = argv.indexOf('--');
  if (at < 0) return { own: argv, commandLength: undefined };
  return { own: argv.slice(0, at), commandLength: argv.length - at - 1 };
}

let noted: number | undefined;

/** Of the command line that is run: there is one at a time. */
export function noteCommandLength(commandLength: number | undefined): void {
  noted = commandLength;
}

export function notedCommandLength(): number | undefined {
  return noted;
}
