import { program } from '../../../programs.js';
import { vmFile } from '../../harness/checkout.js';
import { sh, vm } from '../support.js';

/** Where a start of Node for dmfd is noted: tools/tell-node.c. */
const COLD = '/tmp/cold-starts';

type Process = Awaited<ReturnType<typeof vm.start>>;

let service: Process | undefined;

/** From here on, starts of Node for dmfd are noted. */
export async function watchNode(): Promise<void> {
  // Private: systemd has all mounts shared, and what is mounted over Node would be over its other name, too.
  await sh(`touch /tmp/node; node=$(readlink -f "$(command -v node)")
    mount --bind "$node" /tmp/node; mount --make-private /tmp/node; mount --bind ${program('tell-node')} "$node"`);
}

export async function unwatchNode(): Promise<void> {
  await sh('umount -l "$(readlink -f "$(command -v node)")"; umount -l /tmp/node');
}

/** A shell function `until_served`: waits until the service answers at once, and forgets what needed Node before that. */
export const UNTIL_SERVED = `
until_served() {
  for i in $(seq 100); do : >${COLD}; dmfd ls >/dev/null; [ -s ${COLD} ] || return 0; sleep 0.2; done
  return 1
}`;

/** Has a script know the functions of workers.sh. */
export const WORKERS = `. ${vmFile('scenarios/warm/workers.sh')}`;

/** Waits for a service that has just been started: a launcher that asked too early would be a start of Node, which delays it. */
export const UNTIL_STARTED = `${WORKERS}\n${UNTIL_SERVED}\nsettled && until_served`;

/** Starts the service, and returns when it answers. */
export async function startService(): Promise<void> {
  service = await vm.start(['dmfd', 'serve'], { stdin: 'null', timeoutMs: 0 });
  await sh(UNTIL_STARTED);
}

/** With SIGKILL, all of it, or the service alone, and not those that answer launchers. */
export async function killService(target: 'session' | 'process' = 'session'): Promise<void> {
  service?.signal('SIGKILL', target);
  await service?.exited;
  service = undefined;
}

/** Tries so often: on a busy machine the service may be slower than a launcher waits. */
export const TRIES = 5;

/** Runs a shell script, which has to succeed; with what words dmfd needed Node in it. */
export async function watched(script: string): Promise<{ stdout: string; cold: string[] }> {
  await sh(`: >${COLD}`);
  const stdout = await sh(script);
  return { stdout, cold: await coldStarts() };
}

/** With what words dmfd has needed Node since they were last forgotten. */
export async function coldStarts(): Promise<string[]> {
  return (await sh(`cat ${COLD}`)).split('\n').slice(0, -1);
}

/** Does something in which dmfd is not to need it. */
export async function whileWarm<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    await sh(`: >${COLD}`);
    const result = await work();
    const cold = await coldStarts();
    if (cold.length === 0) return result;
    if (attempt === TRIES) throw new Error(`needed Node for: ${cold.join('; ')}`);
  }
}

/** The standard output of a script in which dmfd is not to need it. */
export async function warm(script: string): Promise<string> {
  return await whileWarm(() => sh(script));
}
