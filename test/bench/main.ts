/**
 * `make bench`: what dmfd costs, as ratios between commands in one run of one virtual machine. Emulation stretches
 * every time alike, more or less; the times themselves say nothing about a real machine.
 */
import { checkout } from '../vm/harness/checkout.js';
import { startVm } from '../vm/harness/shared-vm.js';
import { compare } from './compare.js';
import { compareSwap } from './swap.js';

const kernel = process.env.KERNEL || 'debian-6.12';
const rounds = Number(process.env.ROUNDS || 15);

const DMFD = "dmfd create --table '0 8 zero'";

/** The first is the one that the others are measured by. */
const COMMANDS: readonly (readonly [label: string, command: string])[] = [
  ['node -e 0', 'node -e 0'],
  ['without the launcher: bin/dmfd.js', `node ${checkout}/bin/dmfd.js --version`],
  ['with it: dmfd --version', 'dmfd --version'],
  ['dmfd create -- true', `${DMFD} -- true`],
  ['dmfd create --exec -- true', `${DMFD} --exec -- true`],
  ['dmfd create --mode fallback -- true', `${DMFD} --mode fallback -- true`],
  ['dmfd create with --loop', "dmfd create --loop /tmp/bench.img --table '0 8 linear {loop0} 0' -- true"],
  [
    'dmsetup create, true, remove',
    "dmsetup create --noudevsync b --table '0 8 zero' && true && dmsetup remove --noudevsync b",
  ],
];

const vm = await startVm(kernel, { logName: `bench-${kernel}`, cpus: 1 });
try {
  await vm.sh(`truncate -s 1M /tmp/bench.img; ${DMFD} -- true; dmfd probe`);
  console.log(
    `Linux ${vm.kernel.release}, ${rounds} rounds of all commands in turn; median (least to most), and the ratio to the first`,
  );
  console.log(await compare(vm, COMMANDS, rounds));
  console.log(`\nEncrypted swap, up and usable:\n${await compareSwap(vm, rounds)}`);
} finally {
  await vm.close();
}
