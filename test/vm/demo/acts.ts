import type { Stage } from './stage.js';

type Act = (stage: Stage) => Promise<void>;

const MAKE = "dmfd create demo --loop disk.img --table '0 131072 linear {loop0} 0'";
const NOTHING = /^No devices found\n$/;

/** What `make demo` shows, in order. Each starts and ends without any device. */
export const acts: readonly Act[] = [lookAround, useByDescriptor, killMaker, hold];

async function lookAround(stage: Stage): Promise<void> {
  stage.say('What can this kernel do?');
  await stage.type('dmfd probe', /^create would use +(fallback|atomic)$/m);
}

async function useByDescriptor(stage: Stage): Promise<void> {
  stage.say('A device over a disk image, used by a command through its descriptor, number 3:');
  await stage.type('truncate -s 64M disk.img', /^$/);
  const user = await stage.start(
    `${MAKE} -- sh -c 'mkfs.ext4 -q {path} && printf "hello, disk" | dd of=/dev/fd/3 conv=notrunc status=none && echo "wrote to $DMFD_PATH"; cat'`,
    /wrote to \/dev\/dm-\d+\n/,
  );
  stage.say('Meanwhile, from outside:');
  await stage.type('dmsetup table', /^demo: 0 131064 linear 7:\d+ 0\ndemo: 131064 8 linear 7:\d+ 131064\n$/);
  await stage.type('losetup -nO NAME,AUTOCLEAR,BACK-FILE', /^\/dev\/loop\d+ +1 \S*\/disk\.img\n$/);
  await stage.type(
    'dmfd ls',
    /^NAME .*\ndemo \/dev\/dm-\d+ +64M linear +rw +held +\d+ +\S+ process \d+ \(.*\)\n/,
  );
  await stage.endInput(user, '# the command ends');
  await stage.type('dmsetup ls; losetup -a', NOTHING);
  await stage.type('head -c 11 disk.img', /^hello, disk$/);
}

async function killMaker(stage: Stage): Promise<void> {
  stage.say('SIGKILL, which nobody can catch, clean up after, or wait for:');
  const maker = await stage.start(
    `${MAKE} --exec -- sh -c 'echo "holding $DMFD_PATH"; exec sleep 1000'`,
    /holding/,
  );
  await stage.type(
    'dmsetup ls; losetup -nO NAME,BACK-FILE',
    /^demo\t\(\d+:\d+\)\n\/dev\/loop\d+ \S*\/disk\.img\n$/,
  );
  await stage.kill(maker);
  await stage.type('dmsetup ls; losetup -a', NOTHING);
}

async function hold(stage: Stage): Promise<void> {
  stage.say('Without a command it holds the device until its input ends:');
  const holder = await stage.start(
    "dmfd create held --json --table '0 2048 zero'",
    /^\{"name":"held",.*\}\n$/,
  );
  await stage.type('dmsetup info -c --noheadings -o name,open held', /^held:1\n$/);
  await stage.endInput(holder, '# its standard input is closed');
  await stage.type('dmsetup ls; losetup -a', NOTHING);
}
