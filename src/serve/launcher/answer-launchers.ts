/**
 * A process of the service in which command lines are run for launchers (native-shims/launcher/ask.c), one after the other, and
 * synchronously, as each would run in a process of its own. Its standard input ends when it is to end, and on its standard output it
 * tells the service what it does, one letter each: {@link NEWS}.
 *
 * @module
 */
import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { runWords, tellFailure } from '../../cli/run-words.js';
import { HandedOver, NOBODY, OnlyByItself, serve } from '../../handoff/served.js';
import { Canceled, forgetWaits, whenWaited } from '../../kernel/cancellation.js';
import { installed } from '../../kernel/installed.js';
import { numbersOf } from '../../kernel/layout.js';
import { expectOneThread, shim } from '../../kernel/shim.js';
import { editionOf } from './edition.js';
import { Launcher } from './launcher.js';
import { NEWS, OUTDATED } from './news.js';
import {
  argvOf,
  askAt,
  environmentOf,
  isForOthers,
  isRepeatable,
  parseQuestion,
  type Question,
} from './question.js';

/** As the service gives it. */
const LISTENER = 3;

/**
 * Milliseconds. What has to wait for longer is given back, if it can be: the launcher's own process has the time, and shows that
 * something goes on.
 */
const PATIENCE = 500;

const limits = numbersOf('limit', ['ask_bytes']);

/** Answers until it is to end, and ends this process. */
export async function answerLaunchers(): Promise<never> {
  expectOneThread();
  const edition = installedEdition();
  const room = Buffer.allocUnsafeSlow(limits().ask_bytes);
  await rehearse();
  for (;;) {
    const connection = shim.nextLauncher(LISTENER, 0);
    if (connection < 0) process.exit(connection === -constants.errno.ECANCELED ? 0 : 1);
    try {
      await answer(connection, edition, room);
    } finally {
      shim.close(connection);
    }
    tellUsed();
    if (!hasService) process.exit(0);
    if (!installedEdition().equals(edition)) process.exit(OUTDATED);
    // Node's own work from time to time.
    await setImmediate();
  }
}

/** The one of the command line that a launcher would run now; empty when there is none. */
function installedEdition(): Buffer {
  return editionOf(installed('dist/command/dmfd.cjs'));
}

/** Loads and compiles what most command lines need: `create --dry-run`, of a table. */
async function rehearse(): Promise<void> {
  serve(NOBODY);
  try {
    await runWords(['create', '--dry-run', '--table', '0 8 zero']);
  } catch {
    // It is told to every launcher that asks for it.
  } finally {
    serve(undefined);
  }
}

async function answer(connection: number, edition: Buffer, room: Buffer): Promise<void> {
  const pid = shim.equalPeer(connection);
  // It is not waited for what such a one says. A launcher to which nothing is said becomes Node.
  if (pid < 0) return;
  const ask = Buffer.alloc(askAt().bytes);
  const directory = shim.receiveAsk(connection, ask, room, room.length);
  if (directory < 0) return;
  try {
    const question = parseQuestion(pid, ask, room);
    if (question === undefined || !question.edition.equals(edition)) return;
    const launcher = new Launcher(connection, question, leave, tellOfWait);
    if (!isForOthers(question)) launcher.decline();
    else await answerQuestion(launcher, question, directory);
  } catch (error) {
    // The launcher has gone.
    if (!(error instanceof Error && 'errno' in error)) throw error;
  } finally {
    shim.close(directory);
  }
}

/**
 * A path may lead to the launcher's descriptors, by a link to /proc/self/fd/N. Here, under such a number nothing of ours is to be found:
 * what is taken already is Node's, and no file.
 */
async function answerQuestion(launcher: Launcher, question: Question, directory: number): Promise<void> {
  serve(launcher);
  const occupied = question.state.descriptors.map((fd) => shim.occupy(fd));
  try {
    enter(question, directory);
    whenWaited(PATIENCE, () => {
      if (isRepeatable(question) && !launcher.hasTold) throw new Canceled();
      tellOfWait();
    });
    await runWords(argvOf(question));
    launcher.end(statusOfProcess());
  } catch (error) {
    if (error instanceof HandedOver) return;
    if (canBeGivenBack(launcher, question, error)) launcher.decline();
    else launcher.end(tellFailure(error, argvOf(question)));
  } finally {
    for (const fd of occupied) if (fd >= 0) shim.close(fd);
    leave();
    serve(undefined);
  }
}

/**
 * A command that fails has changed nothing, with few exceptions, and may work in the launcher's own process, where nothing is between it and the
 * kernel; if not, that process knows best what to say.
 */
function canBeGivenBack(launcher: Launcher, question: Question, error: unknown): boolean {
  if (launcher.hasTold) return false;
  return isRepeatable(question) || error instanceof OnlyByItself || error instanceof Canceled;
}

function statusOfProcess(): number {
  const status = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return status;
}

/** Takes over the properties of the launcher's process that paths, new files and commands depend on. */
function enter(question: Question, directory: number): void {
  process.chdir(`/proc/self/fd/${directory}`);
  process.umask(question.umask);
  enterEnvironment(question);
}

let entered: Question['environment'] = [];

/** Launchers of one script have the same, and to change it takes long. */
function enterEnvironment(question: Question): void {
  const { environment } = question;
  if (environment.length === entered.length && environment.every((entry, index) => entry === entered[index]))
    return;
  entered = environment;
  const variables = environmentOf(question);
  for (const name of Object.keys(process.env)) if (!variables.has(name)) delete process.env[name];
  for (const [name, value] of variables) if (process.env[name] !== value) process.env[name] = value;
}

/** Whatever the launcher does next, nothing of it is held here. */
function leave(): void {
  forgetWaits();
  process.chdir('/');
  if (!isWaiting) return;
  isWaiting = false;
  tellService(NEWS.goesOn);
}

let isWaiting = false;

/** The service needs another process for what comes meanwhile. */
function tellOfWait(): void {
  isWaiting = true;
  tellService(NEWS.waits);
}

let lastTold = Number.NEGATIVE_INFINITY;

/** Not each time: the service would have to wake up for it. */
function tellUsed(): void {
  const now = performance.now();
  if (now - lastTold < 1000) return;
  lastTold = now;
  tellService(NEWS.used);
}

let hasService = true;

/** Without the service, this is the last launcher that is answered: others are not to wait, and a new service has the place. */
function tellService(news: string): void {
  if (!hasService) return;
  try {
    writeSync(1, news);
  } catch {
    hasService = false;
    shim.close(LISTENER);
  }
}
