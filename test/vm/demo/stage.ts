import type { GuestProcess } from '../harness/process.js';
import type { OwnVm } from '../harness/shared-vm.js';

/** Destroying a device takes the kernel a moment after the last close. */
const PATIENCE_MS = 2000;
const READY_MS = 60_000;

/** Types commands into a guest, shows what they print, and counts what is not as expected. */
export class Stage {
  surprises = 0;

  constructor(private readonly vm: OwnVm) {}

  say(text: string): void {
    console.log(`\n# ${text}`);
  }

  /** Runs a command; what it prints, both streams, has to match. Typed again until it does, as a person would. */
  async type(command: string, expected: RegExp): Promise<void> {
    const limit = performance.now() + PATIENCE_MS;
    let output = await this.run(command);
    while (!expected.test(output) && performance.now() < limit) output = await this.run(command);
    this.show(command, output, expected);
  }

  /** Starts a command in the background; its first output has to match. */
  async start(command: string, expected: RegExp): Promise<GuestProcess> {
    // The shell is gone at once: a signal to this process is one to dmfd.
    const process = await this.vm.start(['sh', '-c', `exec ${command}`], { timeoutMs: 0 });
    await process.waitForOutput(expected, READY_MS).catch(() => undefined);
    this.show(`${command} &`, process.stdout + process.stderr, expected);
    return process;
  }

  /** Kills what was started with SIGKILL. */
  async kill(process: GuestProcess): Promise<void> {
    process.signal('SIGKILL');
    const { signal } = await process.exited;
    this.show(`kill -9 ${process.pid}`, '', signal === 'SIGKILL' ? /^$/ : /it was not killed/);
  }

  /** Ends the standard input of what was started, which then has to end well. */
  async endInput(process: GuestProcess, remark: string): Promise<void> {
    process.closeStdin();
    const { code } = await process.exited;
    this.show(remark, '', code === 0 ? /^$/ : /it did not end with 0/);
  }

  private async run(command: string): Promise<string> {
    const { stdout, stderr } = await this.vm.sh(command, { timeoutMs: READY_MS });
    return stdout + stderr;
  }

  private show(command: string, output: string, expected: RegExp): void {
    console.log(`$ ${command}`);
    if (output !== '') console.log(output.trimEnd());
    if (expected.test(output)) return;
    this.surprises++;
    console.log(`!!! not as said: this should have matched ${expected}`);
  }
}
