/**
 * Somebody else, who makes devices and loop devices, finds them as they were, and removes them, until its standard input ends. A line
 * for each: "fine", or what is wrong. Argument: the folder of its file.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { goesOn } from './goes-on.mjs';

const [directory] = process.argv.slice(2);
const file = `${directory}/stranger.img`;
writeFileSync(file, Buffer.alloc(65_536));

const run = (program, ...words) => spawnSync(program, words, { encoding: 'utf8' });

/** udev may have it open. */
async function until(isDone) {
  for (let tries = 0; !isDone() && tries < 50; tries++) await sleep(20);
}

async function tryDevice(index) {
  const name = `stranger-${index}`;
  const uuid = `THEIRS-${index}`;
  const made = run('dmsetup', 'create', '--noudevsync', name, '--uuid', uuid, '--table', '0 8 zero');
  await sleep(50);
  const { stdout } = run('dmsetup', 'info', '-c', '--noheadings', '-o', 'uuid', name);
  await until(() => run('dmsetup', 'remove', '--noudevsync', name).status === 0);
  rmSync(`/dev/mapper/${name}`, { force: true });
  if (made.status !== 0) return `${name} could not be made: ${made.stderr.trim()}`;
  return stdout.trim() === uuid ? undefined : `${name} is gone: ${stdout.trim()}`;
}

function backingOf(loop) {
  try {
    return readFileSync(`/sys/block/${loop.replace('/dev/', '')}/loop/backing_file`, 'utf8').trim();
  } catch {
    return 'none';
  }
}

async function tryLoop() {
  const made = run('losetup', '--find', '--show', file);
  if (made.status !== 0) return `a loop device could not be had: ${made.stderr.trim()}`;
  const loop = made.stdout.trim();
  await sleep(50);
  const backing = backingOf(loop);
  const detached = run('losetup', '--detach', loop);
  await until(() => backingOf(loop) !== file);
  if (backing !== file) return `${loop} has another file: ${backing}`;
  return detached.status === 0 ? undefined : `${loop} could not be detached: ${detached.stderr.trim()}`;
}

for (let index = 0; goesOn(); index++) {
  const wrong = [await tryDevice(index), await tryLoop()].filter((words) => words !== undefined);
  console.log(wrong.length === 0 ? 'fine' : wrong.join('; '));
}
