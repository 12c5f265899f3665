import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { vmFile } from '../harness/checkout.js';
import { atCall, type Call, type Intervention } from './at-call.js';
import { expectNothingLeft, image, sampleOf, sh, thorough, vm } from './support.js';

/** What is stolen is what the kernel did not return itself: the order of stock kernels, on every kernel. */
const CREATE = "dmfd create ours --mode fallback --table '0 8 zero'";
const OVER_LOOP =
  "dmfd create ours --mode fallback --loop /tmp/identity.img --table '0 2048 linear {loop0} 0'";

beforeAll(async () => {
  await image('identity.img', 1);
  // The drivers are there.
  await sh(`${OVER_LOOP} -- true`);
});

afterEach(expectNothingLeft);

describe('another process removes the device and makes one of its own under the number', () => {
  const steal = `
    number=$(dmsetup info -c --noheadings --separator " " -o major,minor ours)
    dmsetup remove --noudevsync ours
    dmsetup create --noudevsync theirs --major \${number% *} --minor \${number#* } --table "0 16 zero"
    echo "$number" >/tmp/stolen`;

  test.each<[string, Call]>([
    ['before the table is loaded', 'DM_TABLE_LOAD'],
    ['before the node is opened', '/dev/dm-'],
  ])('%s: refused, and theirs is left alone', async (_when, call) => {
    const { code, stdout, stderr } = await vm.sh(
      `${atCall(call, { run: steal })} ${CREATE} -- echo ran; status=$?
       dmsetup info -c --noheadings --separator ' ' -o major,minor,name,open,attr; cat /tmp/stolen
       dmsetup table theirs; dmsetup remove --noudevsync theirs; exit $status`,
    );
    expect(stderr).toMatch(/^dmfd: device ours: somebody removed or replaced it while it was being made/);
    const [theirs, number, table] = stdout.split('\n');
    expect(theirs).toBe(`${number} theirs 0 L--w`);
    expect(table).toMatch(/^0 16 zero/);
    expect(code).toBe(125);
  });

  test.each<[string, Call, number]>([
    ['before the proof', 'DM_DEV_STATUS', 2],
    ['before it is resumed', 'DM_DEV_SUSPEND', 1],
  ])('%s: too late, the descriptor pins it', async (_when, call, nth) => {
    const run = 'dmsetup remove --noudevsync ours 2>/dev/null && echo removed';
    const output = await sh(`${atCall(call, { nth, run })} ${CREATE} -- sh -c 'dmsetup table {name}'`);
    expect(output).toMatch(/^0 8 zero ?\n$/);
  });

  thorough('a name that another process gives it does not matter', async () => {
    const run =
      'dmsetup rename --noudevsync ours renamed; dmsetup create --noudevsync ours --table "0 16 zero"';
    const output = await sh(
      `${atCall('DM_TABLE_LOAD', { run })} ${CREATE} --wait-gone -- sh -c 'echo $DMFD_SIZE; dmsetup info -c --noheadings -o name -u $DMFD_UUID'
       dmsetup info -c --noheadings -o name; dmsetup remove --noudevsync ours`,
    );
    expect(output).toBe('4096\nrenamed\nours\n');
  });
});

describe('a device of somebody else who took name, UUID and number meanwhile', () => {
  const steal =
    'dmsetup remove --noudevsync ours; dmsetup create --noudevsync ours --uuid DMFD-mine --table "0 16 error"';

  test.each<[string, Call, Intervention, number]>([
    ['is not taken for ours', 'DM_TABLE_LOAD', { run: steal }, 125],
    ['outlives a failed creation', 'DM_TABLE_LOAD', { run: steal, error: 'ENOMEM' }, 125],
    ['outlives a killed shield', 'DM_TABLE_LOAD', { run: `${steal}; kill -9 $CALLER` }, 125],
  ])('%s', async (_what, call, intervention, status) => {
    const output = await sh(`
      ${atCall(call, intervention)} dmfd create ours --mode fallback --uuid DMFD-mine --table '0 8 zero' -- echo ran 2>/tmp/stolen
      echo $?; dmsetup table ours; dmsetup info ours | sed -n 's/^State: *//p'; dmsetup remove --noudevsync ours`);
    expect(output).toMatch(new RegExp(`^${status}\n0 16 error ?\nACTIVE\n$`));
  });

  const create =
    "dmfd create ours --mode fallback --uuid DMFD-mine --table '0 8 zero' -- echo ran 2>/dev/null";

  test('cannot be made while our descriptor pins the number: what is taken back is ours', async () => {
    const call = atCall('DM_DEV_REMOVE', {
      run: `{ ${steal}; } 2>/dev/null || echo pinned`,
      error: 'EIO',
    });
    expect(await sh(`${call} ${create}; echo $?; dmsetup info -c --noheadings -o name`)).toBe(
      'pinned\n125\nNo devices found\n',
    );
  });

  thorough(
    'goes with ours where it takes all three between our last look and the removal, and nothing could be opened',
    async () => {
      // The limit of what the kernel offers, stated: it removes by name, UUID or number, and not what one has looked at.
      const call = atCall('DM_DEV_REMOVE', { run: `${steal}; dmsetup table ours` });
      const refused = create.replace('0 8 zero', '0 8 linear');
      const output = await sh(`${call} ${refused}; echo $?; dmsetup info -c --noheadings -o name`);
      expect(output).toMatch(/^0 16 error ?\n125\nNo devices found\n$/);
    },
  );
});

