import { vm } from '../../vm/scenarios/support.js';

interface Reply {
  /** What the `create` program printed: "KEY VALUE" lines. */
  reply: Record<string, string>;
  /** What `command` printed, on either stream. */
  after: string;
}

/** Runs the `create` program with options; `command` is a line of shell that runs while the descriptor is open. */
export async function replyOf(create: string, options: readonly string[], command?: string): Promise<Reply> {
  const marker = '--- after ---\n';
  const shell = command === undefined ? [] : ['sh', '-c', `exec 2>&1; printf -- '${marker}'; ${command}`];
  const { stdout } = await vm.run([create, ...options, ...shell]);
  const [own = '', after = ''] = stdout.split(marker);
  const lines = own.split('\n').filter(Boolean);
  const reply = Object.fromEntries(lines.map((line) => line.split(/ (.*)/, 2) as [string, string]));
  return { reply, after };
}
