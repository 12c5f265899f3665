#!/bin/sh
# Functions for what has to do with the processes that answer launchers.

# One option for strace each.
workers() { pgrep -f '[w]arm.cjs' | sed 's/^/-p /'; }

# Waits until all of them wait in poll(2) for the next launcher: one that was killed before is replaced by then. A debugger that has
# looked leaves the call as restart_syscall(2), 219.
settled() {
  for _ in $(seq 600); do
    waiting=$(for pid in $(pgrep -f '[w]arm.cjs'); do cut -d ' ' -f 1 "/proc/$pid/syscall"; done 2>/dev/null)
    [ "$(echo "$waiting" | grep -cE '^(7|219)$')" -ge 2 ] && ! echo "$waiting" | grep -qvE '^(7|219)$' && return
    sleep 0.1
  done
  return 1
}

# Waits until strace has all of them.
traced() {
  for pid in $(pgrep -f '[w]arm.cjs'); do
    for _ in $(seq 200); do grep -q '^TracerPid:.[1-9]' "/proc/$pid/status" && break; sleep 0.05; done
    grep -q '^TracerPid:.[1-9]' "/proc/$pid/status" || return 1
  done
}
