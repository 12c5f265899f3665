import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { everything, expectNothingLeft, kernelHas, sampleOf, sh, thorough, vm } from './support.js';

/** Where the images are. */
const HERE = '/tmp/presets';
/** In {@link HERE}; each line prints what `dmsetup table` and other tools say. */
const run = (script: string) => sh(`cd ${HERE}; export DM_DISABLE_UDEV=1; ${script}`);
const create = 'dmfd create ours';
/** The table without numbers of loop devices: `L0` is the first that stands in it. */
const TABLE = `dmsetup table --showkeys ours | awk '{
  for (i = 1; i <= NF; i++) if ($i ~ /^7:/) { if (!($i in seen)) seen[$i] = "L" n++; $i = seen[$i] }; $1 = $1; print }'`;

beforeAll(async () => {
  await sh(`modprobe loop; mkdir ${HERE}`);
  await run(`
    truncate -s 8M a.img; truncate -s 4M b.img
    head -c 8M /dev/urandom >random.img
    mkfs.ext4 -q base.img 8M
    truncate -s 64M disk.img
    printf 'label: gpt\\nstart=2048,size=4096,name=one\\nstart=8192,size=8192,name="two, three"\\n' | sfdisk -q disk.img
    truncate -s 64M mbr.img
    printf 'label: dos\\nsize=4096,type=83\\nstart=8192,type=5\\nstart=10240,size=2048,type=83\\nstart=20480,size=2048,type=83\\n' | sfdisk -q mbr.img
  `);
});
afterAll(async () => {
  await sh(`rm -r ${HERE}`);
});
afterEach(expectNothingLeft);

describe('a preset makes the table that a person would write', () => {
  const rows: [options: string, table: string][] = [
    ['--linear a.img', '0 16376 linear L0 0\n16376 8 linear L0 16376'],
    [
      '--linear a.img,size=1000 --error 8 --linear a.img,offset=1008',
      '0 1000 linear L0 0\n1000 8 error\n1008 15376 linear L0 1008',
    ],
    ['--zero 1M --linear b.img', '0 2048 zero\n2048 8192 linear L0 0'],
    ['--striped a.img --striped b.img --chunk 128K', '0 16384 striped 2 256 L0 0 L1 0'],
    ['--delay a.img,read=10', '0 16384 delay L0 0 10 L0 0 0'],
    ['--delay a.img,read=10,write=20,flush=30', '0 16384 delay L0 0 10 L0 0 20 L0 0 30'],
    ['--flakey a.img,up=10,down=1,drop-writes', '0 16384 flakey L0 0 10 1 1 drop_writes'],
    ['--flakey a.img,up=10,down=1,corrupt=32:r:1', '0 16384 flakey L0 0 10 1 5 corrupt_bio_byte 32 r 1 0'],
    ['--overlay base.img --cow b.img', '0 16384 snapshot L0 L1 N 8'],
    ['--overlay base.img', '0 16384 snapshot L0 L1 N 8'],
    ['--overlay base.img --cow 1M', '0 16384 snapshot L0 L1 N 8'],
    ['--linear disk.img,partition=1', '0 4096 linear L0 2048'],
    ['--linear "disk.img,partition=two,, three"', '0 8192 linear L0 8192'],
    ['--linear mbr.img,partition=6', '0 2048 linear L0 20480'],
    ['--linear a.img,offset=8 --linear a.img', '0 16376 linear L0 8\n16376 16384 linear L0 0'],
    ['--linear a.img,sector-size=4096,offset=8', '0 16376 linear L0 8'],
  ];

  test.each(sampleOf(rows, 6))('%s', async (options, table) => {
    expect(await run(`${create} ${options} -- sh -c ${quote(TABLE)}`)).toBe(`${table}\n`);
  });

  thorough('a length that is no whole blocks of a disk goes through a loop device', async () => {
    const output = await run(`loop=$(losetup -f --show -b 4096 a.img)
      ${create} --linear $loop,size=1K --dry-run; ${create} --linear $loop,size=1K -- sh -c ${quote(TABLE)}; losetup -d $loop`);
    expect(output).toBe('0 2 linear {loop0} 0\n0 2 linear L0 0\n');
  });

  test('--flakey without a fault, of which each kernel makes its own', async () => {
    const output = await run(`${create} --flakey a.img,up=10,down=1 -- sh -c ${quote(TABLE)}`);
    expect(output).toMatch(/^0 16384 flakey L0 0 10 1 (0|2 error_reads error_writes)\n$/);
  });

  test('and --dry-run prints it, which --table-file takes', async () => {
    const options = '--linear a.img,size=1000 --error 8 --linear a.img,offset=1008';
    const output = await run(`${create} ${options} --dry-run >table
      ${create} --loop a.img --table-file table -- sh -c ${quote(TABLE)}; dmsetup ls; losetup -a`);
    expect(output).toBe('0 1000 linear L0 0\n1000 8 error\n1008 15376 linear L0 1008\nNo devices found\n');
  });
});

