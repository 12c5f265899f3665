// A program that uses dmfd as a library: swap on the file that it is given, planned and made.
import { createSwap, planSwap } from 'dmfd';

const request = { backing: process.argv[2], size: 2048n, priority: 3 };
const plan = await planSwap(request);
const swap = await createSwap(request);
console.log(plan.table, swap.path, Number(swap.swapSize), swap.key);
