/**
 * Lets three creators work until they have made so many devices, and meanwhile kills a random one of them, its shield, a
 * command that holds a device, or udevd; another program makes and removes devices of its own, which nobody else may touch,
 * and udev is triggered all the time. A creator and its shield are never killed together: for that there is reap.
 *
 *   supervisor.mjs CREATIONS DIRECTORY
 *
 * Prints one JSON line: what was made and killed, and what went wrong.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const [creations, directory] = process.argv.slice(2);
const CREATORS = 3;
const told = {};
const killed = { dmfd: 0, shield: 0, command: 0, udevd: 0 };
const wrong = [];
const creators = new Set();
let ended = false;

const count = (table, what) => {
  table[what] = (table[what] ?? 0) + 1;
};

function startCreator() {
  const creator = spawn(process.execPath, [new URL('creator.mjs', import.meta.url).pathname, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  creators.add(creator);
  createInterface({ input: creator.stdout }).on('line', (line) => count(told, line));
  creator.on('exit', (status, signal) => {
    creators.delete(creator);
    if (signal !== 'SIGKILL' && status !== 0) wrong.push(`a creator ended with ${status ?? signal}`);
    if (!ended) startCreator();
  });
}

function childrenOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
      .filter(Boolean)
      .map((child) => ({ pid: Number(child), name: readFileSync(`/proc/${child}/comm`, 'utf8').trim() }));
  } catch {
    // It ended meanwhile.
    return [];
  }
}

/** A shield lives for a moment only. */
async function findVictim(pid, isWanted) {
  for (let tries = 0; tries < 200; tries++) {
    const victim = childrenOf(pid).find(isWanted);
    if (victim !== undefined) return victim;
    await sleep(1);
  }
  return undefined;
}

async function killOne() {
  const creator = [...creators][randomInt(Math.max(1, creators.size))];
  if (creator === undefined) return;
  const kind = ['dmfd', 'shield', 'shield', 'command', 'udevd'][randomInt(5)];
  if (kind === 'udevd') {
    if (randomInt(10) > 0) return;
    spawnSync('pkill', ['-KILL', '-x', 'systemd-udevd']);
    spawnSync('/usr/lib/systemd/systemd-udevd', ['--daemon'], { stdio: 'ignore' });
  } else if (kind === 'dmfd') {
    creator.kill('SIGKILL');
  } else {
    const victim = await findVictim(creator.pid, ({ name }) => (name === 'sleep') === (kind === 'command'));
    if (victim === undefined) return;
    try {
      process.kill(victim.pid, 'SIGKILL');
    } catch {
      return;
    }
  }
  killed[kind]++;
}

/** Somebody else, who makes devices and finds them as they were. */
async function stranger() {
  for (let index = 0; !ended; index++) {
    const name = `stranger-${index}`;
    const run = (...words) => spawnSync('dmsetup', words, { encoding: 'utf8' });
    const made = run('create', '--noudevsync', name, '--uuid', `THEIRS-${index}`, '--table', '0 8 zero');
    if (made.status !== 0) wrong.push(`${name} could not be made: ${made.stderr}`);
    await sleep(100);
    const { stdout } = run('info', '-c', '--noheadings', '-o', 'uuid', name);
    if (stdout.trim() !== `THEIRS-${index}`) wrong.push(`${name} is gone: ${stdout}`);
    for (let tries = 0; run('remove', '--noudevsync', name).status !== 0 && tries < 50; tries++)
      await sleep(20);
    if (existsSync(`/dev/mapper/${name}`)) spawnSync('rm', ['-f', `/dev/mapper/${name}`]);
    count(told, 'of a stranger');
  }
}

async function triggering() {
  while (!ended) {
    spawnSync('udevadm', ['trigger', '--subsystem-match=block']);
    await sleep(500);
  }
}

for (let index = 0; index < CREATORS; index++) startCreator();
const others = [stranger(), triggering()];
while ((told.made ?? 0) < Number(creations)) {
  await sleep(50 + randomInt(700));
  await killOne();
}
ended = true;
for (const creator of creators) creator.stdin.end();
await Promise.all(others);
while (creators.size > 0) await sleep(20);
console.log(JSON.stringify({ told, killed, wrong }));
