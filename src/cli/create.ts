import type { Command as CommandLine } from 'commander';
import { createDeviceSync } from '../device/create.js';
import type { Device } from '../device/handle.js';
import { type DevicePlan, planDeviceSync } from '../device/plan.js';
import type { DeviceRequest, Layer, SegmentLayer, TableLayer } from '../device/request.js';
import { inLayer } from '../device/stack.js';
import { nodeOf } from '../dm/device-number.js';
import { mangle } from '../dm/mangling.js';
import type { TableSource } from '../dm/table.js';
import { callerEnvironment, callerState } from '../handoff/caller.js';
import type { Command } from '../handoff/command.js';
import { checkDescriptorName, findNotifySocket, storeDescriptor } from '../handoff/fdstore.js';
import { hold } from '../handoff/hold.js';
import { becomeCommand, type Ending, endAs, startCommand } from '../handoff/run.js';
import { sendDescriptor } from '../handoff/send-fd.js';
import { needItself } from '../handoff/served.js';
import type { Segment } from '../segment/segment.js';
import { awaitGone } from './await-gone.js';
import { checkOutput } from './check-output.js';
import { readConcise } from './concise.js';
import { addCreateOptions, type CreateOptions, checkCombination, checkContents } from './create-options.js';
import { describeCommand } from './description.js';
import { givenJson, heldJson, pathForOthers, planJson } from './device-json.js';
import { type Events, eventsTo } from './events.js';
import { expectedWait } from './expected-wait.js';
import { toJson } from './json.js';
import { keySource } from './key-options.js';
import type { LayerOptions, LayerWords } from './layer-options.js';
import { isTerminal, printExactly, say, tellStep, write, writeMeanwhile } from './output.js';
import { checkPlaceholders, planCommand } from './plan-command.js';
import { whileBlocked, withProgress } from './progress.js';
import { notedCommandLength } from './split-arguments.js';
import { needOwnKeyrings, readTables } from './tables.js';
import { usageError } from './usage-error.js';

/** Adds `create` to the command line. */
export function addCreate(program: CommandLine): void {
  const what = 'make a device that lives as long as its file descriptor, and pass that to a command';
  const command = describeCommand(program.command('create'), what, [
    'dmfd create --linear disk.img -- mkfs.ext4 {path}',
    'dmfd create --overlay disk.img -- fsck -y {path}',
    'dmfd create --crypt disk.img --key-file key -- dd if=backup of={path}',
    'dmfd create --linear disk.img --then --delay {below},read=100 -- cat {path}',
    'dmfd create scratch --zero 1G',
  ])
    .usage('[NAME] [options] [-- COMMAND [ARG...]]')
    .argument('[NAME]', 'device-mapper name (default: dmfd- and 8 hex digits)');
  const layersOf = addCreateOptions(command);
  command.action((name: string | undefined, options: CreateOptions) =>
    create(name, options, layersOf(), notedCommandLength()),
  );
}

async function create(
  name: string | undefined,
  options: CreateOptions,
  layers: readonly LayerWords[],
  commandLength: number | undefined,
): Promise<void> {
  checkCombination(options, layers, commandLength);
  if (isItsOwnToEnd(options, commandLength)) needItself();
  // Before any call to the kernel: a command that is not there must not cost a device.
  const command = commandLength === undefined ? undefined : planCommand(options, layers, commandLength);
  const give = planGift(options);
  if (command === undefined && (give === undefined || options.json))
    checkOutput('the path of the device is to be printed there', ', or give a command after --');
  const asked = toRequest(name, options, layers);
  needOwnKeyrings([...asked.below, asked].flatMap((layer) => ('table' in layer ? layer.table : [])));
  if (command !== undefined) checkPlaceholders(command, asked.below.length + 1);
  if ((options.listenFds || options.fdstore) && asked.name !== undefined) checkDescriptorName(asked.name);
  if (options.dryRun) {
    describe(planDeviceSync(asked), options);
    return;
  }
  const events = eventsTo(options.jsonFd);
  let device = makeDevice(asked, options);
  if (!options.quiet) for (const warning of device.warnings) say(warning);
  try {
    if (options.holdReadonly) device = device.heldReadOnly();
    const isHeld = give === undefined && command === undefined;
    events.created(device, isHeld ? pathForOthers(device) : nodeOf(device));
    if (give !== undefined) await giveAway(device, give, options);
    else if (command === undefined) await holdDevice(device, options, events);
    else if (options.exec) become(command, device, events);
    else await runAndEnd(command, device, options, events);
  } finally {
    device.close();
  }
}

/** Whether there is something left to do for dmfd itself when the device is there, and the command runs. */
function isItsOwnToEnd(
  { dryRun, jsonFd, waitGone, mapperLink }: CreateOptions,
  commandLength: number | undefined,
): boolean {
  const isHeld = commandLength === undefined && !dryRun;
  return isHeld || jsonFd !== undefined || waitGone !== undefined || mapperLink === true;
}

/** As the command line makes them: each text of a table has its label. */
type AskedLayer = SegmentLayer | (TableLayer & { readonly table: readonly TableSource[] });
type Asked = AskedLayer & Whole;
type Whole = Omit<DeviceRequest, keyof Layer> & { readonly below: readonly AskedLayer[] };

function makeDevice(request: Asked, options: CreateOptions): Device {
  const make = () => createDeviceSync(request);
  const wait = [...request.below, request].map(expectedWait).find((text) => text !== undefined);
  return wait === undefined ? make() : whileBlocked(wait, isQuiet(options), make);
}

/** With -v, the lines of the steps show that something goes on. */
function isQuiet({ quiet, verbose }: CreateOptions): boolean {
  return quiet === true || verbose === true;
}

