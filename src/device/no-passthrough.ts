import { fstatSync } from 'node:fs';
import type { Table } from '../dm/table.js';
import type { LoopPlan } from '../loop/plan.js';
import { tableOfParts } from '../segment/plan.js';

const SECTOR = 512n;
/** Sectors: the largest block of a loop device. */
const BLOCK = 8n;

/**
 * To a device of one target that is one whole other device the kernel passes ioctls through (dm_blk_ioctl), and whoever may write to it
 * could have its loop device stay attached, or be of another part of the file. A linear line over a whole loop device is
 * written as two, which the kernel passes nothing through, and which are the same to everybody else.
 *
 * @param loops those that the table calls `{loopN}`
 */
export function withoutPassthrough(table: Table, loops: readonly LoopPlan[]): Table {
  const [line, another] = table;
  if (line === undefined || another !== undefined || line.type !== 'linear') return table;
  const [, loop, index] = /^(\{loop(\d+)\})[ \t]+0[ \t]*$/.exec(line.params) ?? [];
  const plan = loops[Number(index)];
  if (loop === undefined || plan === undefined || line.length !== (sectorsOf(plan) ?? line.length))
    return table;
  const first = ((line.length - 1n) / BLOCK) * BLOCK;
  if (first === 0n) return table;
  return tableOfParts([
    { target: 'linear', length: first, params: `${loop} 0` },
    { target: 'linear', length: line.length - first, params: `${loop} ${first}` },
  ]);
}

/** undefined of what goes to the end of a block device. */
function sectorsOf(plan: LoopPlan): bigint | undefined {
  if ('sparse' in plan) return plan.sparse / SECTOR;
  const { fd, offset = 0n, sizeLimit } = plan;
  const stats = fstatSync(fd, { bigint: true });
  const rest = stats.isFile() ? stats.size - offset : undefined;
  const bytes = sizeLimit !== undefined && (rest === undefined || sizeLimit < rest) ? sizeLimit : rest;
  return bytes === undefined ? undefined : bytes / SECTOR;
}
