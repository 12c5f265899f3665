/** Whether standard input has not ended yet: when it has, the supervisor wants no more. */
let hasEnded = false;
process.stdin.on('end', () => {
  hasEnded = true;
});
process.stdin.resume();

export const goesOn = () => !hasEnded;
