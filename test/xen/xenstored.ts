import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from '../programs.js';
import { unpackedXen } from '../vm/harness/xen.js';

/** Xen's own xenstored, on a unix socket of its own, as domain 0 has it. */
export class Xenstored {
  private constructor(
    readonly process: ChildProcess,
    private readonly directory: string,
    private readonly xen: string,
  ) {}

  static async start(): Promise<Xenstored> {
    const xen = await unpackedXen();
    const directory = mkdtempSync(join(tmpdir(), 'dmfd-xenstored-'));
    const [version = ''] = readdirSync(join(xen, 'usr/lib')).filter((name) => /^xen-\d/.test(name));
    const child = spawn(
      join(xen, 'usr/lib', version, 'bin/xenstored'),
      ['-N', '--pid-file', join(directory, 'pid')],
      {
        stdio: 'ignore',
        env: {
          ...libraries(xen),
          LD_PRELOAD: program('no-hypervisor.so'),
          XENSTORED_ROOTDIR: directory,
          XENSTORED_RUNDIR: directory,
        },
      },
    );
    const xenstored = new Xenstored(child, directory, xen);
    while (!(await xenstored.#answers())) {
      if (child.exitCode !== null) throw new Error(`xenstored ended with ${child.exitCode}`);
      await sleep(20);
    }
    return xenstored;
  }

  get socket(): string {
    return join(this.directory, 'socket');
  }

  /** Runs one of Xen's commands, xenstore-NAME; returns what it prints. */
  command(name: string, ...words: string[]): string {
    return execFileSync(join(this.xen, 'usr/bin', `xenstore-${name}`), words, {
      encoding: 'utf8',
      env: { ...libraries(this.xen), XENSTORED_PATH: this.socket },
    }).replace(/\n$/, '');
  }

  /** The nodes below a path, and their values. */
  below(path: string): Record<string, string> {
    const lines = this.command('ls', '-f', path).split('\n');
    return Object.fromEntries(
      lines.flatMap((line) => {
        const [, name, value] = /^(\S+) = "(.*)"$/.exec(line) ?? [];
        return name === undefined || value === undefined ? [] : [[name.slice(path.length + 1), value]];
      }),
    );
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = once(this.process, 'exit');
      this.process.kill('SIGKILL');
      await ended;
    }
    rmSync(this.directory, { recursive: true });
  }

  async #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const connection = createConnection(this.socket);
      connection.on('connect', () => {
        connection.destroy();
        resolve(true);
      });
      connection.on('error', () => resolve(false));
    });
  }
}

function libraries(xen: string): { LD_LIBRARY_PATH: string } {
  return { LD_LIBRARY_PATH: join(xen, 'usr/lib/x86_64-linux-gnu') };
}
