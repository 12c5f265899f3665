import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout, vmFile } from '../vm/harness/checkout.js';
import { commandOutput } from '../vm/harness/command-output.js';
import type { Guest } from '../vm/harness/index.js';
import { startVm } from '../vm/harness/shared-vm.js';
import { recipeText } from '../vm/scenarios/recipes/text.js';
import { builtPackage } from './built-package.js';

const PATIENCE_MS = 20 * 60_000;
/** In emulation, and for a start of systemd. */
const COMMAND_MS = 5 * 60_000;

/** What a Debian has that a person works at, in the place of this machine: its own root, its own systemd. */
const PACKAGES = ['systemd-sysv', 'udev', 'kmod', 'e2fsprogs'];

/** What the harness has put there, to be talked to. */
const OF_THE_GUEST = readdirSync(vmFile('systemd'));

/** What the README's reader types, and what it then prints; with a name that is another each time. */
const [INSTALL = 'nothing'] = readMe().match(/^ {4}apt install .*_amd64\.deb/m) ?? [];
const TYPED = [...readMe().matchAll(/^```console\n((?:.*\n)*?)```/gm)].flatMap(([, text = '']) =>
  [...text.matchAll(/^\$ (.*)\n((?:[^$].*\n)*)/gm)].map(([, command = '', prints = '']) => ({
    command,
    prints: unnamed(prints),
  })),
);

test.each([
  { suite: 'bookworm', kernel: 'debian-6.1' },
  { suite: 'trixie', kernel: 'debian-6.12' },
])(
  'from nothing to a device under a mount and to encrypted swap on Debian $suite, as the README says',
  async ({ suite, kernel }) => {
    const root = join(checkout, 'build/test/debian', suite);
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root, { recursive: true });
    try {
      await commandOutput(join(checkout, 'test/packages/debian-root.sh'), suite, root, ...PACKAGES);
      await install(root);
      const vm = await startVm(kernel, { root, systemd: true, logName: `new-user-${suite}` });
      try {
        await typeIn(vm);
        await useUnits(vm);
        // The sockets are enabled, and systemd listens.
        const left =
          'find / -xdev -name "*dmfd*" ! -path "/root/*"; systemctl list-units --all --no-legend "dmfd*"';
        const lines = (await sh(vm, `dpkg --purge dmfd >/dev/null && { ${left}; }`)).split('\n');
        expect(lines.filter((line) => !OF_THE_GUEST.some((name) => line.includes(name)))).toEqual(['']);
      } finally {
        await vm.close();
      }
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
  PATIENCE_MS,
);

/** With what the network has, before the machine without one boots. */
async function install(root: string): Promise<void> {
  const deb = builtPackage('_amd64.deb');
  cpSync(deb, join(root, 'root/build/packages', basename(deb)));
  await commandOutput(join(checkout, 'test/packages/in-root.sh'), root, 'sh', '-c', `cd /root && ${INSTALL}`);
}

async function typeIn(vm: Guest): Promise<void> {
  expect(TYPED.length).toBeGreaterThan(7);
  for (const { command, prints } of TYPED) {
    const printed = async () => `${command}\n${unnamed(await sh(vm, command))}`;
    // The kernel detaches a loop device a moment later.
    if (command === 'losetup -a')
      await expect.poll(printed, { timeout: 10_000 }).toBe(`${command}\n${prints}`);
    else expect(await printed()).toBe(`${command}\n${prints}`);
  }
}

/** Those that the package has, where the package has put them. */
async function useUnits(vm: Guest): Promise<void> {
  const swap = `mkdir recipe && cd recipe && ${recipeText('Encrypted swap with systemd')}`;
  expect(await sh(vm, swap)).toMatch(/^TYPE +SIZE\npartition +64M\n$/);
  const serve = 'systemctl enable --quiet --now dmfd.socket dmfd-launcher.socket';
  expect(await sh(vm, `${serve}; dmfd create --zero 1M -- echo made; systemctl is-active dmfd`)).toBe(
    'made\nactive\n',
  );
  const journal = 'journalctl --sync; journalctl --output=cat --unit=dmfd';
  await expect.poll(() => sh(vm, journal), { timeout: COMMAND_MS }).toMatch(/serving .*launcher/);
  expect(await sh(vm, 'dmfd ls')).toBe('');
}

async function sh(vm: Guest, script: string): Promise<string> {
  const { stdout, stderr, code } = await vm.sh(script, { timeoutMs: COMMAND_MS });
  if (code !== 0 && stdout === '') throw new Error(`${script}\nended with ${code}: ${stderr}`);
  return stdout;
}

function unnamed(text: string): string {
  return text.replace(/dmfd-swap-[0-9a-f]{8}/g, 'dmfd-swap-NAME');
}

function readMe(): string {
  return readFileSync(join(checkout, 'README.md'), 'utf8');
}