/** How to give the device to another process, which holds it from then on; undefined where the options name none. */
function planGift({
  fdstore,
  sendFd,
  sendToUid,
}: CreateOptions): ((device: Device) => Promise<void>) | undefined {
  if (sendFd !== undefined) {
    return (device) => sendDescriptor(device, sendFd, `${toJson(givenJson(device))}\n`, sendToUid);
  }
  if (!fdstore) return undefined;
  const socket = findNotifySocket(callerEnvironment());
  return (device) => storeDescriptor(device, socket);
}

function toRequest(name: string | undefined, options: CreateOptions, layers: readonly LayerWords[]): Asked {
  const contents = contentsOf(options, layers);
  const top = contents.at(-1);
  if (top === undefined) throw new Error('a device without a layer');
  const below = contents.slice(0, -1);
  if (
    options.sharedLoop &&
    contents.every(({ segments, loop = [] }) => segments === undefined && loop.length === 0)
  )
    throw usageError('--shared-loop needs a --loop FILE');
  return {
    ...top,
    ...(name === undefined ? {} : { name }),
    ...(options.uuid === undefined ? {} : { uuid: options.uuid }),
    readOnly: options.readonly === true || top.readOnly === true,
    below: below.map((layer) => (options.readonly ? { ...layer, readOnly: true } : layer)),
    sharedLoop: options.sharedLoop ?? false,
    mode: options.mode,
    udev: options.udev,
    ...(options.udevWait === undefined ? {} : { udevWait: options.udevWait }),
    mapperLink: options.mapperLink ?? false,
    ...(options.verbose ? { onStep: tellStep } : {}),
  };
}

function contentsOf({ concise }: CreateOptions, layers: readonly LayerWords[]): AskedLayer[] {
  const contents = layers.map(({ options, segments }, index) =>
    inLayer(index, layers.length, () => contentOf(options, segments, concise)),
  );
  if (concise === undefined) return contents;
  const [{ key, messages = [] } = {}] = contents;
  const read = readConcise(concise, layers[0]?.options.loop ?? [], key);
  return read.map((layer, index) => (index === read.length - 1 ? { ...layer, messages } : layer));
}

/** Without a table where `--concise` has it. */
function contentOf(
  options: LayerOptions,
  segments: readonly Segment[],
  concise: string | undefined,
): AskedLayer {
  const key = keySource(options);
  checkContents(options, segments, concise);
  const { table = [], tableFile = [], loop = [], message = [] } = options;
  const common = { messages: message, ...(key === undefined ? {} : { key }) };
  if (segments.length > 0) return { ...common, segments };
  return { ...common, table: concise === undefined ? readTables(table, tableFile) : [], loop };
}

function describe(plan: DevicePlan, { json, quiet }: CreateOptions): void {
  if (!quiet) for (const warning of plan.warnings) say(warning);
  // `--table-file` takes the lines back.
  printExactly(...(json ? [toJson(planJson(plan))] : tableLines(plan)));
}

/** Of several layers as `dmsetup table` prints several devices. */
function tableLines(plan: DevicePlan): string[] {
  if (plan.below.length === 0) return plan.table.split('\n');
  return [...plan.below, plan].flatMap(({ name, table }) =>
    table.split('\n').map((line) => `${mangle(name)}: ${line}`),
  );
}

/** No process of dmfd's is left to tell how it ended. */
function become(command: Command, device: Device, events: Events): never {
  events.started(process.pid);
  becomeCommand(command, device);
}

async function runAndEnd(
  command: Command,
  device: Device,
  options: CreateOptions,
  events: Events,
): Promise<void> {
  // The command may close its descriptor before it ends, and the link has to have its device until it is taken away.
  const linked = device.mapperLink === undefined ? undefined : device.secondHandle();
  let ending: Ending;
  try {
    const running = startCommand(command, device);
    events.started(running.pid);
    if (linked === undefined && hasToldAll(options)) running.leaveToLauncher();
    ending = running.end();
  } finally {
    linked?.close();
  }
  events.ended(ending);
  endAs((await isGoneIfAsked(device, options, events)) ? ending : { status: SOMETHING_STAYED });
}

/** Nothing is left to tell, whatever becomes of the command and the device. */
function hasToldAll({ jsonFd, waitGone }: CreateOptions): boolean {
  return jsonFd === undefined && waitGone === undefined;
}

async function giveAway(
  device: Device,
  give: (device: Device) => Promise<void>,
  options: CreateOptions,
): Promise<void> {
  await withProgress(`giving ${device.name} away`, isQuiet(options), give(device));
  if (options.json) write(1, `${toJson(givenJson(device))}\n`);
}

async function holdDevice(device: Device, options: CreateOptions, events: Events): Promise<void> {
  const tell = async (): Promise<void> => {
    await writeMeanwhile(1, `${options.json ? toJson(heldJson(device)) : pathForOthers(device)}\n`);
    if (!options.quiet && isTerminal(2)) say(`holding ${device.name}; ^C lets go of it`);
  };
  await hold(tell, () => device.close(), callerState());
  if (!(await isGoneIfAsked(device, options, events))) process.exitCode = SOMETHING_STAYED;
}

/** The exit status of `--wait-gone` when the time is up, as timeout(1) has it, however the command ended. */
const SOMETHING_STAYED = 124;

/** For `--wait-gone`: false when device or loop devices are still there after that time. */
async function isGoneIfAsked(
  device: Device,
  { waitGone, quiet }: CreateOptions,
  events: Events,
): Promise<boolean> {
  if (waitGone === undefined) return true;
  const left = await awaitGone(device, waitGone, quiet ?? false);
  events.gone(left);
  return left.length === 0;
}