describe('the device is the bytes that it should be', () => {
  test('parts, among them some that only a loop device can have', async () => {
    const output = await run(`
      tail -c +38 random.img | head -c 1M >expected; tail -c +4194305 random.img | head -c 2M >>expected
      cp random.img same.img
      ${create} --linear random.img,offset=37B,size=1M --linear same.img,offset=4M,size=2M -- cmp {path} expected; echo $?`);
    expect(output).toBe('0\n');
  });

  thorough('stripes as another tool lays them', async () => {
    const output = await run(`
      head -c 4M random.img >one; tail -c 4M random.img >two
      theirs=$(losetup -f --show -r one); others=$(losetup -f --show -r two)
      dmsetup create theirs -r --table "0 16384 striped 2 8 $theirs 0 $others 0"
      sha256sum <"$(dmsetup info -c --noheadings -o blkdevname theirs | sed s,^,/dev/,)"
      ${create} --readonly --striped one --striped two --chunk 4K -- sha256sum <random.img >/dev/null
      ${create} --readonly --striped one --striped two --chunk 4K -- sh -c 'sha256sum <{path}'
      dmsetup remove theirs; losetup -d $theirs $others`);
    const [theirs, ours] = output.trim().split('\n');
    expect(ours).toBe(theirs);
  });

  thorough('a crypt device as cryptsetup makes it, both ways', async () => {
    const output = await run(`
      head -c 64 /dev/urandom >key; cp a.img c.img
      ${create} --key-file key --crypt c.img -- sh -c 'dmsetup table ours | cut -d" " -f1-4,6,8-; cp random.img {path}'
      loop=$(losetup -f --show c.img)
      cryptsetup open --type plain --cipher aes-xts-plain64 --key-size 512 --key-file key $loop theirs
      dmsetup table theirs | cut -d' ' -f1-4,6,8-; cmp /dev/mapper/theirs random.img && echo same
      cp b.img /dev/mapper/theirs; cryptsetup close theirs; losetup -d $loop
      ${create} --key-file key --crypt c.img,size=4M -- cmp {path} b.img && echo same`);
    expect(output).toBe('0 16384 crypt aes-xts-plain64 0 0\n0 16384 crypt aes-xts-plain64 0 0\nsame\nsame\n');
  });

  thorough('a crypt device of sectors of 4096 bytes likewise', async () => {
    const output = await run(`
      head -c 32 /dev/urandom >key; cp a.img c.img
      options='--cipher aes-cbc-essiv:sha256 --sector-size 4096'
      ${create} --key-file key --crypt c.img $options -- cp random.img {path}
      loop=$(losetup -f --show c.img)
      cryptsetup open --type plain $options --key-size 256 --key-file key $loop theirs
      cmp /dev/mapper/theirs random.img && echo same; cryptsetup close theirs; losetup -d $loop`);
    expect(output).toBe('same\n');
  });

  test('a new random key each time, which no table shows', async () => {
    const output = await run(`
      for i in 1 2; do ${create} --crypt b.img -- sh -c 'dmsetup table --showkeys ours | cut -d" " -f5 | cut -d: -f1-3; head -c 64 {path} | sha256sum'; done`);
    const [key, first, again, second] = output.trim().split('\n');
    expect([key, again]).toEqual([':64:logon', ':64:logon']);
    expect(first).not.toBe(second);
  });

  thorough('partitions as the kernel finds them', async () => {
    const output = await run(`
      for image in disk.img mbr.img; do
        loop=$(losetup -f --show -P $image)
        for part in /sys/block/\${loop#/dev/}/\${loop#/dev/}p*; do
          number=$(cat $part/partition)
          [ "$(cat $part/size)" = 2 ] && continue
          kernel="$(cat $part/start) $(cat $part/size)"
          losetup -d $loop
          ours=$(${create} --linear $image,partition=$number --dry-run | cut -d' ' -f2,5 | awk '{ print $2, $1 }')
          [ "$ours" = "$kernel" ] && echo "$image $number" || echo "$image $number: $kernel, not $ours"
          loop=$(losetup -f --show -P $image)
        done
        losetup -d $loop
      done`);
    expect(output).toBe('disk.img 1\ndisk.img 2\nmbr.img 1\nmbr.img 5\nmbr.img 6\n');
  });
});

