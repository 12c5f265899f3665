/** What a process that answers launchers tells the service: that somebody was here, that somebody keeps it waiting, and no longer. */
export const NEWS = { used: 'u', waits: 'w', goesOn: 'g' } as const;

/** Its exit status when another edition of dmfd has been installed. */
export const OUTDATED = 3;
