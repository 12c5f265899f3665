import { createServer, type Server, type Socket } from 'node:net';
import { consoleTail } from './console-log.js';
import { encodeFrame, type Frame, FrameReader, frameType } from './frames.js';
import { guestSetup } from './guest-setup.js';
import type { Machine } from './machine.js';
import { encodeStart } from './start-payload.js';

/** What a client learns about the machine when it may start. */
export interface Welcome {
  kernel: { name: string; release: string };
  consoleLog: string;
}

/** A guest needs two seconds to come up, on a busy machine some more. */
const bootLimitMs = 120_000;

/** The number of the command that prepares the guest, before any client's. */
const setupCommand = 1;

interface Owner {
  client: Socket;
  /** The number by which the client knows the command. */
  command: number;
}

/**
 * Lets any number of clients share one guest: gives every command a number of its own on the agent's
 * port, and kills what a client leaves running when it goes.
 */
export class Broker {
  #machine: Machine | undefined;
  readonly #oneAtATime: boolean;
  readonly #server: Server;
  readonly #clients = new Map<Socket, Map<number, number>>();
  readonly #owners = new Map<number, Owner>();
  #nextCommand = setupCommand + 1;
  #ready = false;
  #setupErrors = '';
  #bootTimer: NodeJS.Timeout | undefined;
  #death: string | undefined;

  /** With `oneAtATime`, a client is let in when all that came before it have gone. */
  constructor(options: { oneAtATime?: boolean } = {}) {
    this.#oneAtATime = options.oneAtATime ?? false;
    this.#server = createServer((client) => this.#attach(client));
  }

  /** Clients may come before this; they wait. */
  serve(machine: Machine): void {
    this.#machine = machine;
    const reader = new FrameReader();
    machine.port.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) this.#fromGuest(frame);
    });
    void machine.died.then((reason) => this.die(reason));
    this.#bootTimer = setTimeout(() => this.#giveUp(machine), bootLimitMs);
  }

  async listen(path: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(path, resolve);
    });
  }

  /** Tells every client, also those to come, that the guest is gone. */
  die(reason: string): void {
    if (this.#death !== undefined) return;
    this.#death = reason;
    clearTimeout(this.#bootTimer);
    for (const client of this.#clients.keys()) this.#greet(client);
  }

  close(): void {
    clearTimeout(this.#bootTimer);
    this.#server.close();
    for (const client of this.#clients.keys()) client.destroy();
  }

  #giveUp(machine: Machine): void {
    const tail = consoleTail(machine.consoleLog, 30);
    this.die(
      `the guest did not come up within ${bootLimitMs / 1000} s\nlast lines of ${machine.consoleLog}:\n${tail}`,
    );
    void machine.kill();
  }

  #attach(client: Socket): void {
    const commands = new Map<number, number>();
    const reader = new FrameReader();
    this.#clients.set(client, commands);
    client.on('data', (chunk) => {
      for (const frame of reader.push(chunk)) this.#fromClient(client, commands, frame);
    });
    client.on('error', () => {});
    client.once('close', () => this.#detach(client, commands));
    this.#greet(client);
  }

  #greet(client: Socket): void {
    if (this.#death !== undefined) {
      client.write(encodeFrame(0, frameType.dead, Buffer.from(this.#death)));
    } else if (this.#machine && this.#ready && this.#mayEnter(client)) {
      const { name, release } = this.#machine.kernel;
      const welcome: Welcome = { kernel: { name, release }, consoleLog: this.#machine.consoleLog };
      client.write(encodeFrame(0, frameType.welcome, Buffer.from(JSON.stringify(welcome))));
    }
  }

  #mayEnter(client: Socket): boolean {
    const [first] = this.#clients.keys();
    return !this.#oneAtATime || client === first;
  }

  #fromClient(client: Socket, commands: Map<number, number>, frame: Frame): void {
    let command = commands.get(frame.command);
    if (frame.type === frameType.start) {
      command = this.#nextCommand++;
      commands.set(frame.command, command);
      this.#owners.set(command, { client, command: frame.command });
    }
    if (command !== undefined) this.#toGuest(command, frame.type, frame.payload);
  }

  #toGuest(command: number, type: number, payload: Uint8Array): void {
    this.#machine?.port.write(encodeFrame(command, type, payload));
  }

  #fromGuest(frame: Frame): void {
    if (frame.type === frameType.ready) {
      this.#toGuest(setupCommand, frameType.start, encodeStart(guestSetup()));
      return;
    }
    if (frame.command === setupCommand) {
      this.#setUp(frame);
      return;
    }
    const owner = this.#owners.get(frame.command);
    if (!owner) return;
    owner.client.write(encodeFrame(owner.command, frame.type, frame.payload));
    if (frame.type === frameType.closed || frame.type === frameType.failed) {
      this.#owners.delete(frame.command);
      this.#clients.get(owner.client)?.delete(owner.command);
    }
  }

  /** Clients are greeted once the setup command has ended well. */
  #setUp(frame: Frame): void {
    if (frame.type === frameType.stderr || frame.type === frameType.failed)
      this.#setupErrors += frame.payload.toString();
    if (frame.type === frameType.exit && frame.payload.readUInt32LE(0) === 0 && !this.#setupErrors) {
      this.#ready = true;
      clearTimeout(this.#bootTimer);
      for (const client of this.#clients.keys()) this.#greet(client);
    } else if (frame.type === frameType.exit || frame.type === frameType.failed) {
      this.die(`the guest could not be set up: ${this.#setupErrors}`);
    }
  }

  #detach(client: Socket, commands: Map<number, number>): void {
    const [first] = this.#clients.keys();
    this.#clients.delete(client);
    for (const command of commands.values()) {
      this.#owners.delete(command);
      this.#toGuest(command, frameType.signal, killSession);
    }
    const [next] = this.#clients.keys();
    if (this.#oneAtATime && client === first && next) this.#greet(next);
  }
}

/** `struct signal_payload`: SIGKILL to the command's whole session. */
const killSession = Buffer.from(Uint32Array.of(9, 2).buffer);
