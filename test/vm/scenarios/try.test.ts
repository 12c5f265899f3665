import { expect, test } from 'vitest';
import { bootedVm } from '../harness/index.js';

const vm = await bootedVm();
const show = async (script: string) => {
  const r = await vm.sh(script, { timeoutMs: 60000 });
  console.log(`$ ${script}\n[${r.code} ${r.signal} ${r.durationMs}ms]\n${r.stdout}${r.stderr}`);
};
test('look', async () => {
  await show('ls -la /dev/mapper; uname -r; lsmod | head');
  await show('dmfd probe');
  await show('dmfd probe -v --json');
  await show(
    'truncate -s 64M /tmp/d.img; dmfd create -v t1 --loop /tmp/d.img --table "0 131072 linear {loop0} 0" -- sh -c \'ls -l /proc/self/fd; env | grep DMFD; dmsetup table; dmsetup info; losetup -a; echo hello >&3; sync; dd if=$DMFD_PATH bs=5 count=1\'; dmsetup ls; losetup -a',
  );
  await show('sleep 0.5; dmsetup ls; losetup -a; head -c 10 /tmp/d.img');
  await show('dmfd create --table "0 8 error" --exec -- sh -c \'echo $$ {path} {name}; exit 7\'');
  await show('dmfd create --table "0 8 linear 7:99 0" -- true');
  await show('dmfd create --table "0 8 nosuch 7:99 0" -- true');
  await show('dmfd create --mode atomic --table "0 8 error" -- true');
  await show('dmfd create --table "0 8 error" -- sh -c "kill -TERM \\$\\$"');
  await show('(sleep 1) | dmfd create hold1 --json --table "0 8 error"');
  await show('dmfd ls; dmsetup ls');
  await show('ls /dev/dm* /dev/.dm*; dmesg | tail -5');
  await show(
    'dmfd create --wait-gone --table "0 8 error" -- sh -c "echo hi"; dmsetup ls; dmfd create x --wait-gone=1 --table "0 8 zero" -- sh -c "sleep 3 <&3 & echo hi"; dmfd create x --table "0 8 zero" -- true; sleep 3; dmsetup ls',
  );
  expect(1).toBe(1);
}, 200000);
