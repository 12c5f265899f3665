import { served } from './served.js';
// The same tests, served.
import '../wrong-input.test.js';

// Nearly all of what is wrong is told by Node.
served(40);
