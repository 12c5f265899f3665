/**
 * Lets three creators work until they have made so many devices, and meanwhile kills a random one of them, its shield, a
 * command that holds a device, or udevd; another program makes and removes devices and loop devices of its own, which nobody
 * else may touch, and udev is triggered all the time. A creator and its shield are never killed together: for that there is reap.
 *
 *   supervisor.mjs CREATIONS DIRECTORY
 *
 * Prints one JSON line: what was made and killed, and what went wrong.
 */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const [creations, directory] = process.argv.slice(2);
const CREATORS = 3;
const CREATIONS_A_KILL = 15;
const told = {};
const killed = { dmfd: 0, shield: 0, command: 0, udevd: 0 };
const wrong = [];
const creators = new Set();
/** Those that have made something: to be killed, one need not start first. */
const atWork = new Set();
let ended = false;

const count = (table, what) => {
  table[what] = (table[what] ?? 0) + 1;
};

// A shield is found only by somebody who looks often: who comes before all others, and never waits in a synchronous call.
setPriority(-15);
const spawnAsUsual = (words, stdio) => spawn('nice', ['-n', '15', ...words], { stdio });

function startScript(name, ...words) {
  const script = new URL(name, import.meta.url).pathname;
  return spawnAsUsual([process.execPath, script, ...words], ['pipe', 'pipe', 'inherit']);
}

async function run(...words) {
  await once(spawnAsUsual(words, 'ignore'), 'exit');
}

function startCreator() {
  const creator = startScript('creator.mjs', directory);
  creators.add(creator);
  createInterface({ input: creator.stdout }).on('line', (line) => {
    count(told, line);
    atWork.add(creator);
  });
  creator.on('exit', (status, signal) => {
    creators.delete(creator);
    atWork.delete(creator);
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

/** Of what was not killed yet every second time: not even a short run leaves it to chance that each kind is. */
function chooseKind() {
  const spared = Object.keys(killed).filter((kind) => killed[kind] === 0);
  if (spared.length > 0 && randomInt(2) === 0) return spared[randomInt(spared.length)];
  return randomInt(50) === 0 ? 'udevd' : ['dmfd', 'shield', 'shield', 'command'][randomInt(4)];
}

async function killOne() {
  const creator = [...atWork][randomInt(Math.max(1, atWork.size))];
  if (creator === undefined) return;
  const kind = chooseKind();
  if (kind === 'udevd') {
    await run('pkill', '-KILL', '-x', 'systemd-udevd');
    await run('/usr/lib/systemd/systemd-udevd', '--daemon');
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

/** Ends when its standard input does. */
function startStranger() {
  const stranger = startScript('stranger.mjs', directory);
  createInterface({ input: stranger.stdout }).on('line', (line) => {
    if (line === 'fine') count(told, 'of a stranger');
    else wrong.push(line);
  });
  return stranger;
}

async function triggering() {
  while (!ended) {
    await run('udevadm', 'trigger', '--subsystem-match=block');
    await sleep(5_000);
  }
}

for (let index = 0; index < CREATORS; index++) startCreator();
const stranger = startStranger();
const trigger = triggering();
for (let next = 0; next < Number(creations); next += randomInt(2 * CREATIONS_A_KILL)) {
  while ((told.made ?? 0) < next) await sleep(10);
  await sleep(randomInt(100));
  await killOne();
}
while ((told.made ?? 0) < Number(creations)) await sleep(10);
ended = true;
for (const process of [stranger, ...creators]) process.stdin.end();
await Promise.all([once(stranger, 'close'), trigger]);
while (creators.size > 0) await sleep(20);
console.log(JSON.stringify({ told, killed, wrong }));
