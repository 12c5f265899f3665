/** What a process that answers launchers tells the service: that a launcher was served, that one keeps it waiting, and that the wait is over. */
export const NEWS = { used: 'u', waits: 'w', goesOn: 'g' } as const;

/** Its exit status when another edition of dmfd has been installed. */
export const OUTDATED = 3;
