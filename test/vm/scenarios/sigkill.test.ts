import { constants } from 'node:os';
import { beforeAll, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { atRegularIntervals, pointsFor } from './points.js';
import {
  everything,
  expectedMode,
  expectNothingLeft,
  GONE,
  image,
  inBareDev,
  kernelKnows,
  sh,
  swept,
  whole,
} from './support.js';

/**
 * SIGKILL at every system call from the opening of the first control device on: of dmfd in its own calls (main), of the shield
 * alone, of dmfd while the shield works (over), and of dmfd's whole process group then (group); and the signals that dump
 * core. `make test` takes a fixed sample, `make test-all` what points.ts says.
 */
const hours = 3_600_000;

const CREATE = "dmfd create --loop /tmp/sweep.img --table '0 8 linear {loop0} 0'";

const killAt = program('kill-at');

const inDev = (script: string): string => script;

/** Points of a sample. Of the kernels, each has others. */
const FEW = 2;
/** What the sweep says nearly as much about, `make test` looks at on one kernel. */
const besides = whole || swept;

const VICTIMS = ['shield', 'over', 'group', 'main'];

beforeAll(async () => {
  await image('sweep.img', 1);
  // The modules are there, and /dev/loop0: each run makes the same calls.
  await sh(`${CREATE} -- true`);
});

/** How many points there are for one kind of victim. `who` here and below: as kill-at takes it. */
async function countPoints(who: string, where = inDev): Promise<number> {
  const output = await sh(where(`${killAt} ${who} 1000000 ${CREATE} -- true </dev/null; [ $? = 3 ]`));
  return Number(/^points (\d+)$/m.exec(output)?.[1]);
}

/** The points that killed something, and what each of them left. */
async function sweep(
  who: string,
  points: readonly number[],
  create = `${CREATE} -- true`,
  where = inDev,
): Promise<{ killed: number; left: string[] }> {
  const script = `${GONE}
    for point in ${points.join(' ')}; do
      timeout 60 ${killAt} ${who} $point ${create} </dev/null 2>/dev/null | grep -q ^killed && echo killed
      left=$(gone); [ -z "$left" ] || echo "left: point $point: $left"
    done`;
  const lines = (await sh(where(script), hours)).trim().split('\n');
  return {
    killed: lines.filter((line) => line === 'killed').length,
    left: lines.filter((line) => line.startsWith('left')),
  };
}

test.each(besides ? VICTIMS : VICTIMS.slice(0, 2))(
  'SIGKILL (%s) leaves no device and no loop device',
  async (who) => {
    const count = await countPoints(who);
    // Create, load, prove, defer the removal, resume and measure are 7 calls, of 2 points each.
    expect(count).toBeGreaterThan(who === 'main' ? 100 : 14);
    const points = pointsFor(who, count, FEW, swept);
    const { killed, left } = await sweep(who, points);
    expect(left).toEqual([]);
    // The very last calls of the main thread may come or not: how Node's threads end is a race.
    expect(killed).toBeGreaterThanOrEqual(
      points.length - (who === 'main' ? Math.ceil(points.length / 10) : 0),
    );
    console.info(`${who}: ${killed} of ${count} points`);
  },
  hours,
);

/**
 * Where /dev lacks the nodes, each opening has a shield: four of control devices and of the loop device, before the fifth makes the
 * device, whose second descriptor is opened in the sixth.
 */
const OPENINGS = [1, 2, 3, 4, 6];
const SOME_OPENINGS = [1, 4, 6];

// No kernel has a part in it.
test.each(everything ? ['over', 'shield', 'group'] : [])(
  'SIGKILL (%s) while a device is opened through a private node leaves no node',
  async (who) => {
    const count = await countPoints(`${who}1`, inBareDev);
    // The session, the directory, the node, the opening, and both gone again are 6 calls, of 2 points each; its end is one.
    expect(count).toBe(13);
    for (const opening of who === 'over' ? OPENINGS : SOME_OPENINGS) {
      const points = pointsFor(who, count, 0);
      const { killed, left } = await sweep(
        `${who}${opening}`,
        points,
        `${CREATE} --ro-fd 9 -- true`,
        inBareDev,
      );
      expect(left).toEqual([]);
      expect(killed).toBe(points.length);
    }
  },
  hours,
);

/**
 * Before Linux 5.16 these kill whoever shares the memory of the process that gets them, unless that may not be dumped; since
 * then they are like SIGKILL, and a few points tell, as they do of the main thread, which is seldom beside a shield. All of
 * signal(7) but SIGXFSZ, which Node ignores.
 */
const DUMP_CORE = [
  ['SIGQUIT', 'over', 2],
  ['SIGABRT', 'over', 2],
  ['SIGSEGV', 'over', 2],
  ['SIGBUS', 'over', 2],
  ['SIGSYS', 'over', 2],
  ['SIGXCPU', 'over', 2],
  ['SIGILL', 'over', 2],
  ['SIGTRAP', 'over', 2],
  ['SIGFPE', 'over', 2],
  ['SIGQUIT', 'group', 2],
  ['SIGQUIT', 'main', 6],
] as const;
const counted = new Map<string, number>();

test.each(swept ? DUMP_CORE : DUMP_CORE.slice(0, whole ? 1 : 0))(
  '%s (%s), which dumps core, leaves no device and no loop device',
  async (signal, who, size) => {
    const all = counted.get(who) ?? (await countPoints(who));
    counted.set(who, all);
    const points =
      signal === 'SIGQUIT' && who !== 'main' && !kernelKnows('dumping one process alone')
        ? pointsFor(who, all, size, swept)
        : atRegularIntervals(all, size);
    const { killed, left } = await sweep(`${who}:${constants.signals[signal]}`, points);
    expect(left).toEqual([]);
    expect(killed).toBeGreaterThanOrEqual(who === 'main' ? Math.floor(0.9 * points.length) : points.length);
  },
  hours,
);

test.each(everything ? [1, 2, 3, 4, 5, 6, 7, 8] : besides ? [5] : [])(
  'SIGKILL injected by strace at ioctl %i leaves nothing',
  async (when) => {
    const inject = `strace --seccomp-bpf -f -qq -o /dev/null -e trace=ioctl -e inject=ioctl:signal=SIGKILL:when=${when}`;
    await sh(`timeout 100 ${inject} ${CREATE} -- true 2>/dev/null || true`);
    await expectNothingLeft();
  },
);

if (besides) {
  test(
    'SIGKILL at random instants leaves nothing',
    async () => {
      const runs = everything ? 20 : 3;
      // Spread over the run's length by the golden ratio: no two alike, and the same every time.
      const permilles = Array.from(
        { length: 3 * runs },
        (_, index) => 200 + Math.floor(800 * ((index * 0.618034) % 1)),
      );
      const script = `${GONE}
      start=$(date +%s%N); ${CREATE} -- true; end=$(date +%s%N)
      span=$(((end - start) / 1000)); killed=0
      for permille in ${permilles.join(' ')}; do
        [ $killed -lt ${runs} ] || break
        us=$((span * permille / 1000)); delay=$(printf '%d.%06d' $((us / 1000000)) $((us % 1000000)))
        timeout -s KILL $delay ${CREATE} -- true >/dev/null 2>&1
        # Not killed: this machine is faster than it was.
        if [ $? = 137 ]; then killed=$((killed + 1)); else span=$((span * 9 / 10)); fi
        left=$(gone); [ -z "$left" ] || echo "left: after $delay s: $left"
      done
      echo "killed $killed"`;
      const lines = (await sh(script, hours)).trim().split('\n');
      expect(lines).toEqual([`killed ${runs}`]);
    },
    hours,
  );

  test('a killed shield is told, and dmfd ends with 125', async () => {
    const output = await sh(`${killAt} shield 12 ${CREATE} -- echo ran 2>&1`);
    expect(output).toMatch(/^killed shield/);
    expect(output).toMatch(
      /^dmfd: device \S+: the process that was making it was killed; everything was taken back\n {2}hint: /m,
    );
    expect(output).not.toMatch(/^ran/m);
    await expectNothingLeft();
  });
}

// It is the same on all stock kernels.
if (everything || expectedMode === 'atomic') {
  test(
    'a kill of dmfd and shield at once leaves nothing that reap does not find, and nothing at all on an atomic kernel',
    async () => {
      const points = pointsFor('both', await countPoints('both'), everything ? 4 : 3);
      // Where a leak is expected, nobody waits long for it to go.
      const look = expectedMode === 'atomic' ? 'gone' : 'sleep 0.2; leftovers';
      const script = `${GONE}
    for point in ${points.join(' ')}; do
      timeout 60 ${killAt} both $point ${CREATE} -- true 2>/dev/null | grep -q ^killed && echo killed
      [ -z "$(${look})" ] || { echo leaked; dmfd reap; }
      left=$(gone); [ -z "$left" ] || echo "left: point $point: $left"
    done`;
      const lines = (await sh(script, hours)).trim().split('\n');
      const count = (word: string): number => lines.filter((line) => line === word).length;
      expect(lines.filter((line) => line.startsWith('left'))).toEqual([]);
      expect(count('killed')).toBe(points.length);
      // The limit of what user space can do, stated: between the creation and the deferred removal, nobody is left to mark the device.
      if (expectedMode === 'atomic') expect(count('leaked')).toBe(0);
      else expect(count('leaked')).toBeGreaterThan(0);
    },
    hours,
  );
}