describe('an overlay', () => {
  test('leaves a base on a read-only medium as it is, and is written to', async () => {
    const output = await run(`
      mkdir -p medium mnt; mount -t tmpfs -o size=16M none medium; cp base.img medium
      before=$(sha256sum <medium/base.img); mount -o remount,ro medium
      ${create} --overlay medium/base.img -- sh -c 'cat /sys/block/\${DMFD_LOOP0#/dev/}/ro /sys/block/\${DMFD_LOOP1#/dev/}/ro; mount {path} mnt && echo new >mnt/file'
      cat mnt/file; umount mnt
      [ "$before" = "$(sha256sum <medium/base.img)" ] && echo unchanged
      n=0; while ! umount medium 2>/dev/null && [ $n -lt 40 ]; do n=$((n+1)); sleep 0.1; done; ls /var/tmp /tmp/presets/medium`);
    expect(output).toMatch(/^1\n0\nnew\nunchanged\n/);
    expect(output).not.toContain('.dmfd-');
  });

  thorough('does the same by hand, with --loop FILE,ro', async () => {
    const output = await run(`
      cp base.img ro.img; truncate -s 8M cow.img; before=$(sha256sum <ro.img)
      ${create} --loop ro.img,ro --loop cow.img --table '0 {sectors0} snapshot {loop0} {loop1} N 8' -- sh -c '
        cat /sys/block/\${DMFD_LOOP0#/dev/}/ro /sys/block/\${DMFD_LOOP1#/dev/}/ro; cp random.img {path}'
      [ "$before" = "$(sha256sum <ro.img)" ] && echo unchanged`);
    expect(output).toBe('1\n0\nunchanged\n');
  });

  thorough('over a block device that is read-only', async () => {
    const output = await run(`
      loop=$(losetup -f --show -r base.img)
      ${create} --overlay $loop -- sh -c 'dmsetup table ours | cut -d" " -f4; cp random.img {path} && echo written'
      losetup -d $loop`);
    expect(output).toMatch(/^7:\d+\nwritten\n$/);
  });
});

