import { readFileSync } from 'node:fs';
import { errorJson } from '../../cli/error-json.js';
import { toJson } from '../../cli/json.js';
import { printError } from '../../cli/print-error.js';
import { DmfdError } from '../../errors.js';
import { installed } from '../../kernel/installed.js';
import { shim } from '../../kernel/shim.js';
import { isObject } from '../../properties.js';
import type { Connection } from '../connection.js';
import { inequalityOf } from '../peer.js';
import type { Serving } from '../service.js';
import { parseInterface } from './description.js';
import { DMFD_INTERFACE } from './dmfd-interface.js';
import { Garbled, type Message, messagesOf } from './messages.js';
import { type Answer, type Call, METHODS, type MethodTable } from './methods.js';
import { SERVICE_INTERFACE } from './service-interface.js';
import { checkFields, WrongValue } from './values.js';

const DMFD = 'io.dmfd';

const SERVICE_METHODS: MethodTable = { GetInfo: getInfo, GetInterfaceDescription: getDescription };

/** The interfaces that are served, by their names. */
const SERVED = new Map([served(SERVICE_INTERFACE, SERVICE_METHODS), served(DMFD_INTERFACE, METHODS)]);

function served(text: string, methods: MethodTable) {
  const description = parseInterface(text);
  return [description.name, { text, description, methods: new Map(Object.entries(methods)) }] as const;
}

/** A reply that is an error. */
class Refusal extends Error {
  readonly id: string;
  readonly parameters: object;

  constructor(id: string, parameters: object) {
    super(id);
    this.id = id;
    this.parameters = parameters;
  }
}

interface Request {
  readonly method: string;
  readonly parameters: unknown;
  readonly oneway: boolean;
}

/** Answers the calls of one client, one after the other; the calls of others do not wait for it. */
export async function serveVarlink(connection: Connection, serving: Serving): Promise<void> {
  const { ending, closing } = serving;
  const inequality = inequalityOf(connection.fd);
  let isBusy = false;
  const leave = (): void => {
    if (!isBusy) connection.close();
  };
  closing.addEventListener('abort', leave);
  try {
    for await (const message of messagesOf(connection)) {
      if (!serving.mayBegin()) {
        closeAll(message.fds);
        break;
      }
      isBusy = true;
      await respond(connection, message, inequality, ending);
      isBusy = false;
      if (closing.aborted) break;
    }
  } catch (error) {
    if (error instanceof Garbled) {
      const garbled = new DmfdError('invalid-request', `what the client sent is ${error.message}`);
      await say(connection, errorReply(refusalOf(garbled))).catch(() => undefined);
      await discard(connection);
    } else if (!isBroken(error) && !connection.gone.aborted && !ending.aborted) throw error;
  } finally {
    closing.removeEventListener('abort', leave);
  }
}

/** Answers one call. */
async function respond(
  connection: Connection,
  message: Message,
  inequality: string | undefined,
  ending: AbortSignal,
): Promise<void> {
  const request = parseRequest(message);
  const signal = request.oneway ? ending : connection.gone;
  const { reply, fds, undo, over } = await answer(request, { fds: message.fds, signal }, inequality);
  try {
    if (!request.oneway) await say(connection, reply, fds);
  } catch (error) {
    // What cannot be taken back is told here: there is nobody else to tell it to.
    await undo?.().catch(printError);
    throw error;
  } finally {
    over?.();
  }
}

function say(connection: Connection, reply: object, fds?: readonly number[]): Promise<void> {
  return connection.send(Buffer.from(`${toJson(reply)}\0`), fds);
}

/** Milliseconds. */
const PATIENCE = 2000;

/** Reads what else comes: a client may never see the answer while bytes of its own are not read. */
async function discard(connection: Connection): Promise<void> {
  const timer = setTimeout(() => connection.close(), PATIENCE);
  try {
    for (let part = await connection.receive(); part !== undefined; part = await connection.receive()) {
      closeAll(part.fds);
    }
  } catch {
    // It has gone.
  } finally {
    clearTimeout(timer);
  }
}

function closeAll(fds: readonly number[]): void {
  for (const fd of fds) shim.close(fd);
}

/** The client has gone, or does not read: the error cannot be told. */
function isBroken(error: unknown): boolean {
  return error instanceof DmfdError && error.code === 'receiver-failed';
}

function parseRequest({ text, fds }: Message): Request {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || typeof value.method !== 'string')
      throw new Garbled('no call: an object with a method');
    const { method, parameters, oneway, upgrade } = value;
    if (upgrade === true) throw new Garbled('a call to talk otherwise (upgrade)');
    return { method, parameters: parameters ?? {}, oneway: oneway === true };
  } catch (error) {
    closeAll(fds);
    throw error instanceof Garbled ? error : new Garbled('no JSON');
  }
}

interface Reply extends Omit<Answer, 'parameters'> {
  readonly reply: object;
}

async function answer(
  request: Request,
  call: Omit<Call, 'parameters'>,
  inequality: string | undefined,
): Promise<Reply> {
  try {
    const { parameters, ...rest } = await callMethod(request, call, inequality);
    return { reply: { parameters }, ...rest };
  } catch (error) {
    return { reply: errorReply(refusalOf(error)) };
  } finally {
    closeAll(call.fds);
  }
}

async function callMethod(
  { method, parameters }: Request,
  call: Omit<Call, 'parameters'>,
  inequality: string | undefined,
): Promise<Answer> {
  const { name, run, description, input } = find(method);
  const checked = checkFields(description, input, parameters);
  if (name === DMFD && inequality !== undefined) throw notPermitted(inequality);
  return await run({ ...call, parameters: checked });
}

/** The interface and the method of a call, by its full name. */
function find(method: string) {
  const [, name = '', member = ''] = /^(.*)\.(.*)$/s.exec(method) ?? [];
  const served = SERVED.get(name);
  if (served === undefined) throw new Refusal('org.varlink.service.InterfaceNotFound', { interface: name });
  const input = served.description.methods.get(member)?.input;
  const run = served.methods.get(member);
  if (input === undefined || run === undefined) {
    throw new Refusal('org.varlink.service.MethodNotFound', { method });
  }
  return { name, run, input, description: served.description };
}

function notPermitted(inequality: string): DmfdError {
  return new DmfdError('not-permitted', `the client may not ask for this: ${inequality}`, {
    hint: 'clients are root with all its capabilities, in the namespaces and the root directory of the service',
  });
}

function errorReply({ id, parameters }: Refusal): object {
  return { error: id, parameters };
}

/** The error of a call, in the client's terms. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof WrongValue) {
    return new Refusal('org.varlink.service.InvalidParameter', { parameter: error.where });
  }
  if (error instanceof DmfdError) return new Refusal(`${DMFD}.Failed`, errorJson(error));
  throw error;
}

async function getInfo(): Promise<Answer> {
  const { version } = JSON.parse(readFileSync(installed('package.json'), 'utf8'));
  const interfaces = [...SERVED.keys()];
  return {
    parameters: { vendor: 'dmfd', product: 'dmfd', version, url: 'man:dmfd-serve(8)', interfaces },
  };
}

async function getDescription({ parameters }: Call): Promise<Answer> {
  const { interface: name } = parameters as { interface: string };
  const served = SERVED.get(name);
  if (served === undefined) throw new Refusal('org.varlink.service.InterfaceNotFound', { interface: name });
  return { parameters: { description: served.text } };
}
