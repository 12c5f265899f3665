/** The program of a process that answers launchers. */
import { answerLaunchers } from './answer-launchers.js';

void answerLaunchers();
