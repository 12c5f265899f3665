import { served } from './served.js';
// The same tests, served.
import '../wrong-input.test.js';

served(400);
