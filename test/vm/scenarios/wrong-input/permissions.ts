import { FINE, type Row, UNUSED } from './row.js';

const nobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups';
const without = (capability: string) => `setpriv --bounding-set -${capability} --inh-caps -${capability}`;

/** In a mount namespace whose /dev has what is listed, and nothing else; what stays in it is printed. */
const inBareDev = (nodes: string, command: string) => `unshare -m sh -c '
  mount -t tmpfs none bare && mkdir bare/mapper && cd bare
  for node in ${nodes}; do cp -a "/dev/$node" "$node"; done
  cd .. && mount --bind bare /dev
  ${command}
  code=$?; ls -d /dev/.dmfd-* /run/.dmfd-* 2>&-; exit $code'`;

const plain = 'null kmsg mapper/control loop-control';
const overDisk = (end: string) => `dmfd create --loop disk.img --table "0 8 linear {loop0} 0" ${end}`;
const privateNode = '-- sh -c "echo {path} \\$DMFD_PATH"';

/** A service has limits of its own. */
const OWN_LIMITS = 'export DMFD_COLD=1;';

export const PERMISSIONS: readonly Row[] = [
  {
    what: 'a user who is not root',
    line: `${nobody} dmfd create ${FINE} ${UNUSED}`,
    says: [/open \/dev\/mapper\/control: EACCES, permission denied/, /hint: dmfd needs root/],
  },
  {
    what: 'a probe by a user who is not root',
    line: `${nobody} dmfd probe`,
    code: 1,
    prints: /create cannot work: open \/dev\/mapper\/control: EACCES.*needs root/,
    says: [/^$/],
  },
  ...[nobody, without('sys_admin'), 'unshare --user --map-root-user'].map((who) => ({
    what: `nothing in a plan that the kernel would have to tell: ${who}`,
    line: `${who} dmfd create theirs --uuid THEIR-UUID ${FINE} --dry-run`,
    code: 0,
    prints: /^0 8 zero\n$/,
    says: [/^$/],
  })),
  {
    what: 'root without CAP_SYS_ADMIN',
    line: `${without('sys_admin')} dmfd create ${FINE} ${UNUSED}`,
    says: [/EACCES|EPERM/, /hint: dmfd needs CAP_SYS_ADMIN in the initial user namespace/],
  },
  {
    what: 'root of a user namespace',
    line: `unshare --user --map-root-user dmfd create ${FINE} ${UNUSED}`,
    says: [/EACCES|EPERM/, /hint: .*initial user namespace/],
  },
  {
    what: 'a /dev without nodes for the devices, and mknod allowed: it works',
    line: inBareDev(plain, overDisk(privateNode)),
    code: 0,
    prints: /^\/proc\/self\/fd\/3 \/proc\/self\/fd\/3\n$/,
    says: [/^$/],
  },
  {
    what: 'a /dev without nodes for the devices, and mknod forbidden',
    line: inBareDev(plain, `${without('mknod')} dmfd create --table "0 8 zero" ${UNUSED}`),
    says: [
      /\/dev has no node for it \(\d+:\d+\), .*EPERM/,
      /hint: mount devtmpfs on \/dev, or allow mknod \(CAP_MKNOD/,
    ],
    kernels: /^debian-/,
  },
  {
    what: 'a /dev without loop devices, and mknod forbidden',
    line: inBareDev(plain, `${without('mknod')} ${overDisk(UNUSED)}`),
    says: [/\/dev\/loop\d+/, /EPERM/, /hint: /],
  },
  {
    what: 'no /dev/mapper/control, and mknod allowed: it works',
    line: inBareDev('null kmsg', 'dmfd create --table "0 8 zero" -- true'),
    code: 0,
    says: [/^$/],
  },
  {
    what: 'no /dev/mapper/control, and mknod forbidden',
    line: inBareDev('null kmsg', `${without('mknod')} dmfd create --table "0 8 zero" ${UNUSED}`),
    says: [
      /\/dev\/mapper\/control does not exist, and a node of our own for it: EPERM/,
      /hint: .*mknod \/dev\/mapper\/control c 10 \d+/,
    ],
  },
  {
    what: 'no /dev/loop-control, and mknod forbidden',
    line: inBareDev('null kmsg mapper/control', `${without('mknod')} ${overDisk(UNUSED)}`),
    says: [/\/dev\/loop-control does not exist/, /hint: .*mknod \/dev\/loop-control c 10 237/],
  },
  {
    what: 'something else in the place of /dev/mapper/control',
    line: inBareDev('null', `cp -a /dev/null /dev/mapper/control; dmfd create --table "0 8 zero" ${UNUSED}`),
    says: [/ENOTTY/, /hint: is \/dev\/mapper\/control the device-mapper control device/],
  },
  {
    what: 'more loop files than descriptors',
    line: `i=0; while [ $i -lt 40 ]; do
      set -- "$@" --loop disk.img --table "$((8 * i)) 8 linear {loop$i} 0"; i=$((i + 1))
    done; ulimit -n 50; ${OWN_LIMITS} dmfd create --shared-loop "$@" ${UNUSED}`,
    says: [/EMFILE, too many open files/],
  },
  {
    what: 'more gaps between open descriptors than there is room to note',
    line: `prlimit --nofile=80000 python3 -c 'import os
for fd in range(10001, 70001, 2): os.dup2(0, fd)
os.execvp("dmfd", ["dmfd", "create", "--table", "0 8 zero", "--", "touch", "ran"])'`,
    says: [
      /^dmfd: noting the open descriptors: Argument list too long\n {2}hint: too many are open for that\n$/,
    ],
  },
  {
    // Since 5.18 the kernel itself puts an empty word there.
    what: 'no word at all, not even a name',
    line: `python3 -c 'import ctypes, shutil
ctypes.CDLL(None).execv(shutil.which("dmfd").encode(), (ctypes.c_char_p * 1)(None))'`,
    says: [/^dmfd: no subcommand was given\n/],
  },
  {
    what: 'no process more than dmfd itself has',
    line: `
      group=/sys/fs/cgroup/dmfd-few-processes; mkdir $group
      sh -c "echo \\$\\$ >$group/cgroup.procs; exec dmfd create ${FINE.replaceAll("'", '\\"')}" >ready & held=$!
      until [ -s ready ]; do sleep 0.1; done
      cat $group/pids.current >$group/pids.max; kill $held; wait $held
      sh -c "echo \\$\\$ >$group/cgroup.procs; ${OWN_LIMITS} exec dmfd create ${FINE.replaceAll("'", '\\"')} ${UNUSED}"
      code=$?; rm ready; rmdir $group; exit $code`,
    says: [/start the shielded section: EAGAIN/, /hint: .*limits on processes/],
  },
];
