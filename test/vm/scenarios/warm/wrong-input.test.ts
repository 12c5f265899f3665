import { served } from './served.js';
// The same tests, served.
import '../wrong-input.test.js';

// Nearly all of what is wrong is told by Node: 16 starts, of the sample that make test-all has, in which dmfd is started 21 times.
served(17);