describe('a call that fails', () => {
  const fails: [Call, Intervention, RegExp][] = [
    ['DM_DEV_STATUS', { error: 'EIO' }, /^dmfd: DM_DEV_STATUS: EIO/],
    ['LOOP_CTL_GET_FREE', { error: 'ENOMEM' }, /LOOP_CTL_GET_FREE: ENOMEM/],
    ['LOOP_CONFIGURE', { error: 'EIO' }, /attach to \/dev\/loop\d+: EIO/],
    ['DM_DEV_CREATE', { error: 'ENOMEM' }, /ours: DM_DEV_CREATE\b.*: ENOMEM/],
    ['DM_TABLE_LOAD', { error: 'ENOMEM' }, /ours: DM_TABLE_LOAD: ENOMEM/],
    ['/dev/dm-', { error: 'EIO' }, /ours: open the device node: EIO/],
    ['DM_DEV_REMOVE', { error: 'EIO' }, /ours: DM_DEV_REMOVE, deferred: EIO/],
    ['DM_DEV_REMOVE', { error: 'EBUSY' }, /ours: this kernel does not know deferred removal/],
    ['DM_DEV_SUSPEND', { error: 'ENOMEM' }, /ours: DM_DEV_SUSPEND, resume: ENOMEM/],
    ['BLKGETSIZE64', { error: 'EIO' }, /ours: BLKGETSIZE64: EIO/],
  ];

  test.each(sampleOf(fails, 2))(
    '%s %o: 125, the call is named, nothing is left',
    async (call, intervention, says) => {
      const result = await vm.sh(`${atCall(call, intervention)} ${OVER_LOOP} -- echo ran`);
      expect(result).toMatchObject({ code: 125, stdout: '' });
      expect(result.stderr).toMatch(says);
      expect(result.stderr).not.toContain('should not have happened');
    },
  );

  thorough('so does taking it back: the user is told, and reap removes it', async () => {
    const result = await vm.sh(
      `${atCall('DM_DEV_REMOVE', { nth: 0, error: 'EIO' })} ${CREATE} -- echo ran; echo $?; dmsetup info -c --noheadings -o name; dmfd reap`,
    );
    expect(result.stdout).toBe('125\nours\nours: removed\n');
    expect(result.stderr).toMatch(/DM_DEV_REMOVE, deferred: EIO[\s\S]*dmfd reap/);
  });

  test('the flagged creation, with EINVAL: the one without the flag does', async () => {
    const create = `${atCall('DM_DEV_CREATE', { error: 'EINVAL' })} dmfd create --table '0 8 zero'`;
    expect(await sh(`${create} -- sh -c 'echo $DMFD_MODE'`)).toBe('fallback\n');
    const { code, stderr } = await vm.sh(`${create} --mode atomic -- echo ran`);
    expect(code).toBe(125);
    expect(stderr).toMatch(/this kernel refuses DM_FILE_DESCRIPTOR_FLAG\n {2}hint: .*--mode auto/);
  });
});

describe('a machine that lacks something', () => {
  test('no BLKGETDISKSEQ (before 5.15): the UUID proves it, and the sequence number is 0', async () => {
    const script = `${atCall('BLKGETDISKSEQ', { nth: 0, error: 'ENOTTY' })} ${OVER_LOOP} --wait-gone -- sh -c 'echo $DMFD_DISKSEQ {diskseq} $DMFD_SIZE'`;
    expect(await sh(`${script}; ls /sys/block | grep dm- || true`)).toBe('0 0 1048576\n');
  });

  test('no /sys: the device is made all the same', async () => {
    const inside = `mount -t tmpfs none /sys; ${OVER_LOOP} --wait-gone -- sh -c "echo \\$DMFD_SIZE; dmsetup table ours"`;
    const output = await sh(`cat >/tmp/no-sys <<'EOF'\n${inside}\nEOF\nunshare -m sh /tmp/no-sys`);
    expect(output).toMatch(/^1048576\n0 2040 linear 7:\d+ 0\n2040 8 linear 7:\d+ 2040\n$/);
  });

  thorough('a /dev that has no such node, or something else in its place: a private node does', async () => {
    const output = await sh(`
      cat >/tmp/bare-dev <<'EOF'
        mkdir -p /tmp/dev; mount --bind /dev /tmp/dev; mount -t tmpfs tmpfs /dev; mkdir /dev/mapper
        for node in null kmsg mapper/control loop-control; do cp -a /tmp/dev/$node /dev/$node; done
        timeout 80 node ${vmFile('scenarios/library/odd-node.mjs')} /tmp/identity.img
EOF
      printf 'data' | dd of=/tmp/identity.img conv=notrunc status=none
      unshare -m sh /tmp/bare-dev`);
    expect(output.trim().split('\n')).toHaveLength(5);
  });
});