describe('what a PATH says', () => {
  test('ro makes the whole device read-only', async () => {
    const { code, stdout, stderr } = await vm.sh(
      `cd ${HERE}; ${create} --linear a.img,ro --zero 8 -- sh -c 'blockdev --getro {path} $DMFD_LOOP0; dd if=/dev/zero of={path} count=1 status=none'`,
    );
    expect(stdout).toMatch(/^1\n1\n$/);
    expect(stderr).toMatch(/Operation not permitted|Permission denied|Read-only/);
    expect(code).toBe(1);
  });

  thorough('sector-size and direct-io are the loop device’s', async () => {
    // Direct I/O wants a disk below: tmpfs has had it only since Linux 6.6.
    const output = await run(`
      mkdir -p disk; truncate -s 32M ext4.img; mkfs.ext4 -q ext4.img; mount -o loop ext4.img disk; truncate -s 4M disk/d.img
      ${create} --linear disk/d.img,sector-size=4096,direct-io -- sh -c '
        blockdev --getss {path}; losetup -nO LOG-SEC,DIO "$DMFD_LOOP0" | tr -s " "'
      umount disk; truncate -s 1000000 odd.img
      ${create} --linear odd.img,sector-size=4096 -- sh -c 'dmsetup table ours | cut -d" " -f2' 2>/dev/null`);
    expect(output).toBe('4096\n 4096 1\n1952\n');
  });

  thorough('a tag names a block device, and is refused when two have it', async () => {
    const result = await vm.sh(`cd ${HERE}; export DM_DISABLE_UDEV=1
      mkfs.ext4 -qF -L dmfd-label b.img; loop=$(losetup -f --show b.img)
      ${create} --linear LABEL=dmfd-label -- sh -c 'dmsetup deps -o devname ours' | tr -d '()' | sed "s,.*: ,/dev/," | sed "s,^$loop *$,found,"
      ${create} --linear UUID="$(blkid -o value -s UUID -c /dev/null $loop)" --dry-run | cut -d' ' -f3
      cp b.img again.img; second=$(losetup -f --show again.img)
      ${create} --linear LABEL=dmfd-label -- touch ran; echo $?
      ${create} --linear LABEL=nothing -- touch ran; echo $?
      losetup -d $loop $second; ls ran again.img`);
    expect(result.stdout).toBe('found\nlinear\n125\n125\nagain.img\n');
    expect(result.stderr).toMatch(
      /"LABEL=dmfd-label": \/dev\/loop\d+ and \/dev\/loop\d+ have that tag\n {2}hint: give the path/,
    );
    expect(result.stderr).toMatch(
      /"LABEL=nothing": no block device has that tag\n {2}hint: "blkid" lists them/,
    );
  });

  thorough('a partition of a block device is the kernel’s own where it has one', async () => {
    const output = await run(`
      loop=$(losetup -f --show -P disk.img); name=\${loop#/dev/}
      ${create} --linear $loop,partition=1 -- sh -c 'dmsetup table ours' | sed "s/ $(cat /sys/block/$name/\${name}p1/dev) / PARTITION /"
      losetup -d $loop`);
    expect(output).toBe('0 4096 linear PARTITION 0\n');
  });

  thorough('a part of a partition that only a loop device can show, written to', async () => {
    const output = await run(`
      cp disk.img part.img; loop=$(losetup -f --show -P part.img); name=\${loop#/dev/}
      ${create} --linear $loop,partition=1,offset=37B,size=1M -- sh -c 'head -c 1M random.img >{path}; dmsetup table ours | cut -d" " -f2,5'
      tail -c +38 \${loop}p1 | head -c 1M | cmp - random.img -n 1M && echo same
      losetup -d $loop`);
    expect(output).toBe('2040 0\n8 2040\nsame\n');
  });

  test('what is written over in a partition stays in it, also where a loop device shows that', async () => {
    const output = await run(`
      cp disk.img part.img; loop=$(losetup -f --show -P part.img)
      ${create} --overlay a.img --cow $loop,partition=1,offset=1M -- sh -c '
        losetup -nO OFFSET,SIZELIMIT | grep -wv 0
        dd if=random.img of={path} bs=64K oflag=direct 2>/dev/null || echo "it is full"'
      losetup -d $loop
      cmp -i 3M disk.img part.img && echo "what is behind it is as it was"`);
    expect(output.replace(/ +/g, ' ').trim()).toBe(
      '2097152 1048576\nit is full\nwhat is behind it is as it was',
    );
  });

  thorough('a block device that is read-only is refused where it would be written to', async () => {
    const { stdout, stderr } = await vm.sh(`cd ${HERE}
      loop=$(losetup -f --show -r a.img); ${create} --linear $loop -- touch ran; echo $?
      ${create} --linear $loop,ro -- blockdev --getro {path}; losetup -d $loop; ls ran`);
    expect(stdout).toBe('125\n1\n');
    expect(stderr).toMatch(
      /^dmfd: linear "\/dev\/loop\d+": the device is read-only\n {2}hint: use --readonly/,
    );
  });

  test('an image by descriptor, whose name is gone', async () => {
    const output = await run(`
      cp disk.img gone.img; exec 7<>gone.img; rm gone.img
      ${create} --linear /proc/self/fd/7,partition=1 -- sh -c ${quote(TABLE)}`);
    expect(output).toBe('0 4096 linear L0 2048\n');
  });
});

