import type { OwnVm } from '../vm/harness/shared-vm.js';
import { median } from './median.js';

/** Runs the commands in turn, round after round, and tabulates their wall times in milliseconds. */
export async function compare(
  vm: OwnVm,
  commands: readonly (readonly [label: string, command: string])[],
  rounds: number,
): Promise<string> {
  const times = commands.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, [, command]] of commands.entries()) times[index]?.push(await time(vm, command));
  }
  const base = median(times[0] ?? []);
  return commands.map(([label], index) => row(label, times[index] ?? [], base)).join('\n');
}

/** Read in the guest: the way there and back is not the command's. */
async function time(vm: OwnVm, command: string): Promise<number> {
  const { code, stdout, stderr } = await vm.sh(
    `start=$(date +%s%N); { ${command}; } >/dev/null || exit 1; end=$(date +%s%N); echo $((end - start))`,
  );
  if (code !== 0) throw new Error(`${command}: ${stderr}`);
  return Number(stdout) / 1e6;
}

function row(label: string, times: readonly number[], base: number): string {
  const middle = median(times);
  const range = `(${Math.min(...times).toFixed(0)} to ${Math.max(...times).toFixed(0)})`;
  return `${label.padEnd(36)} ${middle.toFixed(0).padStart(6)} ms ${range.padEnd(16)} ${(middle / base).toFixed(2)}`;
}
