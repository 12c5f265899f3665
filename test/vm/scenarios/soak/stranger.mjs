/**
 * Somebody else, who makes devices, finds them as they were, and removes them, until its standard input ends. A line for each:
 * "fine", or what is wrong.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { goesOn } from './goes-on.mjs';

const dmsetup = (...words) => spawnSync('dmsetup', words, { encoding: 'utf8' });

for (let index = 0; goesOn(); index++) {
  const name = `stranger-${index}`;
  const uuid = `THEIRS-${index}`;
  const made = dmsetup('create', '--noudevsync', name, '--uuid', uuid, '--table', '0 8 zero');
  await sleep(100);
  const { stdout } = dmsetup('info', '-c', '--noheadings', '-o', 'uuid', name);
  // udev may have it open.
  for (let tries = 0; dmsetup('remove', '--noudevsync', name).status !== 0 && tries < 50; tries++)
    await sleep(20);
  rmSync(`/dev/mapper/${name}`, { force: true });
  if (made.status !== 0) console.log(`${name} could not be made: ${made.stderr.trim()}`);
  else if (stdout.trim() !== uuid) console.log(`${name} is gone: ${stdout.trim()}`);
  else console.log('fine');
}
