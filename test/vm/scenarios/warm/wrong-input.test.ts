import { served } from './served.js';
// The same tests, served.
import '../wrong-input.test.js';

// Nearly all of what is wrong is told by Node: 15 starts, of the sample that default-set.ts has run, in which dmfd is started 20 times.
served(17);
