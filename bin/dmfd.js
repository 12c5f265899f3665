#!/usr/bin/env node
import { main } from '../dist/command/dmfd.js';

await main(process.argv.slice(2));
