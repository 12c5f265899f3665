import { cacheDirectory } from './cache.js';
import { checkout } from './checkout.js';
import type { StartRequest } from './start-payload.js';

/**
 * What the initramfs cannot know: where the checkout is. The guest's own /tmp and /run hide the host's, so a
 * checkout or cache below them is brought back. A root of its own has neither.
 */
export function guestSetup(): StartRequest {
  return {
    argv: ['/bin/sh', '-euc', script, 'setup', checkout, cacheDirectory()],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    cwd: '/',
    stdin: 'null',
    timeoutMs: 60_000,
  };
}

const script = `
  for directory; do
    if ! [ -e "$directory" ] && [ -e "/run/dmfd/host$directory" ]; then
      mkdir -p "$directory"
      mount --bind "/run/dmfd/host$directory" "$directory"
    fi
  done
  if [ -e "$1" ]; then
    mkdir -p /usr/local/bin
    ln -sfn "$1/bin/dmfd" "$1/bin/dmfd-swap-stop" /usr/local/bin/
  fi
`;