describe('a verity device is what veritysetup makes of the same', () => {
  /** Prints both tables with the same words for the same devices, and whether both show the same bytes. */
  const compare = (format: string, ours: string, theirs: string) => `
    rm -f v.img h.img f.img; head -c 4M random.img >v.img; truncate -s 6M v.img
    root=$(veritysetup format ${format} | awk '/^Root hash/ { print $3 }')
    ${create} --verity ${ours},root=$root -- sh -c ${quote(`${TABLE}; sha256sum <{path}; blockdev --getro {path}`)}
    data=$(losetup -f --show -r v.img); for file in h.img f.img; do [ -e $file ] && losetup -r -f --show $file; done >others
    set -- $data $(cat others)
    veritysetup open ${theirs} $root
    ${TABLE.replace('ours', 'theirs')}; sha256sum </dev/mapper/theirs; veritysetup close theirs; losetup -d "$@"`;

  const rows: [what: string, format: string, ours: string, theirs: string][] = [
    ['hashes in a file of their own', 'v.img h.img', 'v.img,hash=h.img', '$1 theirs $2'],
    [
      'other sizes and another hash',
      '--hash sha512 --data-block-size 1024 --hash-block-size 512 v.img h.img',
      'v.img,hash=h.img',
      '$1 theirs $2',
    ],
    [
      'hashes behind the data',
      '--data-blocks 1024 --hash-offset 4194304 v.img v.img',
      'v.img,hash=v.img,hash-offset=4M',
      '--hash-offset 4194304 $1 theirs $1',
    ],
    [
      'error correction',
      '--fec-device f.img --fec-roots 4 v.img h.img',
      'v.img,hash=h.img,fec=f.img,fec-roots=4',
      '--fec-device $3 --fec-roots 4 $1 theirs $2',
    ],
  ];
  const known = rows.filter(([what]) => what !== 'error correction' || kernelHas('DM_VERITY_FEC'));
  test.each(sampleOf(known, 4))('%s', async (_what, format, ours, theirs) => {
    const lines = (await run(compare(format, ours, theirs))).trim().split('\n');
    const [table, bytes, readOnly, theirTable, theirBytes] = lines;
    expect(lines).toHaveLength(5);
    expect([table, bytes, readOnly]).toEqual([theirTable, theirBytes, '1']);
  });

  thorough('and what nobody signed whom the kernel trusts is refused, in words', async () => {
    const { code, stdout, stderr } = await vm.sh(`cd ${HERE}; export DM_DISABLE_UDEV=1; rm -f h.img
      head -c 1M /dev/urandom >v.img; root=$(veritysetup format v.img h.img | awk '/^Root hash/ { print $3 }')
      openssl req -quiet -x509 -newkey rsa:2048 -nodes -subj /CN=nobody -keyout key.pem -out cert.pem 2>/dev/null ||
        openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=nobody -keyout key.pem -out cert.pem 2>/dev/null
      printf %s "$root" | openssl smime -sign -noattr -binary -inkey key.pem -signer cert.pem -outform der -out root.p7s
      ${create} --verity v.img,hash=h.img,root=$root,signature=root.p7s -- touch ran; echo $?
      ls ran; n=0; while grep dmfd: /proc/keys && [ $n -lt 50 ]; do n=$((n+1)); sleep 0.2; done; true`);
    expect(code).toBe(0);
    expect(stdout).toBe('125\n');
    if (kernelHas('DM_VERITY_VERIFY_ROOTHASH_SIG')) {
      expect(stderr).toMatch(/^dmfd: device ours: DM_TABLE_LOAD: (ENOKEY|EKEYREJECTED), /);
      expect(stderr).toMatch(/\n {2}kernel: .*verity: Root hash verification failed/);
      expect(stderr).toMatch(/\n {2}hint: the signature has to be of the root hash, by a certificate /);
    } else {
      expect(stderr).toMatch(/\n {2}hint: perhaps this kernel cannot check signatures/);
    }
  });

  test('and data that was changed is not read', async () => {
    const { stdout, stderr } = await vm.sh(`cd ${HERE}; export DM_DISABLE_UDEV=1; rm -f h.img
      head -c 4M random.img >v.img; root=$(veritysetup format v.img h.img | awk '/^Root hash/ { print $3 }')
      printf x | dd of=v.img bs=1 seek=2000000 conv=notrunc status=none
      ${create} --verity v.img,hash=h.img,root=$root -- sh -c 'head -c 1M {path} | cmp - random.img -n 1M && echo same; cat {path} >/dev/null'`);
    expect(stdout).toBe('same\n');
    expect(stderr).toMatch(/Input\/output error/);
  });
});

