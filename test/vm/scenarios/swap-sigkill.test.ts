import { constants } from 'node:os';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { atCall } from './at-call.js';
import { IN_MAIN, pointsFor } from './points.js';
import { everything, expectNothingLeft, GONE, sampleOf, sh, swept } from './support.js';

/**
 * SIGKILL while `dmfd swap` works, at exact system calls of it and of its shield (see sigkill.test.ts), at random instants,
 * and of the process that has the key. A fixed sample by default; points.ts says what `make test-all` takes.
 */
const hours = 3_600_000;

const SWAP = 'dmfd swap /tmp/killed.img';

/**
 * Prints what is wrong: swap is either in use, whole, and goes with swapoff; or there is none of it, and no device, no loop
 * device and no key either.
 */
const CHECK = `${GONE}
  check() {
    sleep 0.1; swapoff -a
    left=$(gone); [ -z "$left" ] || echo "left: $1: $left"
    grep -q dmfd: /proc/keys && echo "left: $1: a key"
    pidof node >/dev/null && echo "left: $1: a process"; true
  }`;

const killAt = program('kill-at');

beforeAll(async () => {
  await sh(`truncate -s 1M /tmp/killed.img; ${SWAP}; swapoff -a`);
});

afterEach(expectNothingLeft);

const VICTIMS = [
  ['SIGKILL', 'shield', 2],
  ['SIGKILL', 'over', 2],
  ['SIGKILL', 'group', 2],
  ['SIGKILL', 'main', IN_MAIN],
  // Before Linux 5.16, whoever shares the memory of one that dumps core dies with it, unless that may not be dumped.
  ['SIGQUIT', 'over', 2],
] as const;

test.each(swept ? VICTIMS : VICTIMS.slice(0, 1))(
  '%s (%s) leaves no half of it',
  async (signal, who, size) => {
    const victim = `${who}:${constants.signals[signal]}`;
    const counted = await sh(`${killAt} ${victim} 1000000 ${SWAP} 2>&1; [ $? = 3 ]; swapoff -a`);
    const count = Number(/^points (\d+)$/m.exec(counted)?.[1]);
    expect(count).toBeGreaterThan(who === 'main' ? 100 : 14);
    const points = pointsFor(who, count, size, swept && signal === 'SIGKILL' && who !== 'main');
    const lines = (
      await sh(
        `${CHECK}
        for point in ${points.join(' ')}; do
          timeout 60 ${killAt} ${victim} $point ${SWAP} 2>/dev/null | grep ^killed | cut -d' ' -f1; check $point
        done`,
        hours,
      )
    )
      .trim()
      .split('\n');
    expect(lines.filter((line) => line !== 'killed')).toEqual([]);
    // The main thread looks at all processes of the machine, of which there may have been more when the points were counted.
    expect(lines.length).toBeGreaterThanOrEqual(
      points.length - (who === 'main' ? Math.ceil(points.length / 4) : 0),
    );
  },
  hours,
);

test.each(sampleOf(['DM_DEV_CREATE', 'DM_TABLE_LOAD', 'DM_DEV_SUSPEND'] as const, 2))(
  'SIGKILL of the process with the key, or of that and dmfd, at %s',
  async (call) => {
    // Of dmfd's children, the one that is not the shield; at the load it is the caller itself.
    const keeper = '$(pgrep -P $COMMAND | head -n 1)';
    const alone = atCall(call, { run: `kill -KILL ${keeper}` });
    const both = atCall(call, { run: `kill -KILL ${keeper} $COMMAND` });
    const lines = await sh(`${CHECK}
      ${alone} ${SWAP} >/dev/null 2>&1; echo $?; check alone
      ${both} ${SWAP} >/dev/null 2>&1; echo $?; check both`);
    // After the load it has nothing to do any more.
    expect(lines).toBe(`${call === 'DM_DEV_SUSPEND' ? 0 : 125}\n137\n`);
  },
);

test(
  'SIGKILL at random instants',
  async () => {
    const runs = everything ? 15 : 3;
    const permilles = Array.from(
      { length: runs },
      (_, index) => 300 + Math.floor(700 * ((index * 0.618034) % 1)),
    );
    const lines = await sh(
      `${CHECK}
      start=$(date +%s%N); ${SWAP} >/dev/null; end=$(date +%s%N); span=$(((end - start) / 1000)); check warm
      for permille in ${permilles.join(' ')}; do
        us=$((span * permille / 1000)); delay=$(printf '%d.%06d' $((us / 1000000)) $((us % 1000000)))
        timeout -s KILL $delay ${SWAP} >/dev/null 2>&1; check $delay
      done`,
      hours,
    );
    expect(lines).toBe('');
  },
  hours,
);
