import { join } from 'node:path';
import { test } from 'vitest';
import { checkout } from '../../harness/checkout.js';
import { runRecipe } from '../recipes/run.js';
import { recipeText } from '../recipes/text.js';
import { sh, thorough } from '../support.js';

thorough('the recipe of docs/recipes.md: a service finds the device by its name', async () => {
  const text = recipeText('A systemd service that finds the device by its name');
  await runRecipe(text, {
    before: {
      'systemctl stop': [
        `n=0; until [ "$(head -c 7 disk.img)" = started ] || [ $n -ge 600 ]; do n=$((n+1)); sleep 0.05; done
         pid=$(systemctl show --value -p MainPID example); cat /proc/$pid/comm; stat -Lc %F /proc/$pid/fd/3
         dmsetup table; losetup -nO AUTOCLEAR,BACK-FILE | tr -s ' '`,
        /^sleep\nblock special file\nscratch: 0 8184 linear 7:\d+ 0\nscratch: 8184 8 linear 7:\d+ 8184\n 1 \/tmp\/recipe\/disk\.img\n$/,
      ],
    },
    afterwards: ['head -c 8 disk.img; systemctl show --value -p Result example', 'started\nsuccess\n'],
  });
});

thorough('a device outlives restarts of its service', async () => {
  // The main process is told apart by its pid; the loop device and the device are the same ones.
  const look = `systemctl show --value -p NFileDescriptorStore keeper; dmsetup ls | cut -f1; ls -d /sys/block/loop*/loop
    pid=$(systemctl show --value -p MainPID keeper); cat /proc/$pid/comm; stat -Lc %F /proc/$pid/fd/3`;
  const seen = /^1\nkept\n\/sys\/block\/loop\d+\/loop\nsleep\nblock special file\n$/;
  await runRecipe(recipeText('A device that outlives restarts of its service'), {
    before: { 'systemctl restart': [look, seen], 'systemctl stop': [look, seen] },
    // One open file: the second process wrote on where the first one had stopped.
    afterwards: ["tr -d '\\0' <disk.img", '3 is kept\n3 is kept\n'],
  });
});

test('encrypted swap is a unit', async () => {
  // As what npm has installed: the packages' own place is tried on a minimal Debian.
  await sh(`systemctl link --quiet ${join(checkout, 'bin/dmfd-swap@.service')}`);
  await runRecipe(recipeText('Encrypted swap with systemd'), {
    before: {
      'systemctl disable': [
        'systemctl is-active "$unit"; systemctl show --property=WantedBy --value "$unit"; dmsetup ls | cut -f1',
        /^active\nswap\.target\ndmfd-swap-[0-9a-f]{32}\n$/,
      ],
    },
    stdout: /^TYPE +SIZE\npartition +64M\n$/,
    afterwards: ['tail -n +2 /proc/swaps; ls /etc/systemd/system/swap.target.wants', ''],
  });
});
