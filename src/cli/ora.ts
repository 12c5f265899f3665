/** ora, as the file beside the bundle that the command reads when it needs one. */
export { default } from 'ora';