if (everything)
  describe('swap takes the same words', () => {
    test('a partition of an image, which is all that is written to', async () => {
      const output = await run(`
      cp disk.img swap.img; before=$(head -c 4M swap.img | sha256sum); after=$(tail -c 32M swap.img | sha256sum)
      dmfd swap swap.img,partition=2 --dry-run --json | tr , '\n' | grep swapSize
      dmfd swap swap.img,partition=2 --name ours | cut -d' ' -f2-5
      dmsetup table ours | cut -d' ' -f2,8; swapoff /dev/dm-*
      [ "$before" = "$(head -c 4M swap.img | sha256sum)" ] && [ "$after" = "$(tail -c 32M swap.img | sha256sum)" ] && echo 'nothing else'
      mkfs.ext4 -q -E offset=4194304 swap.img 4M; dmfd swap swap.img,partition=2 2>&1 | head -n 1`);
      expect(output).toBe(
        '"swapSize":4190208}\nis encrypted swap, named\n8192 8192\nnothing else\ndmfd: backing "swap.img": it has an ext2, ext3 or ext4 file system\n',
      );
    });

    test('a PARTLABEL', async () => {
      const output = await run(`
      cp disk.img swap.img; loop=$(losetup -f --show -P swap.img)
      dmfd swap --force PARTLABEL=one --name ours | cut -d' ' -f2-5
      dmsetup deps -o devname ours | sed "s,(\${loop#/dev/}p1),(p1),"; swapoff /dev/dm-*
      n=0; while dmsetup info ours >/dev/null 2>&1 && [ $n -lt 40 ]; do n=$((n+1)); sleep 0.1; done; losetup -d $loop`);
      expect(output).toBe('is encrypted swap, named\n1 dependencies\t: (p1)\n');
    });
  });

if (everything)
  describe('a table as people have it', () => {
    test('as dmsetup prints it, in one line or in several, and with sizes', async () => {
      const output = await run(`
      dmsetup create theirs --table '0 8 zero' --notable; dmsetup remove theirs
      printf '0 8 zero\\n8 8 error\\n' | dmsetup create theirs
      dmsetup table theirs >saved; dmsetup table --concise theirs >concise; dmsetup table | grep theirs >named
      dmsetup remove theirs
      ${create} --table-file saved -- sh -c ${quote(TABLE)}
      dmfd create --concise "$(cat concise)" -- sh -c 'echo $DMFD_NAME; dmsetup table theirs'
      ${create} --table-file named -- sh -c ${quote(TABLE)}
      printf 'x:  0\\t8  zero\\r\\nx: 8 8 error\\r\\n' | ${create} --table-file - -- sh -c ${quote(TABLE)}
      ${create} --loop a.img --loop b.img --table '0 {sectors0} linear {loop0} 0' --table '{sectors0} {sectors1} linear {loop1} 0' -- sh -c ${quote(TABLE)}`);
      const two = '0 8 zero \n8 8 error \n';
      expect(output.replace(/ +\n/g, '\n')).toBe(
        `${two.repeat(1)}theirs\n${two}${two}${two}0 16384 linear L0 0\n16384 8192 linear L1 0\n`.replace(
          / +\n/g,
          '\n',
        ),
      );
    });
  });

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
