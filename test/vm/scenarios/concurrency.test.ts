import { expect, test } from 'vitest';
import { expectNothingLeft, sh } from './support.js';

/** A start of Node each, which an emulated processor takes most of a second for. */
const COUNT = process.env.DMFD_TEST_ALL === '1' ? 32 : 12;

test(`${COUNT} creations at once all succeed, are all distinct, and leave nothing`, async () => {
  const script = `
    mkdir -p /tmp/many && cd /tmp/many && rm -f * && mkfifo go && exec 9<>go
    for i in $(seq ${COUNT}); do
      truncate -s 1M $i.img
      { dmfd create --loop $i.img --table '0 2048 linear {loop0} 0' -- sh -c '
          printf image-'$i' >&3; sync {path}
          echo $DMFD_NAME $DMFD_UUID $DMFD_DEV $DMFD_DISKSEQ >'$i'.out
          read -r never <go' 2>$i.err; echo $? >$i.status; } &
    done
    n=0; while [ $(ls *.out 2>/dev/null | wc -l) -lt ${COUNT} ] && [ $n -lt 600 ]; do n=$((n+1)); sleep 0.2; done
    ls -d /sys/block/dm-* | wc -l
    # One empty line each; open all the while, for those who come late to it.
    head -c ${COUNT} /dev/zero | tr '\\0' '\\n' >&9; wait
    sort *.status | uniq -c | tr -s ' '
    for column in 1 2 3 4; do cut -d' ' -f$column *.out | sort -u | wc -l; done
    cat *.err
    for i in $(seq ${COUNT}); do [ "$(head -c 8 $i.img | tr -d '\\0')" = "$(printf image-$i | head -c 8)" ] || echo wrong $i; done`;
  expect(await sh(script, 180_000)).toBe(`${COUNT}\n ${COUNT} 0\n${`${COUNT}\n`.repeat(4)}`);
  await expectNothingLeft();
});
