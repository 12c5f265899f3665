import { served } from './served.js';
// The same tests, served.
import '../recipes.test.js';

served(5);
