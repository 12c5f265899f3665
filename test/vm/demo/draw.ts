/** Reads what the demo prints, and prints it as a picture, if all of it was as said. */
import { readFileSync } from 'node:fs';
import { pictureOf } from './picture.js';

const transcript = readFileSync(0, 'utf8');
if (!/^All of it was as said/m.test(transcript)) throw new Error(`the demo failed:\n${transcript}`);
// Its first line is about the boot, and what comes then is the same on every machine.
process.stdout.write(pictureOf(transcript.slice(transcript.indexOf('#'))));
