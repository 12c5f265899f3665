import { test } from 'vitest';
import { runRecipe } from '../recipes/run.js';
import { recipeText } from '../recipes/text.js';

test('the recipe of README.md: a service finds the device by its name', async () => {
  const text = recipeText('A systemd service that finds the device by its name');
  await runRecipe(text, {
    before: {
      'systemctl stop': [
        `n=0; until [ "$(head -c 7 disk.img)" = started ] || [ $n -ge 200 ]; do n=$((n+1)); sleep 0.05; done
         pid=$(systemctl show --value -p MainPID example); cat /proc/$pid/comm; stat -Lc %F /proc/$pid/fd/3
         dmsetup table; losetup -nO AUTOCLEAR,BACK-FILE | tr -s ' '`,
        /^sleep\nblock special file\nscratch: 0 8192 linear 7:\d+ 0\n 1 \/tmp\/recipe\/disk\.img\n$/,
      ],
    },
    afterwards: ['head -c 8 disk.img; systemctl show --value -p Result example', 'started\nsuccess\n'],
  });
});
